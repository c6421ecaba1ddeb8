import type { Evidence } from '../../domain/evidence.js';
import { selects, type KubeObject, type World } from '../../domain/kube.js';
import { eventsOf } from './container-trouble.js';
import { isScaledBy } from './autoscalers.js';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export interface IntendedReplicas {
  /** What somebody wrote down as wanted: the applied manifest, an autoscaler's minimum, a disruption budget. */
  declared?: number;
  by?: string;
  /** What it last ran with, from the controller's own events: known, but not a wish. */
  seen?: number;
}

export function intendedReplicas(workload: KubeObject, world: World, evidence: Evidence): IntendedReplicas {
  const candidates: { count: number; by: string }[] = [
    ...applied(workload),
    ...world
      .list('HorizontalPodAutoscaler', workload.metadata.namespace)
      .filter((h) => isScaledBy(workload, h))
      .map((h) => ({ count: h.spec?.minReplicas ?? 1, by: `HorizontalPodAutoscaler ${h.metadata.name}` })),
    ...budgetNeed(workload, world),
  ];
  const best = candidates.sort((a, b) => b.count - a.count)[0];
  return { ...(best ? { declared: best.count, by: best.by } : {}), seen: seenBefore(workload, evidence) };
}

function applied(workload: KubeObject): { count: number; by: string }[] {
  const text = workload.metadata.annotations?.[LAST_APPLIED];
  try {
    const count: unknown = text === undefined ? undefined : JSON.parse(text)?.spec?.replicas;
    return typeof count === 'number' ? [{ count, by: 'the manifest last applied' }] : [];
  } catch {
    // an annotation that anybody may write need not be JSON: then it says nothing
    return [];
  }
}

export function budgetNeed(workload: KubeObject, world: World): { count: number; by: string }[] {
  return world
    .list('PodDisruptionBudget', workload.metadata.namespace)
    .filter((b) => typeof b.spec?.minAvailable === 'number' && selects(b.spec?.selector, workload.spec?.template?.metadata?.labels))
    .map((b) => ({ count: b.spec.minAvailable as number, by: `PodDisruptionBudget ${b.metadata.name}` }));
}

/** `Scaled down replica set web-5d from 2 to 0`, `… to 0 from 2`, `delete Pod web-1 in StatefulSet web successful`. */
function seenBefore(workload: KubeObject, evidence: Evidence): number | undefined {
  for (const event of eventsOf(workload, evidence.events).reverse()) {
    const found = /Scaled down replica set \S+ (?:from (\d+) to \d+|to \d+ from (\d+))/.exec(event.message);
    if (found) return Number(found[1] ?? found[2]);
  }
  return undefined;
}
