import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../sandbox/simulator/kube-client.js';
import type { KubeNode, Pod } from '../sandbox/simulator/kube-types.js';

/** More than the 110 of an ordinary node, so that one can be crowded. */
const CAPACITY = { cpu: '64', memory: '256Gi', pods: '300', 'ephemeral-storage': '500Gi' };
const POOL = 'node.kubernetes.io/pool';

export interface Crowd {
  namespace: string;
  /** Deployments, each under a budget of its own. */
  apps: string[];
  replicas: number;
  /** Pods of one Deployment that may be down at once. */
  spare: number;
}

/** Nodes that stand in for each other and for no others, played by the simulator. */
export async function addPool(kube: KubeClient, pool: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', [POOL]: pool };
    await kube.request('POST', '/api/v1/nodes', {
      apiVersion: 'v1', kind: 'Node', metadata: { name, labels, annotations: { 'kwok.x-k8s.io/node': 'fake' } }, status: { capacity: CAPACITY, allocatable: CAPACITY },
    });
  }
  await until(`nodes ${names.join(', ')} are Ready`, async () => {
    const { items } = await kube.request<{ items: KubeNode[] }>('GET', `/api/v1/nodes?labelSelector=${encodeURIComponent(`${POOL}=${pool}`)}`);
    return items.length >= names.length && items.every((n) => n.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'));
  });
}

export const setCordon = (kube: KubeClient, name: string, isCordoned: boolean): Promise<unknown> =>
  kube.request('merge', `/api/v1/nodes/${name}`, { spec: { unschedulable: isCordoned || null } });

/** Deployments with budgets, all of whose pods run on one node of the pool: the others take part only when all are Ready. */
export async function crowd(kube: KubeClient, pool: string, on: { node: string; others: readonly string[] }, { namespace, apps, replicas, spare }: Crowd): Promise<void> {
  for (const name of on.others) await setCordon(kube, name, true);
  await setCordon(kube, on.node, false);
  for (const name of apps) await deploy(kube, pool, { namespace, name, replicas, spare });
  await until(`${apps.length * replicas} pods are Ready on ${on.node}`, async () => {
    const pods = await podsIn(kube, namespace);
    return pods.filter((p) => isReady(p) && p.spec.nodeName === on.node).length === apps.length * replicas && (await budgetsHaveRoom(kube, namespace, apps.length, spare));
  });
  for (const name of on.others) await setCordon(kube, name, false);
}

async function deploy(kube: KubeClient, pool: string, { namespace, name, replicas, spare }: { namespace: string; name: string; replicas: number; spare: number }): Promise<void> {
  await kube.request('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { nodeSelector: { [POOL]: pool }, terminationGracePeriodSeconds: 1, containers: [{ name, image: `crowd/${name}:1` }] },
      },
    },
  });
  await kube.request('POST', `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`, {
    apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec: { minAvailable: replicas - spare, selector: { matchLabels: { app: name } } },
  });
}

async function budgetsHaveRoom(kube: KubeClient, namespace: string, count: number, spare: number): Promise<boolean> {
  const { items } = await kube.request<{ items: { status?: { disruptionsAllowed?: number } }[] }>('GET', `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`);
  return items.length === count && items.every((b) => b.status?.disruptionsAllowed === spare);
}

export const podsIn = async (kube: KubeClient, namespace: string): Promise<Pod[]> => (await kube.request<{ items: Pod[] }>('GET', `/api/v1/namespaces/${namespace}/pods`)).items;

export const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && (status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false);

const PATIENCE_MS = 240_000;

export async function until(what: string, isDone: () => Promise<boolean>, everyMs = 250): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(everyMs)) if (await isDone()) return;
  throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
}
