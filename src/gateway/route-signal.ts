import type { Signal, TargetHint } from '../domain/signal.js';
import { workflowIdOf, type Target } from '../domain/target.js';
import type { GatewayDeps } from './deps.js';

export interface Route {
  workflowId: string;
  target: Target;
}

type RouteDeps = Pick<GatewayDeps, 'store' | 'resolveTarget'>;

/**
 * Whose workflow a signal belongs to. A pod that was replaced is gone when its alert resolves: then the way the alert went
 * when it fired is the way its end goes, too. Undefined when the labels name no object at all.
 */
export async function routeOf(signal: Signal, { store, resolveTarget }: RouteDeps): Promise<Route | undefined> {
  if (signal.status === 'resolved') {
    const earlier = await earlierRoute(signal, store);
    if (earlier) return earlier;
  }
  const found = resolveTarget(signal.hints, signal.cluster);
  if (found) return routeTo({ ...found, cluster: signal.cluster });
  const first = signal.hints[0];
  if (!first) return undefined;
  const earlier = signal.status === 'firing' ? await earlierRoute(signal, store) : undefined;
  return earlier ?? routeTo(targetFrom(first, signal.cluster));
}

const routeTo = (target: Target): Route => ({ workflowId: workflowIdOf(target), target });

async function earlierRoute(signal: Signal, store: GatewayDeps['store']): Promise<Route | undefined> {
  const rows = (await store.signalsOf(signal.fingerprint)).filter((r) => r.signal.cluster === signal.cluster && r.workflowId !== undefined);
  const row = rows.find((r) => Date.parse(r.signal.startsAt) === Date.parse(signal.startsAt)) ?? rows[0];
  if (!row) return undefined;
  const target = (await store.latestOf(row.workflowId!))?.target;
  return target && { workflowId: row.workflowId!, target };
}

/** Nothing of that name is in the cache: the remediation will say so, and a person hears of it. */
const targetFrom = (hint: TargetHint, cluster: string): Target => ({
  cluster,
  apiVersion: hint.apiVersion ?? 'v1',
  kind: hint.kind,
  ...(hint.namespace ? { namespace: hint.namespace } : {}),
  name: hint.name,
});
