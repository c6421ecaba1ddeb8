import type { KubeNode, LabelSelector, Pod } from './kube-types.js';
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

const listOf = (kind: string, items: object[]): object => ({ kind, apiVersion: groupVersion, metadata: {}, items });

function answerNodes(name: string | undefined, selector: LabelSelector, world: World): object | undefined {
  const nodes = name === undefined ? world.list('Node').filter((one) => selectorMatches(selector, one.metadata.labels)) : [world.get('Node', undefined, name)];
  const found = nodes.flatMap((node) => (node ? [nodeMetrics(node, world)] : []));
  return name === undefined ? listOf('NodeMetricsList', found) : found[0];
}

function answerPods(namespace: string | undefined, name: string | undefined, selector: LabelSelector, world: World): object | undefined {
  const pods = name === undefined ? world.list('Pod', namespace).filter((one) => selectorMatches(selector, one.metadata.labels)) : [world.get('Pod', namespace, name)];
  const found = pods.flatMap((pod) => (pod && hasMetrics(pod) ? [podMetrics(pod, world)] : []));
  return name === undefined ? listOf('PodMetricsList', found) : found[0];
}

/** Answers a request below `/apis/metrics.k8s.io/v1beta1`; undefined = no such thing (404). */
export function answerMetrics(url: URL, world: World): object | undefined {
  const parts = url.pathname.replace(`/apis/${groupVersion}`, '').split('/').filter(Boolean);
  const selector = parseSelector(url.searchParams.get('labelSelector') ?? '');
  if (parts.length === 0) return discovery;
  if (parts[0] === 'nodes') return answerNodes(parts[1], selector, world);
  if (parts[0] === 'pods') return answerPods(undefined, undefined, selector, world);
  return parts[0] === 'namespaces' && parts[2] === 'pods' ? answerPods(parts[1], parts[3], selector, world) : undefined;
}
