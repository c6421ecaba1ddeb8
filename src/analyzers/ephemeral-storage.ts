import type { Evidence } from '../domain/evidence.js';
import { isPodReady, podsOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { desiredReplicas } from '../domain/status.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { evictedAt, isOwnDisk, messageOf } from './reading/evictions.js';
import { forPerson, inKubectl } from './reading/person.js';
import { nameOf, rollback, targetOf } from './reading/proposals.js';
import { containersOf, fallbackOf, isOfRevision, revisionOf, rolloutOf } from './reading/rollout.js';
import { secondsBetween, workloadsInScope } from './reading/scene.js';

/** An eviction this long ago, of a workload that is complete again, is over. */
const OVER_AFTER_S = 600;

/** Pods that write more to their node's disk than they may: a rollout that began it is taken back, else the owner decides. */
export const ephemeralStorage = defineAnalyzer({
  id: 'ephemeral_storage',
  summary: 'Pods are evicted because they use more ephemeral storage than their limit.',
  looksAt: ['pods', 'deployments', 'replicasets'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const pods = podsOf(world, workload);
  const evicted = pods.filter((p) => isOwnDisk(p) && isOfNow(p, workload, world)).sort((a, b) => evictedAt(b).localeCompare(evictedAt(a)));
  const last = evicted[0];
  const isComplete = pods.filter(isPodReady).length >= desiredReplicas(workload);
  if (!last || (isComplete && secondsBetween(evictedAt(last), evidence.takenAt) > OVER_AFTER_S)) return [];
  const finding = {
    analyzer: 'ephemeral_storage',
    target: targetOf(workload),
    summary: `${nameOf(workload)}: ${evicted.length} pods were evicted for using more of their node's disk than they may`,
    evidence: [cut(`pod ${last.metadata.name}: ${messageOf(last)}`), ...limitsOf(last)],
  };
  const to = workload.kind === 'Deployment' ? lighterBefore(world, workload, evicted) : undefined;
  if (to) return [{ ...finding, cause: 'bad_rollout.ephemeral_storage', confidence: 0.9, proposals: [rollback(workload, to, 0.9, `no pod of revision ${revisionOf(to)} was evicted for its disk`)] }];
  const container = containersOf(workload).find((c) => c.resources?.limits?.['ephemeral-storage']) ?? containersOf(workload)[0];
  return [
    forPerson({
      ...finding,
      cause: 'ephemeral_storage.limit',
      confidence: 0.9,
      edit: `kubectl set resources ${inKubectl(workload)} -c ${container?.name ?? 'CONTAINER'} --limits=ephemeral-storage=SIZE   # or let it write less: logs to stdout, data to a volume`,
    }),
  ];
}

/** Pods of a revision that was taken back tell nothing of the one that runs. */
const isOfNow = (pod: KubeObject, workload: KubeObject, world: World): boolean => workload.kind !== 'Deployment' || isOfRevision(pod, rolloutOf(world, workload).current);

const limitsOf = (pod: KubeObject): string[] =>
  containersOf(pod).flatMap((c) => (c.resources?.limits?.['ephemeral-storage'] ? [`limit of container ${c.name}: ${c.resources.limits['ephemeral-storage']}`] : []));

/** Only pods of a revision that is still rolling out, and an earlier one with another image or another limit. */
function lighterBefore(world: World, deployment: KubeObject, evicted: readonly KubeObject[]): KubeObject | undefined {
  const rollout = rolloutOf(world, deployment);
  if (!rollout.current || !evicted.every((p) => isOfRevision(p, rollout.current))) return undefined;
  const told = (rs: KubeObject | undefined) => containersOf(rs).map((c) => `${c.image} ${c.resources?.limits?.['ephemeral-storage'] ?? ''}`).join();
  return fallbackOf(rollout, (rs) => told(rs) !== told(rollout.current));
}
