import type { Evidence } from '../domain/evidence.js';
import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { nameOf, raiseMaximum, targetOf } from './reading/proposals.js';
import { autoscalersInScope } from './reading/autoscalers.js';

/** The autoscaler wants more replicas than it may have, and its metrics work. */
export const hpaAtMaximum = defineAnalyzer({
  id: 'hpa_at_maximum',
  summary: 'A HorizontalPodAutoscaler is stuck at its maximum.',
  looksAt: ['horizontalpodautoscalers'],
  diagnose: (evidence, world) => autoscalersInScope(evidence, world).flatMap((hpa) => findingOf(hpa, evidence, world)),
});

function findingOf(hpa: KubeObject, _evidence: Evidence, _world: World): Finding[] {
  const limited = conditionOf(hpa, 'ScalingLimited');
  const isActive = conditionOf(hpa, 'ScalingActive')?.status === 'True';
  if (limited?.status !== 'True' || limited.reason !== 'TooManyReplicas' || !isActive) return [];
  const max: number = hpa.spec?.maxReplicas ?? 1;
  const wanted = desiredOf(hpa);
  const next = Math.max(max + 1, Math.min(wanted ?? Math.ceil(max * 1.5), max * 2), Math.min(Math.ceil(max * 1.5), max + 10));
  const told = wanted === undefined ? '' : `; its metrics ask for ${wanted}`;
  return [
    {
      analyzer: 'hpa_at_maximum',
      cause: 'hpa.at_maximum',
      summary: `${nameOf(hpa)} is held at its maximum of ${max}${told}`,
      target: targetOf(hpa),
      evidence: [`ScalingLimited=True TooManyReplicas`, `current ${hpa.status?.currentReplicas ?? '?'}, maximum ${max}${told}`],
      confidence: 0.92,
      proposals: [raiseMaximum(hpa, Math.min(next, max + 10), 0.92, `held at ${max}${told}`)],
    },
  ];
}

/** What the metrics would ask for without the maximum: current × usage / target, the highest of all metrics. */
function desiredOf(hpa: KubeObject): number | undefined {
  const current = hpa.status?.currentReplicas;
  const wanted = (hpa.spec?.metrics ?? []).flatMap((m: { type: string; resource?: { name: string; target?: { averageUtilization?: number } } }) => {
    const target = m.resource?.target?.averageUtilization;
    const seen = (hpa.status?.currentMetrics ?? []).find(
      (s: { type: string; resource?: { name: string } }) => s.type === m.type && s.resource?.name === m.resource?.name,
    )?.resource?.current?.averageUtilization;
    return target && seen && current ? [Math.ceil((current * seen) / target)] : [];
  });
  return wanted.length > 0 ? Math.max(...wanted) : undefined;
}
