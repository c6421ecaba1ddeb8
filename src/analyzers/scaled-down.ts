import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { isScaledBy } from './reading/autoscalers.js';
import { nameOf, scale, targetOf } from './reading/proposals.js';
import { budgetNeed, intendedReplicas, type IntendedReplicas } from './reading/replicas.js';
import { awaitedBy } from './reading/awaited-by.js';
import { livePodsOf, troublesOf, workloadsInScope } from './reading/scene.js';
import { isPodReady } from '../domain/kube.js';

const SCALABLE = ['Deployment', 'StatefulSet'];

/** One step up goes to twice or two more (actions.md 2.1): the rest follows when the first step helped. */
const stepTo = (current: number, wanted: number): number => Math.min(wanted, Math.max(current * 2, current + 2));

/**
 * Too few replicas. Zero is often meant (maintenance, cost): a written wish for more speaks against it, or somebody who
 * visibly waits for it while the controller's own event says how many there were. Else a person decides.
 */
export const scaledDown = defineAnalyzer({
  id: 'scaled_down',
  summary: 'A workload has no replicas, or fewer than its disruption budget needs.',
  looksAt: ['deployments', 'statefulsets', 'horizontalpodautoscalers', 'poddisruptionbudgets', 'events'],
  diagnose: (evidence, world) =>
    workloadsInScope(evidence, world)
      .filter((w) => SCALABLE.includes(w.kind) && !w.spec?.paused)
      .flatMap((w) => (w.spec?.replicas === 0 ? [atZero(w, world, evidence)] : belowBudget(w, world, evidence)))
      .map(withoutStatefulSets),
});

/** A member joins with an empty disk and changes a quorum: for StatefulSets a person scales. */
const withoutStatefulSets = (f: Finding): Finding =>
  f.target.kind !== 'StatefulSet' || f.proposals.length === 0
    ? f
    : { ...f, proposals: [], conclusion: 'needs_person', edit: `kubectl scale statefulset/${f.target.name} -n ${f.target.namespace} --replicas=${String(f.proposals[0]!.parameters['replicas'])}` };

function atZero(workload: KubeObject, world: World, evidence: Evidence): Finding {
  const { declared, by, seen } = wishFor(workload, world, evidence);
  const isAutoscaled = world.list('HorizontalPodAutoscaler', workload.metadata.namespace).some((h) => isScaledBy(workload, h));
  const finding = {
    analyzer: 'scaled_down',
    cause: 'scaled_down.zero',
    target: targetOf(workload),
    evidence: ['spec.replicas is 0', ...(declared ? [`${by} asks for ${declared}`] : []), ...(seen ? [`it last ran with ${seen}`] : [])],
    confidence: 0.9,
  };
  if (declared && declared > 0 && !isAutoscaled && workload.kind === 'Deployment') {
    const replicas = stepTo(0, declared);
    return { ...finding, summary: `${nameOf(workload)} is scaled to zero although ${by} asks for ${declared}`, proposals: [scale(workload, replicas, 0.88, `${by} asks for ${declared}`)] };
  }
  return {
    ...finding,
    summary: `${nameOf(workload)} is scaled to zero and nothing says how many it should have; a person must decide`,
    proposals: [],
    conclusion: 'needs_person',
    edit: `kubectl scale ${workload.kind.toLowerCase()}/${workload.metadata.name} -n ${workload.metadata.namespace} --replicas=${declared ?? seen ?? 1}`,
  };
}

/** What is written down, else what it had when somebody in trouble waits for it. */
function wishFor(workload: KubeObject, world: World, evidence: Evidence): IntendedReplicas {
  const intended = intendedReplicas(workload, world, evidence);
  const waiting = intended.declared || !intended.seen ? undefined : awaitedBy(workload, world, evidence);
  return waiting ? { ...intended, declared: intended.seen, by: `${nameOf(waiting)}, which waits for it,` } : intended;
}

function belowBudget(workload: KubeObject, world: World, evidence: Evidence): Finding[] {
  const current: number = workload.spec?.replicas ?? 1;
  const need = budgetNeed(workload, world).sort((a, b) => b.count - a.count)[0];
  const isWell = troublesOf(world, workload, evidence).length === 0 && livePodsOf(world, workload).filter(isPodReady).length >= current;
  const isAutoscaled = world.list('HorizontalPodAutoscaler', workload.metadata.namespace).some((h) => isScaledBy(workload, h));
  if (!need || need.count <= current || !isWell || isAutoscaled) return [];
  const wanted = workload.kind === 'StatefulSet' ? current + 1 : stepTo(current, need.count);
  return [
    {
      analyzer: 'scaled_down',
      cause: 'scaled_down.below_budget',
      summary: `${nameOf(workload)} has ${current} replicas, all Ready, but ${need.by} needs ${need.count}`,
      target: targetOf(workload),
      evidence: [`spec.replicas is ${current}`, `${need.by} minAvailable ${need.count}`],
      confidence: 0.88,
      proposals: [scale(workload, wanted, 0.88, `${need.by} needs ${need.count} available`)],
    },
  ];
}
