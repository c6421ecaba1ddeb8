import { conditionOf, type KubeObject } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { nameOf, raiseMaximum, targetOf } from './reading/proposals.js';
import { autoscalersInScope } from './reading/autoscalers.js';

/** The autoscaler wants more replicas than it may have, and its metrics work. */
export const hpaAtMaximum = defineAnalyzer({
  id: 'hpa_at_maximum',
  summary: 'A HorizontalPodAutoscaler is stuck at its maximum.',
  looksAt: ['horizontalpodautoscalers'],
  diagnose: (evidence, world) => autoscalersInScope(evidence, world).flatMap(findingOf),
});

function findingOf(hpa: KubeObject): Finding[] {
  if (!isHeld(hpa)) return [];
  const max: number = hpa.spec?.maxReplicas ?? 1;
  const wanted = desiredOf(hpa);
  const told = wanted === undefined ? '' : `; its metrics ask for ${wanted}`;
  return [
    {
      analyzer: 'hpa_at_maximum',
      cause: 'hpa.at_maximum',
      summary: `${nameOf(hpa)} is held at its maximum of ${max}${told}`,
      target: targetOf(hpa),
      evidence: [`ScalingLimited=True TooManyReplicas`, `current ${hpa.status?.currentReplicas ?? '?'}, maximum ${max}${told}`],
      confidence: 0.92,
      proposals: [raiseMaximum(hpa, nextMaximum(max, wanted), 0.92, `held at ${max}${told}`)],
    },
  ];
}

function isHeld(hpa: KubeObject): boolean {
  const limited = conditionOf(hpa, 'ScalingLimited');
  return limited?.status === 'True' && limited.reason === 'TooManyReplicas' && conditionOf(hpa, 'ScalingActive')?.status === 'True';
}

/** Half as much again, or what the metrics ask for up to double; never more than ten at once. */
function nextMaximum(max: number, wanted: number | undefined): number {
  const half = Math.ceil(max * 1.5);
  return Math.min(max + 10, Math.max(max + 1, half, Math.min(wanted ?? half, max * 2)));
}

interface Metric {
  type: string;
  resource?: { name: string; target?: { averageUtilization?: number }; current?: { averageUtilization?: number } };
}

/** What the metrics would ask for without the maximum: current × usage / target, the highest of all metrics. */
function desiredOf(hpa: KubeObject): number | undefined {
  const current: number = hpa.status?.currentReplicas ?? 0;
  const metrics: Metric[] = hpa.spec?.metrics ?? [];
  const wanted = metrics.flatMap((m) => {
    const target = m.resource?.target?.averageUtilization;
    const seen = usageOf(hpa, m);
    return target && seen && current > 0 ? [Math.ceil((current * seen) / target)] : [];
  });
  return wanted.length > 0 ? Math.max(...wanted) : undefined;
}

function usageOf(hpa: KubeObject, metric: Metric): number | undefined {
  const seen: Metric[] = hpa.status?.currentMetrics ?? [];
  return seen.find((s) => s.type === metric.type && s.resource?.name === metric.resource?.name)?.resource?.current?.averageUtilization;
}
