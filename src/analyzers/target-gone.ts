import { describeTarget } from '../domain/target.js';
import type { Evidence } from '../domain/evidence.js';
import type { KubeObject } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { secondsBetween } from './reading/scene.js';

/** Things whose absence is itself the trouble; a workload, pod or node that is gone cannot be in any. */
const NEEDED = ['Service', 'ConfigMap', 'Secret', 'PersistentVolumeClaim', 'Namespace'];

/** Longer ago than this, finalizers are not at work, they are in the way. */
const STUCK_S = 600;

/** An object that somebody deleted and that does not go: what set its finalizers is gone itself, or cannot do its part. */
function heldBy({ object, target, takenAt }: Evidence): Finding | undefined {
  const { deletionTimestamp } = object?.metadata ?? {};
  const all = finalizersOf(object);
  if (all.length === 0 || secondsBetween(deletionTimestamp, takenAt) < STUCK_S) return undefined;
  return {
    ...baseOf(target),
    cause: 'target.stuck_deleting',
    summary: `${describeTarget(target)} was deleted at ${deletionTimestamp} and is held by ${all.join(', ')}; a person must see to what set them`,
    evidence: [`deletionTimestamp ${deletionTimestamp}`, `finalizers ${all.join(', ')}`],
    confidence: 0.85,
    conclusion: 'needs_person',
    edit: `kubectl get ${target.kind.toLowerCase()} ${target.name}${target.namespace ? ` -n ${target.namespace}` : ''} -o jsonpath='{.metadata.finalizers} {.status.conditions}'`,
  };
}

const baseOf = ({ apiVersion, kind, namespace, name, uid }: Evidence['target']) => ({ analyzer: 'target_gone', target: { apiVersion, kind, namespace, name, uid }, proposals: [] });

/** A namespace has its own in the spec. */
const finalizersOf = (o: KubeObject | undefined): string[] => [...(o?.metadata.finalizers ?? []), ...((o?.spec?.finalizers as string[] | undefined) ?? [])];

/** The object that the alert names does not exist (any more). */
export const targetGone = defineAnalyzer({
  id: 'target_gone',
  summary: 'The target was deleted.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'pods', 'nodes'],
  diagnose(evidence) {
    const held = heldBy(evidence);
    return held ? [held] : gone(evidence);
  },
});

function gone(evidence: Evidence): Finding[] {
  const { target } = evidence;
  const isGoing = evidence.object?.metadata.deletionTimestamp !== undefined;
  if (evidence.object && !isGoing) return [];
  // that the target itself is not there is what this is about, and no gap
  const gap = evidence.missing.find((m) => m.what !== describeTarget(target) && (m.what.startsWith('cluster ') || m.what === `${target.kind}s`));
  const base = baseOf(target);
  if (!evidence.object && gap) {
    return [{ ...base, cause: 'evidence_missing', summary: `${describeTarget(target)} was not found, but ${gap.what} could not be read: ${gap.why}`, evidence: [gap.why], confidence: 0.5, conclusion: 'inconclusive' as const }];
  }
  if (NEEDED.includes(target.kind)) {
    return [{ ...base, cause: 'target.deleted', summary: `${describeTarget(target)} does not exist; a person must restore it or silence its alert`, evidence: ['no such object'], confidence: 0.85, conclusion: 'needs_person' as const }];
  }
  return [{ ...base, cause: isGoing ? 'target.deleting' : 'target.deleted', summary: `${describeTarget(target)} ${isGoing ? 'is being deleted' : 'does not exist any more'}: nothing is left to remedy`, evidence: [isGoing ? 'deletionTimestamp is set' : 'no such object'], confidence: 0.9, conclusion: 'no_action_needed' as const }];
}
