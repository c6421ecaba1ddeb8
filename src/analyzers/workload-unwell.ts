import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { healthOf } from '../domain/health.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble, type Trouble } from './reading/container-trouble.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { rolloutOf } from './reading/rollout.js';
import { livePodsOf, logLinesOf, secondsBetween, troublesOf, workloadsInScope } from './reading/scene.js';

/** A pod younger than this that is not Ready, without any failure, is still starting. */
const STARTING_S = 60;

/**
 * The floor under the other analyzers: something is visibly wrong and none of them knows a typed cure. Weak on
 * purpose, so that every specific finding outranks it.
 */
export const workloadUnwell = defineAnalyzer({
  id: 'workload_unwell',
  summary: 'A workload is not healthy and no specific cause is known; or it is still starting.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'pods', 'events', 'logs'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const troubles = troublesOf(world, workload, evidence);
  const failing = troubles.filter((t) => t.kind !== 'not_ready' || t.message !== '');
  if (failing.length > 0) return [unwell(workload, failing, evidence)];
  const health = healthOf(world, workload);
  if (health.isHealthy || workload.kind === 'Job') return [];
  if (isStarting(workload, evidence, world)) return [starting(workload, health.reasons)];
  return [{ ...unwell(workload, troubles, evidence), cause: 'unwell.not_ready', evidence: [...health.reasons, ...troubles.slice(0, 3).map(describeTrouble)] }];
}

function isStarting(workload: KubeObject, evidence: Evidence, world: World): boolean {
  const pods = livePodsOf(world, workload);
  const isYoung = pods.some((p) => secondsBetween(p.metadata.creationTimestamp, evidence.takenAt) < STARTING_S);
  const isObserved = (workload.status?.observedGeneration ?? 0) >= (workload.metadata.generation ?? 0);
  if (!isObserved || isYoung) return true;
  return workload.kind === 'Deployment' && rolloutOf(world, workload).isMoving;
}

/** A normal rollout in its time is not trouble: look again before judging. */
const starting = (workload: KubeObject, reasons: string[]): Finding => ({
  analyzer: 'workload_unwell',
  cause: 'in_progress',
  summary: `${nameOf(workload)} is still starting or rolling out, without a failure so far`,
  target: targetOf(workload),
  evidence: reasons.slice(0, 4),
  confidence: 0.5,
  proposals: [],
  conclusion: 'inconclusive',
});

function unwell(workload: KubeObject, troubles: Trouble[], evidence: Evidence): Finding {
  const first = troubles[0];
  const lines = first ? logLinesOf(evidence, first.pod, first.container).slice(-2) : [];
  const kind = workload.kind.toLowerCase();
  const undo = ['StatefulSet', 'DaemonSet'].includes(workload.kind) && workload.status?.currentRevision !== workload.status?.updateRevision;
  return {
    analyzer: 'workload_unwell',
    cause: `unwell.${first?.kind ?? 'not_ready'}`,
    summary: `${nameOf(workload)} is not healthy${first ? `: ${first.reason}` : ''}; no action of the catalogue is known to cure it`,
    target: targetOf(workload),
    evidence: [...troubles.slice(0, 3).map(describeTrouble), ...lines.map((l) => cut(`log: ${l}`))],
    confidence: 0.55,
    proposals: [],
    conclusion: 'needs_person',
    edit: undo
      ? `kubectl rollout undo ${kind}/${workload.metadata.name} -n ${workload.metadata.namespace}`
      : `kubectl describe ${kind} ${workload.metadata.name} -n ${workload.metadata.namespace}`,
  };
}
