import type { Evidence } from '../domain/evidence.js';
import { healthOf } from '../domain/health.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { workloadsInScope } from './reading/scene.js';

/** Evidence without which "healthy" would be a guess. */
const ESSENTIAL = /^(pods?|deployments|replicasets|statefulsets|daemonsets|nodes)( of the target)?$|^cluster /i;

/** The target and all that hangs on it is well: an urgent alert alone is no reason to touch it. */
export const healthy = defineAnalyzer({
  id: 'healthy',
  summary: 'The target is healthy: nothing in the state of the cluster bears the alert out.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'pods', 'nodes', 'persistentvolumeclaims', 'horizontalpodautoscalers'],
  diagnose(evidence, world) {
    const target = evidence.object;
    if (!target) return [];
    const looked = [target, ...workloadsInScope(evidence, world)];
    const states = looked.map((o) => ({ o, health: healthOf(world, o) }));
    if (states.some((s) => !s.health.isHealthy)) return [];
    const gap = evidence.missing.find((m) => ESSENTIAL.test(m.what));
    return [gap ? unsure(target, `${gap.what} could not be read: ${gap.why}`) : well(target, evidence, world)];
  },
});

function well(target: KubeObject, evidence: Evidence, world: World): Finding {
  const { ready, desired } = healthOf(world, target);
  const alerts = evidence.problems.filter((p) => p.status === 'firing').map((p) => p.alert);
  return {
    analyzer: 'healthy',
    cause: 'healthy',
    summary: `${nameOf(target)} is healthy${desired === undefined ? '' : ` (${ready}/${desired} Ready)`}; nothing in the cluster's state bears ${alerts.join(', ') || 'the alert'} out`,
    target: targetOf(target),
    evidence: [desired === undefined ? 'no failing condition' : `${ready}/${desired} Ready, nothing waiting, crashing or restarting`],
    confidence: 0.75,
    proposals: [],
    conclusion: 'no_action_needed',
  };
}

const unsure = (target: KubeObject, why: string): Finding => ({
  analyzer: 'healthy',
  cause: 'evidence_missing',
  summary: `${nameOf(target)} looks healthy, but ${why}`,
  target: targetOf(target),
  evidence: [why],
  confidence: 0.5,
  proposals: [],
  conclusion: 'inconclusive',
});
