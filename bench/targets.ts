import { setTimeout as sleep } from 'node:timers/promises';
import { tolerating, type KubeClient } from '../sandbox/simulator/kube-client.js';
import { inFlight } from './samples.js';

export interface NamedPod {
  namespace: string;
  pod: string;
}

export interface Workload {
  namespace: string;
  name: string;
  /** As the controllers named them; Pending for ever, since nobody schedules them. */
  pods: string[];
}

const WRITERS = 32;
/** No scheduler answers to this name: no events, no placing, no kubelet. */
const SCHEDULER = 'nobody';
const podSpec = { schedulerName: SCHEDULER, automountServiceAccountToken: false, containers: [{ name: 'main', image: 'bench/app:1' }] };

export async function createNamespaces(kube: KubeClient, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await tolerating([409], kube.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    await until(`the service account of ${name}`, () => kube.request('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`).then(() => true, () => false));
  }
}

/** Pods without an owner: each is a target of its own, and no controller works while we measure. */
export async function createPods(kube: KubeClient, pods: readonly NamedPod[]): Promise<void> {
  await createNamespaces(kube, [...new Set(pods.map((p) => p.namespace))]);
  await inFlight(WRITERS, pods, ({ namespace, pod }) =>
    kube.request('POST', `/api/v1/namespaces/${namespace}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: pod, namespace }, spec: podSpec }),
  );
}

/** Deployments whose pods belong to a ReplicaSet that belongs to the Deployment, as the controllers make them. */
export async function createWorkloads(kube: KubeClient, count: number, replicas: number): Promise<Workload[]> {
  const all = Array.from({ length: count }, (_, i): Workload => ({ namespace: `storm-${Math.floor(i / 10)}`, name: `app-${i}`, pods: [] }));
  await createNamespaces(kube, [...new Set(all.map((w) => w.namespace))]);
  await inFlight(WRITERS, all, ({ namespace, name }) => {
    const labels = { app: name };
    return kube.request('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels },
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
    });
  });
  await until('every pod of every workload is there', async () => {
    const { items } = await kube.request<{ items: { metadata: { name: string; namespace: string; labels?: Record<string, string> } }[] }>('GET', '/api/v1/pods?resourceVersion=0');
    for (const w of all) w.pods = items.filter((p) => p.metadata.namespace === w.namespace && p.metadata.labels?.['app'] === w.name).map((p) => p.metadata.name).sort();
    return all.every((w) => w.pods.length === replicas);
  });
  return all;
}

export async function until(what: string, isSo: () => Promise<boolean>, patienceMs = 300_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs / 1000} s in vain until ${what}`);
    await sleep(100);
  }
}
