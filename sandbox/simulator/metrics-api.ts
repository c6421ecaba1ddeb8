import type { KubeNode, Pod } from './kube-types.js';
import { parseSelector, selectorMatches } from './selectors.js';
import { podUsage, type Usage } from './usage.js';
import type { World } from './world.js';

const groupVersion = 'metrics.k8s.io/v1beta1';
const verbs = ['get', 'list'];

const quantities = ({ cpuCores, memoryBytes }: Usage): object => ({
  cpu: `${String(Math.round(cpuCores * 1e9))}n`,
  memory: `${String(Math.round(memoryBytes / 1024))}Ki`,
});

// the window is what makes the autoscaler wait after a pod turned Ready: keep it short
const stamp = (): object => ({ timestamp: `${new Date().toISOString().slice(0, 19)}Z`, window: '1s' });

const metadataOf = ({ metadata }: Pod | KubeNode): object => ({
  name: metadata.name,
  ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
  labels: metadata.labels ?? {},
  creationTimestamp: metadata.creationTimestamp,
});

function podMetrics(pod: Pod, world: World): object {
  const containers = podUsage(pod, world).map((one) => ({ name: one.name, usage: quantities(one) }));
  return { kind: 'PodMetrics', apiVersion: groupVersion, metadata: metadataOf(pod), ...stamp(), containers };
}

function nodeMetrics(node: KubeNode, world: World): object {
  const total = { cpuCores: 0.1, memoryBytes: 512 * 2 ** 20 };
  for (const pod of world.list('Pod')) {
    if (pod.spec.nodeName !== node.metadata.name) continue;
    for (const one of podUsage(pod, world)) {
      total.cpuCores += one.cpuCores;
      total.memoryBytes += one.memoryBytes;
    }
  }
  return { kind: 'NodeMetrics', apiVersion: groupVersion, metadata: metadataOf(node), ...stamp(), usage: quantities(total) };
}

const hasMetrics = (pod: Pod): boolean => pod.status?.phase === 'Running' && !pod.metadata.deletionTimestamp;

const discovery = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: [
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs },
  ],
};

/** Answers a request below `/apis/metrics.k8s.io/v1beta1`; undefined = no such thing (404). */
export function answerMetrics(url: URL, world: World): object | undefined {
  const [resource, ...rest] = url.pathname.replace(`/apis/${groupVersion}`, '').split('/').filter(Boolean);
  if (resource === undefined) return discovery;
  const selector = parseSelector(url.searchParams.get('labelSelector') ?? '');
  const list = (kind: string, items: object[]): object => ({ kind, apiVersion: groupVersion, metadata: {}, items });
  if (resource === 'nodes') {
    const node = rest[0] ? world.get('Node', undefined, rest[0]) : undefined;
    if (rest[0]) return node && nodeMetrics(node, world);
    return list('NodeMetricsList', world.list('Node').filter((one) => selectorMatches(selector, one.metadata.labels)).map((one) => nodeMetrics(one, world)));
  }
  const [namespace, name] = resource === 'namespaces' ? [rest[0], rest[2]] : [undefined, undefined];
  if (name) {
    const pod = world.get('Pod', namespace, name);
    return pod && hasMetrics(pod) ? podMetrics(pod, world) : undefined;
  }
  const pods = world.list('Pod', namespace).filter((pod) => hasMetrics(pod) && selectorMatches(selector, pod.metadata.labels));
  return list('PodMetricsList', pods.map((pod) => podMetrics(pod, world)));
}
