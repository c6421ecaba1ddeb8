import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { kubeClientOf, type KubeClient } from '../../sandbox/simulator/kube-client.js';
import type { Pod, Workload } from '../../sandbox/simulator/kube-types.js';
import { startSimulator, type Simulator } from '../../sandbox/simulator/simulator.js';
import { startTestControlPlane } from './servers.js';

const plurals: Record<string, string> = { NetworkPolicy: 'networkpolicies', StorageClass: 'storageclasses' };
const clusterScoped = new Set(['Namespace', 'Node', 'PersistentVolume', 'StorageClass', 'ClusterRole', 'ClusterRoleBinding']);

export interface TestObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

function pathOf(object: TestObject, namespace: string): string {
  const base = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
  const plural = plurals[object.kind] ?? `${object.kind.toLowerCase()}s`;
  return clusterScoped.has(object.kind) ? `${base}/${plural}/${object.metadata.name}` : `${base}/namespaces/${object.metadata.namespace ?? namespace}/${plural}/${object.metadata.name}`;
}

/** Waits until the probe gives something; its last answer is in the error. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined | false>, timeoutMs = 30_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    await sleep(150);
  }
  throw new Error(`not within ${String(timeoutMs / 1000)} s: ${what}${last instanceof Error ? ` (${last.message})` : ''}`);
}

/** One namespace of a simulated cluster, with the few verbs a test needs. */
export interface Place {
  namespace: string;
  client: KubeClient;
  /** Server-side apply of all documents. */
  apply(yaml: string): Promise<void>;
  /** The image table of this namespace. */
  images(yaml: string): Promise<void>;
  get<T>(kind: string, name: string): Promise<T>;
  patch(kind: string, name: string, body: object, type?: 'merge' | 'strategic', subresource?: string): Promise<void>;
  remove(kind: string, name: string): Promise<void>;
  /** Pods with label app=<name>, those being deleted left out, newest first. */
  pods(app?: string): Promise<Pod[]>;
  deployment(name?: string): Promise<Workload>;
  log(pod: string, previous?: boolean): Promise<string>;
  events(reason: string): Promise<{ message: string; count?: number; involvedObject: { name: string } }[]>;
}

const groups: Record<string, string> = {
  Deployment: 'apps/v1', StatefulSet: 'apps/v1', Job: 'batch/v1', NetworkPolicy: 'networking.k8s.io/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2', StorageClass: 'storage.k8s.io/v1',
};

export function placeOf(client: KubeClient, namespace: string): Place {
  const path = (kind: string, name: string): string => pathOf({ apiVersion: groups[kind] ?? 'v1', kind, metadata: { name } }, namespace);
  const place: Place = {
    namespace,
    client,
    async apply(yaml) {
      for (const document of parseAllDocuments(yaml)) {
        const object = document.toJS() as TestObject | null;
        if (object) await client.request('apply', `${pathOf(object, namespace)}?fieldManager=kubectl&force=true`, object);
      }
    },
    images: (yaml) => client.request('merge', '/api/v1/namespaces/kubernaut-sandbox/configmaps/images', { data: { [`${namespace}.yaml`]: yaml } }),
    get: (kind, name) => client.request('GET', path(kind, name)),
    patch: (kind, name, body, type = 'strategic', subresource) => client.request(type, path(kind, name) + (subresource ? `/${subresource}` : ''), body),
    remove: (kind, name) => client.request('DELETE', path(kind, name)),
    async pods(app = 'app') {
      const { items } = await client.request<{ items: Pod[] }>('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`);
      const alive = items.filter((pod) => !pod.metadata.deletionTimestamp);
      return alive.sort((a, b) => Number(b.metadata.resourceVersion) - Number(a.metadata.resourceVersion));
    },
    deployment: (name = 'app') => place.get<Workload>('Deployment', name),
    log: (pod, previous = false) => client.config.makeApiClient(CoreV1Api).readNamespacedPodLog({ name: pod, namespace, previous }),
    async events(reason) {
      const { items } = await client.request<{ items: { message: string; count?: number; involvedObject: { name: string } }[] }>('GET', `/api/v1/namespaces/${namespace}/events?fieldSelector=reason%3D${reason}`);
      return items;
    },
  };
  return place;
}

export interface SimulatedCluster {
  kubeconfig: string;
  client: KubeClient;
  simulator: Simulator;
  errors: unknown[];
  /** Creates a namespace of its own and waits until pods are admitted there. */
  place(name: string, labels?: Record<string, string>): Promise<Place>;
  stop(): Promise<void>;
}

/** A real control plane with simulated kubelets, for one test file. */
export async function startSimulatedCluster(): Promise<SimulatedCluster> {
  const controlPlane = await startTestControlPlane();
  const errors: unknown[] = [];
  const simulator = await startSimulator({
    kubeconfig: controlPlane.simulatorKubeconfig,
    certFile: join(controlPlane.pkiDir, 'server.crt'),
    keyFile: join(controlPlane.pkiDir, 'server.key'),
    onError: (error) => errors.push(error),
  });
  const client = kubeClientOf(controlPlane.kubeconfig);
  return {
    kubeconfig: controlPlane.kubeconfig,
    client,
    simulator,
    errors,
    async place(name, labels = {}) {
      await client.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
      const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
      await eventually(`the service account of ${name}`, () => client.request<object>('GET', account));
      return placeOf(client, name);
    },
    async stop() {
      await simulator.stop();
      client.close();
      await controlPlane.stop();
    },
  };
}

/** A Deployment `app` of one replica; `container` and `pod` are merged into the template. */
export function deploymentOf(container: object, pod: object = {}, replicas = 1): string {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'app' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'app' } },
      template: { metadata: { labels: { app: 'app' } }, spec: { containers: [{ name: 'main', ...container }], ...pod } },
    },
  });
}

/** Strategic patch of the Deployment's container `main`, and of its pod spec. */
export const templatePatch = (container: object, pod: object = {}): object => ({
  spec: { template: { spec: { containers: [{ name: 'main', ...container }], ...pod } } },
});

export const isReady = (pod: Pod): boolean => pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
