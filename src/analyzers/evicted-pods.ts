import type { Evidence } from '../domain/evidence.js';
import { conditionOf, podsOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { evictedAt, isForNode, messageOf } from './reading/evictions.js';
import { cleanUp, targetOf } from './reading/proposals.js';
import { secondsBetween, workloadsInScope } from './reading/scene.js';

/** Fewer than this pile up nowhere. */
const MANY = 3;
const OVER_AFTER_S = 600;

/** Records of pods that a node under pressure put off: while the pressure lasts removing them frees the node, later they only lie about. */
export const evictedPods = defineAnalyzer({
  id: 'evicted_pods',
  summary: 'Pods that a node under pressure evicted pile up.',
  looksAt: ['pods', 'nodes', 'namespaces'],
  diagnose: (evidence, world) => findingsIn(evidence, world),
});

function findingsIn(evidence: Evidence, world: World): Finding[] {
  const target = evidence.object;
  const evicted = podsAbout(evidence, world).filter(isForNode).sort((a, b) => evictedAt(b).localeCompare(evictedAt(a)));
  const last = evicted[0];
  if (!target || !last || evicted.length < MANY) return [];
  const pressures = pressuresOf(world.get('Node', undefined, last.spec?.nodeName));
  const summary = `${evicted.length} evicted pods lie in ${last.metadata.namespace}; node ${last.spec?.nodeName} ran out of something`;
  const finding = {
    analyzer: 'evicted_pods',
    target: targetOf(target),
    summary,
    evidence: [cut(`pod ${last.metadata.name}: ${messageOf(last)}`), `newest eviction at ${evictedAt(last)}`],
    edit: `kubectl delete pods -n ${last.metadata.namespace} --field-selector=status.phase=Failed`,
  };
  const confidence = sureOf(target);
  const home = world.get('Namespace', undefined, last.metadata.namespace!);
  if (home && pressures.includes('DiskPressure')) return [{ ...finding, cause: 'evicted_pods.disk_pressure', confidence, proposals: [cleanUp(home, 'finished_pods', confidence, `${summary}, and it is under disk pressure`)] }];
  const isOver = pressures.length === 0 && secondsBetween(evictedAt(last), evidence.takenAt) > OVER_AFTER_S;
  return [{ ...finding, ...(isOver ? LEFT : LASTING), confidence: 0.8, proposals: [] }];
}

const LEFT = { cause: 'evicted_pods.leftovers', conclusion: 'already_resolved' as const };
const LASTING = { cause: 'evicted_pods.pressure', conclusion: 'needs_person' as const };

const pressuresOf = (node: KubeObject | undefined): string[] => ['DiskPressure', 'MemoryPressure', 'PIDPressure'].filter((type) => conditionOf(node, type)?.status === 'True');

/** A node is closed first; elsewhere its full disk is why pods wait. */
const sureOf = (target: KubeObject): number => (target.kind === 'Node' ? 0.82 : 0.91);

function podsAbout(evidence: Evidence, world: World): KubeObject[] {
  const { object } = evidence;
  if (object?.kind === 'Node') return world.list('Pod').filter((p) => p.spec?.nodeName === object.metadata.name);
  if (object?.kind === 'Namespace' || object?.kind === 'ResourceQuota') return world.list('Pod', object.kind === 'Namespace' ? object.metadata.name : object.metadata.namespace);
  return workloadsInScope(evidence, world).flatMap((w) => podsOf(world, w));
}

