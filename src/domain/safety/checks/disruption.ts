import { isPodReady, podsOf, selects, type KubeObject } from '../../kube.js';
import type { Check, SafetyFacts } from '../facts.js';
import { findingsOf } from './finding.js';
import { evictedPods } from './subject.js';

const { deny, ask, info } = findingsOf('disruption');

/** Evicting what a budget protects, or the last Ready replica. A pod that is not Ready serves nobody: its loss is told only. */
export const disruption: Check = (f) => evictedPods(f).flatMap((pod) => [...byBudget(f, pod), ...lastReady(f, pod)]);

function byBudget(f: SafetyFacts, pod: KubeObject) {
  const budget = f.world
    .list('PodDisruptionBudget', pod.metadata.namespace)
    .find((b) => selects(b.spec?.selector, pod.metadata.labels) && (b.status?.disruptionsAllowed ?? 0) === 0);
  if (!budget) return [];
  const message = `PodDisruptionBudget ${budget.metadata.name} allows no disruption of pod ${pod.metadata.name} now`;
  if (!isPodReady(pod)) return isRefused(f, pod, budget) ? deny('disruption_budget', `${message}, Ready or not: a person must decide`) : info('disruption_budget', message);
  // a drain waits for its budgets; it is told up front
  return f.step.action === 'drain_node' ? ask('disruption_budget', message) : deny('disruption_budget', message);
}

/** The API server lets a broken pod go unless it runs and its budget is short of healthy ones (`IfHealthyBudget`, the default). */
function isRefused({ step }: SafetyFacts, pod: KubeObject, { spec, status }: KubeObject): boolean {
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  const isLetGo = pod.status?.phase === 'Pending' || spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow';
  return currentHealthy < desiredHealthy && !isLetGo && step.action === 'restart_pod' && step.changes.some((c) => c.op === 'evict');
}

function lastReady(f: SafetyFacts, pod: KubeObject) {
  if (!isPodReady(pod)) return [];
  const owner = f.world.topOwnerOf(pod);
  const others = owner === pod ? [] : podsOf(f.world, owner).filter((p) => p !== pod && isPodReady(p));
  return others.length === 0 && owner.kind !== 'DaemonSet' ? ask('last_ready_replica', `pod ${pod.metadata.name} is the last Ready one of ${owner.kind.toLowerCase()} ${owner.metadata.name}`) : [];
}
