import { setTimeout as sleep } from 'node:timers/promises';
import { tolerating, type KubeClient } from '../sandbox/simulator/kube-client.js';
import { inFlight } from './samples.js';

/** One Deployment with a release that cannot start; the fix is a rollback that the rules are sure of. */
export interface App {
  namespace: string;
  name: string;
}

const PER_NAMESPACE = 10;
const IMAGE = 'bench/app:1';
const WRITERS = 8;

export interface Apps {
  all: App[];
  /** Gives these a release with a misspelt command and waits until their new pods fail. */
  break(apps: readonly App[]): Promise<void>;
}

/** `count` healthy Deployments of one replica each, ten per namespace, on nodes that have room for them. */
export async function deployApps(kube: KubeClient, count: number): Promise<Apps> {
  await addNodes(kube, Math.ceil((count * 2) / 300));
  await kube.request('merge', '/api/v1/namespaces/kubernaut-sandbox/configmaps/images', { data: { 'bench.yaml': `images: [{ image: "${IMAGE}", command: [serve] }]` } });
  const all = Array.from({ length: count }, (_, i): App => ({ namespace: `bench-${String(Math.floor(i / PER_NAMESPACE))}`, name: `app-${String(i)}` }));
  const namespaces = [...new Set(all.map((app) => app.namespace))];
  await inFlight(WRITERS, namespaces, (name) => kube.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  await inFlight(WRITERS, all, (app) => created(kube, app));
  await untilAll(kube, all, 'available', (d) => (d.status?.availableReplicas ?? 0) >= 1);
  return {
    all,
    async break(apps) {
      await inFlight(WRITERS, apps, (app) => kube.request('strategic', pathOf(app), releaseOf('sevre')));
      await untilFailing(kube, apps);
    },
  };
}

const pathOf = ({ namespace, name }: App): string => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
const releaseOf = (command: string): object => ({ spec: { template: { spec: { containers: [{ name: 'main', image: IMAGE, command: [command], resources: { requests: { cpu: '1m', memory: '1Mi' } } }] } } } });

async function addNodes(kube: KubeClient, count: number): Promise<void> {
  const capacity = { cpu: '64', memory: '64Gi', pods: '300', 'ephemeral-storage': '100Gi' };
  for (let i = 0; i < count; i++) {
    const name = `bench-${String(i)}`;
    const metadata = { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' }, annotations: { 'kwok.x-k8s.io/node': 'fake' } };
    await kube.request('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata, status: { capacity, allocatable: capacity } });
  }
}

async function created(kube: KubeClient, app: App): Promise<void> {
  const labels = { app: app.name, bench: 'app' };
  const template = { metadata: { labels }, ...(releaseOf('serve') as { spec: { template: object } }).spec.template };
  await kube.request('POST', `/apis/apps/v1/namespaces/${app.namespace}/deployments`, {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: app.name, namespace: app.namespace, labels },
    spec: { replicas: 1, progressDeadlineSeconds: 600, selector: { matchLabels: { app: app.name } }, template },
  });
}

interface Deployed {
  metadata: { namespace: string; name: string };
  status?: { availableReplicas?: number };
}

interface ContainerState {
  terminated?: { reason?: string };
}

interface FailingPod {
  metadata: { namespace: string; labels: Record<string, string> };
  status?: { containerStatuses?: { state?: ContainerState; lastState?: ContainerState }[] };
}

async function untilAll(kube: KubeClient, apps: readonly App[], what: string, isSo: (d: Deployed) => boolean): Promise<void> {
  await until(`${apps.length} deployments are ${what}`, async () => {
    const { items } = await kube.request<{ items: Deployed[] }>('GET', '/apis/apps/v1/deployments?labelSelector=bench%3Dapp&resourceVersion=0');
    const good = new Set(items.filter(isSo).map((d) => `${d.metadata.namespace}/${d.metadata.name}`));
    return apps.every((app) => good.has(`${app.namespace}/${app.name}`));
  });
}

async function untilFailing(kube: KubeClient, apps: readonly App[]): Promise<void> {
  await until(`${apps.length} deployments have a failing pod`, async () => {
    const { items } = await kube.request<{ items: FailingPod[] }>('GET', '/api/v1/pods?labelSelector=bench%3Dapp&resourceVersion=0');
    // It is down, was down a moment ago, or waits to be started again: never all at the same moment.
    const failing = items.filter((p) => p.status?.containerStatuses?.some((c) => c.state?.terminated ?? c.lastState?.terminated));
    const names = new Set(failing.map((p) => `${p.metadata.namespace}/${p.metadata.labels['app']}`));
    return apps.every((app) => names.has(`${app.namespace}/${app.name}`));
  });
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 600_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited ten minutes in vain until ${what}`);
    await sleep(500);
  }
}

/** The floor patches this one: no replicas, so that no controller follows. */
export async function deployFloorTarget(kube: KubeClient): Promise<string> {
  const namespace = 'bench-floor';
  await tolerating([409], kube.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  const labels = { app: 'floor' };
  await kube.request('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'floor', namespace },
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: IMAGE }] } } },
  });
  return pathOf({ namespace, name: 'floor' });
}
