import type { Evidence } from '../domain/evidence.js';
import { conditionOf, isNodeReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { nameOf, onNode, targetOf } from './reading/proposals.js';
import { livePodsOf, workloadsInScope } from './reading/scene.js';

const PRESSURES = ['DiskPressure', 'MemoryPressure', 'PIDPressure', 'NetworkUnavailable'];
const OURS = 'kubernaut.io/cordoned-by';

/**
 * Nodes in trouble, as the target itself or under the pods of the target. A node that does not answer is fenced by a
 * cordon and never drained: evictions hang on it (actions.md 2.9). Its pods are moved by the node controller.
 */
export const nodeTrouble = defineAnalyzer({
  id: 'node_trouble',
  summary: 'A node is not Ready, under pressure, or was cordoned and forgotten.',
  looksAt: ['nodes', 'pods'],
  diagnose: (evidence, world) => nodesInScope(evidence, world).flatMap((node) => findingsOf(node, evidence, world)),
});

function nodesInScope(evidence: Evidence, world: World): KubeObject[] {
  if (evidence.object?.kind === 'Node') return [world.get('Node', undefined, evidence.object.metadata.name) ?? evidence.object];
  const names = new Set(
    workloadsInScope(evidence, world)
      .flatMap((w) => livePodsOf(world, w))
      .filter((p) => conditionOf(p, 'Ready')?.status !== 'True')
      .map((p) => p.spec?.nodeName),
  );
  return world.list('Node').filter((n) => names.has(n.metadata.name) && !isNodeReady(n));
}

function findingsOf(node: KubeObject, evidence: Evidence, world: World): Finding[] {
  const isUnschedulable = node.spec?.unschedulable === true;
  const ready = conditionOf(node, 'Ready');
  const pressures = PRESSURES.filter((type) => conditionOf(node, type)?.status === 'True');
  if (ready?.status !== 'True') return [notReady(node, ready, isUnschedulable, world)];
  if (pressures.length > 0) return [underPressure(node, pressures, isUnschedulable)];
  return isUnschedulable && evidence.object?.kind === 'Node' ? [cordoned(node)] : [];
}

function notReady(node: KubeObject, ready: ReturnType<typeof conditionOf>, isUnschedulable: boolean, world: World): Finding {
  const others = world.list('Node').filter((n) => n !== node && isNodeReady(n) && !n.spec?.unschedulable).length;
  const { status = 'absent', reason = 'no status', message = '' } = ready ?? {};
  const evidence = [cut(`Ready=${status} ${reason}: ${message}`), `${others} other nodes are Ready and schedulable`];
  const finding = { analyzer: 'node_trouble', cause: 'node.not_ready', target: targetOf(node), evidence };
  if (isUnschedulable || others === 0) {
    const why = isUnschedulable ? 'it is cordoned already' : 'it is the last schedulable node';
    return { ...finding, summary: `${nameOf(node)} is not Ready; ${why}`, confidence: 0.9, proposals: [], conclusion: 'needs_person', edit: `kubectl describe node ${node.metadata.name}` };
  }
  return {
    ...finding,
    summary: `${nameOf(node)} is not Ready (${reason}); keep new pods away from it`,
    confidence: 0.93,
    proposals: [onNode('cordon_node', node, 0.93, `not Ready: ${reason}`)],
  };
}

function underPressure(node: KubeObject, pressures: string[], isUnschedulable: boolean): Finding {
  const finding = {
    analyzer: 'node_trouble',
    cause: `node.pressure`,
    summary: `${nameOf(node)} reports ${pressures.join(', ')}`,
    target: targetOf(node),
    evidence: pressures.map((type) => cut(`${type}=True ${conditionOf(node, type)?.message ?? ''}`)),
    confidence: 0.85,
  };
  if (isUnschedulable) return { ...finding, proposals: [], conclusion: 'needs_person', edit: `kubectl describe node ${node.metadata.name}` };
  return { ...finding, proposals: [onNode('cordon_node', node, 0.85, `it reports ${pressures.join(', ')}`)] };
}

/** Ours is ours to lift; a person's cordon is never undone by us (actions.md 2.11). */
function cordoned(node: KubeObject): Finding {
  const isOurs = node.metadata.annotations?.[OURS] !== undefined;
  const finding = {
    analyzer: 'node_trouble',
    cause: isOurs ? 'node.cordon_ours' : 'node.cordon_foreign',
    target: targetOf(node),
    evidence: ['Ready=True, no pressure', `spec.unschedulable=true, ${OURS} ${isOurs ? 'present' : 'absent'}`],
    confidence: 0.9,
  };
  return isOurs
    ? { ...finding, summary: `${nameOf(node)} is healthy again and still cordoned by us`, proposals: [onNode('uncordon_node', node, 0.9, 'our cordon outlived its cause')] }
    : { ...finding, summary: `${nameOf(node)} is healthy but cordoned by a person`, proposals: [], conclusion: 'needs_person', edit: `kubectl uncordon ${node.metadata.name}` };
}
