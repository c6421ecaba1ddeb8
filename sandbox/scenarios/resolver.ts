import type { Pod, Workload } from '../simulator/kube-types.js';
import { isPodReady } from '../simulator/reachability.js';
import type { ClusterView } from '../simulator/world.js';
import { isActive } from '../ticker/judge.js';
import type { SentAlert } from './alerts.js';
import { resolveAfterMs, type Scenario } from './scenario.js';

/** A blink of health between two looks resolves nothing (as in the ticker). */
const STEADY_MS = 1500;

const isUnready = (pod: Pod): boolean => pod.status?.phase !== 'Succeeded' && !pod.metadata.deletionTimestamp && !isPodReady(pod);
const isShort = (one: Workload, field: 'availableReplicas' | 'readyReplicas'): boolean => Number(one.status?.[field] ?? 0) < (one.spec.replicas ?? 1);

/** Is anything in the namespace not Ready? For alerts whose rule the ticker does not know. */
function hasTrouble(view: ClusterView, labels: Record<string, string>): boolean {
  const { namespace, node } = labels;
  if (namespace === undefined && node !== undefined) {
    return view.get('Node', undefined, node)?.status?.conditions?.find((c) => c.type === 'Ready')?.status !== 'True';
  }
  return (
    view.list('Pod', namespace).some(isUnready) ||
    view.list('Deployment', namespace).some((d) => isShort(d, 'availableReplicas')) ||
    view.list('StatefulSet', namespace).some((s) => isShort(s, 'readyReplicas'))
  );
}

export interface Resolver {
  /** The alerts that have just resolved; each is returned once. */
  due(nowMs: number): SentAlert[];
}

/**
 * When hand-sent alerts resolve (sandbox.md 4): never, after a while, or, left to itself, when the ticker's rule of that
 * name turns from true to false for the labelled object; without such a rule when the namespace recovered as a whole.
 */
export function resolverOf(alerts: readonly SentAlert[], scenario: Pick<Scenario, 'resolve'>, view: ClusterView, sentAtMs: number): Resolver {
  const after = resolveAfterMs(scenario);
  const open = new Map(alerts.filter((a) => a.status === 'firing').map((a) => [a, { wasActive: false, quietSinceMs: undefined as number | undefined }]));
  const isOver = (alert: SentAlert, memory: { wasActive: boolean; quietSinceMs?: number }, nowMs: number): boolean => {
    if (after === 'never') return false;
    if (after !== undefined) return nowMs - sentAtMs >= after;
    const isOn = isActive(alert.labels['alertname'] ?? '', alert.labels, view, nowMs) ?? hasTrouble(view, alert.labels);
    if (isOn) Object.assign(memory, { wasActive: true, quietSinceMs: undefined });
    else memory.quietSinceMs ??= nowMs;
    return memory.wasActive && memory.quietSinceMs !== undefined && nowMs - memory.quietSinceMs >= STEADY_MS;
  };
  // The fault shows at the moment of the alert; a product that is quick may have mended it before the next look.
  for (const [alert, memory] of open) isOver(alert, memory, sentAtMs);
  return {
    due: (nowMs) => {
      const over = [...open].filter(([alert, memory]) => isOver(alert, memory, nowMs)).map(([alert]) => alert);
      for (const alert of over) open.delete(alert);
      return over;
    },
  };
}
