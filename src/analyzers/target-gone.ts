import { describeTarget } from '../domain/target.js';
import { defineAnalyzer } from './define.js';

/** Things whose absence is itself the trouble; a workload, pod or node that is gone cannot be in any. */
const NEEDED = ['Service', 'ConfigMap', 'Secret', 'PersistentVolumeClaim', 'Namespace'];

/** The object that the alert names does not exist (any more). */
export const targetGone = defineAnalyzer({
  id: 'target_gone',
  summary: 'The target was deleted.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'pods', 'nodes'],
  diagnose(evidence) {
    const { target } = evidence;
    const isGoing = evidence.object?.metadata.deletionTimestamp !== undefined;
    if (evidence.object && !isGoing) return [];
    // that the target itself is not there is what this is about, and no gap
    const gap = evidence.missing.find((m) => m.what !== describeTarget(target) && (m.what.startsWith('cluster ') || m.what === `${target.kind}s`));
    const base = { analyzer: 'target_gone', target: { apiVersion: target.apiVersion, kind: target.kind, namespace: target.namespace, name: target.name, uid: target.uid }, proposals: [] };
    if (!evidence.object && gap) {
      return [{ ...base, cause: 'evidence_missing', summary: `${describeTarget(target)} was not found, but ${gap.what} could not be read: ${gap.why}`, evidence: [gap.why], confidence: 0.5, conclusion: 'inconclusive' as const }];
    }
    if (NEEDED.includes(target.kind)) {
      return [{ ...base, cause: 'target.deleted', summary: `${describeTarget(target)} does not exist; a person must restore it or silence its alert`, evidence: ['no such object'], confidence: 0.85, conclusion: 'needs_person' as const }];
    }
    return [{ ...base, cause: isGoing ? 'target.deleting' : 'target.deleted', summary: `${describeTarget(target)} ${isGoing ? 'is being deleted' : 'does not exist any more'}: nothing is left to remedy`, evidence: [isGoing ? 'deletionTimestamp is set' : 'no such object'], confidence: 0.9, conclusion: 'no_action_needed' as const }];
  },
});
