import type { Evidence } from '../domain/evidence.js';
import { isNodeReady, isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { describeTrouble, troublesOfPod, type Trouble } from './reading/container-trouble.js';
import { forPerson } from './reading/person.js';
import { migrate, nameOf, onNode, targetOf } from './reading/proposals.js';
import { livePodsOf, workloadsInScope } from './reading/scene.js';

const MOVABLE = ['Deployment', 'StatefulSet'];
/** What a node can be the reason of; a missing image or key fails anywhere. */
const OF_NODE = ['crash', 'not_ready', 'start', 'mount', 'liveness'];

/**
 * A node that calls itself Ready and on which pods fail whose siblings of the same template run well elsewhere. Told by two
 * workloads it is sure; then the pods of the target move, and for the node itself new pods are kept away.
 */
export const badNode = defineAnalyzer({
  id: 'bad_node',
  summary: 'Pods fail on one node while their siblings on other nodes are well.',
  looksAt: ['pods', 'nodes', 'deployments', 'statefulsets'],
  diagnose: (evidence, world) => (evidence.object?.kind === 'Node' ? ofNode(evidence.object, evidence, world) : workloadsInScope(evidence, world).flatMap((w) => ofWorkload(w, evidence, world))),
});

/** A pod that merely is not Ready yet says nothing. */
const isOfNode = (t: Trouble): boolean => OF_NODE.includes(t.kind) && (t.kind !== 'not_ready' || t.message !== '');

interface Split {
  node: KubeObject;
  failing: Trouble[];
  well: KubeObject[];
}

/** All failing pods on one node, siblings of the same owner Ready on others. */
function splitOf(workload: KubeObject, evidence: Evidence, world: World): Split | undefined {
  const pods = livePodsOf(world, workload).filter((p) => p.spec?.nodeName);
  const failing = pods.flatMap((p) => troublesOfPod(p, evidence).filter(isOfNode).slice(0, 1));
  const places = new Set(failing.map((t) => t.pod.spec.nodeName as string));
  const node = places.size === 1 ? world.get('Node', undefined, [...places][0]!) : undefined;
  const owners = new Set(failing.map((t) => ownerOf(t.pod)));
  const well = pods.filter((p) => isPodReady(p) && p.spec.nodeName !== node?.metadata.name && owners.has(ownerOf(p)));
  const isNone = pods.some((p) => isPodReady(p) && p.spec.nodeName === node?.metadata.name);
  return node && isNodeReady(node) && well.length > 0 && !isNone ? { node, failing, well } : undefined;
}

const ownerOf = (pod: KubeObject): string | undefined => pod.metadata.ownerReferences?.find((r) => r.controller)?.uid;

/** Other workloads that fail on this node alone. */
function witnesses(node: KubeObject, besides: KubeObject | undefined, evidence: Evidence, world: World): KubeObject[] {
  const tops = new Set(world.list('Pod').filter((p) => p.spec?.nodeName === node.metadata.name && p.metadata.uid).map((p) => world.topOwnerOf(p)));
  return [...tops].filter((o) => o.metadata.uid !== besides?.metadata.uid && splitOf(o, evidence, world)?.node === node);
}

function ofWorkload(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const split = splitOf(workload, evidence, world);
  const others = split ? witnesses(split.node, workload, evidence, world) : [];
  if (!split || (others.length === 0 && split.failing.length < 2)) return [];
  const { node, failing, well } = split;
  const confidence = others.length > 0 ? 0.94 : 0.72;
  const finding = {
    analyzer: 'bad_node',
    cause: 'node.pods_fail',
    summary: `${nameOf(workload)} fails on node ${node.metadata.name} only${others.length > 0 ? `, and so does ${others.map(nameOf).slice(0, 3).join(', ')}` : ''}; elsewhere its pods are Ready`,
    target: targetOf(workload),
    evidence: [...failing.slice(0, 2).map(describeTrouble), `${failing.length} pods fail on ${node.metadata.name}, ${well.length} of the same template are Ready on other nodes`],
    confidence,
  };
  if (!MOVABLE.includes(workload.kind)) return [forPerson({ ...finding, edit: `kubectl cordon ${node.metadata.name}   # then look at its kubelet and runtime` })];
  return [{ ...finding, proposals: [migrate(workload, node.metadata.name, confidence, `its pods fail on node ${node.metadata.name} only`)] }];
}

function ofNode(node: KubeObject, evidence: Evidence, world: World): Finding[] {
  const failing = isNodeReady(node) ? witnesses(world.get('Node', undefined, node.metadata.name) ?? node, undefined, evidence, world) : [];
  if (failing.length < 2) return [];
  const summary = `${nameOf(node)} says it is Ready, and pods of ${failing.length} workloads fail on it alone: ${failing.map(nameOf).slice(0, 4).join(', ')}`;
  const finding = { analyzer: 'bad_node', cause: 'node.pods_fail', summary, target: targetOf(node), evidence: [`failing there and Ready elsewhere: ${failing.length} workloads`], confidence: 0.9 };
  if (node.spec?.unschedulable) return [forPerson({ ...finding, edit: `kubectl drain ${node.metadata.name} --ignore-daemonsets   # then look at its kubelet and runtime` })];
  return [{ ...finding, proposals: [onNode('cordon_node', node, 0.9, 'pods of several workloads fail on it alone')] }];
}
