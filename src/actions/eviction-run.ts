import type { Change } from '../domain/change.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { World } from '../domain/kube.js';
import type { ExecuteContext } from './define.js';
import { NO_MS, type EvictionGate } from './eviction-gate.js';
import { pause } from './pause.js';

export type Eviction = Extract<Change, { op: 'evict' }>;

export const evictionsOf = (changes: readonly Change[]): Eviction[] => changes.filter((c): c is Eviction => c.op === 'evict');

export const nameOfEviction = (e: Eviction): string => `${e.ref.namespace}/${e.ref.name}`;

/** What a heartbeat carries: a later attempt does not evict these again. */
export interface Evicted {
  done: string[];
}

export const evictedBefore = (heartbeat: unknown): string[] =>
  heartbeat !== null && typeof heartbeat === 'object' && Array.isArray((heartbeat as Evicted).done) ? (heartbeat as Evicted).done : [];

/** One pinned pod: waits until its budget has room, evicts it, waits until its uid is gone. */
export async function evict(eviction: Eviction, context: ExecuteContext, gate: EvictionGate): Promise<void> {
  do {
    await untilOpen(context, (world) => gate.admit(world, eviction) || undefined);
  } while (!(await ask(eviction, context, gate)));
  await untilGone(eviction, context, gate);
}

/** By watch, and a look at the cache every now and then: a no also passes with time. */
export async function untilOpen<T>({ cluster, signal }: ExecuteContext, isOpen: (world: World) => T | undefined): Promise<T> {
  for (;;) {
    const again = AbortSignal.timeout(NO_MS);
    try {
      return await cluster.waitFor(isOpen, AbortSignal.any([signal, again]));
    } catch (error) {
      if (signal.aborted || !again.aborted) throw error;
    }
  }
}

/**
 * Asks once for what the gate admitted. False when its budget said no: ask again when the gate is open. Any other refusal is thrown.
 * Never deletes: a budget that cannot be met must stay visible.
 */
export async function ask(eviction: Eviction, { cluster, actionId, isDryRun, signal }: ExecuteContext, gate: EvictionGate): Promise<boolean> {
  signal.throwIfAborted();
  try {
    const { status } = await cluster.apply(eviction, { actionId, isDryRun });
    if (status === 'applied') gate.taken(eviction);
    else gate.leave(eviction);
    return true;
  } catch (error) {
    if (!isKubernautError(error, 'PdbBlocked')) {
      gate.leave(eviction);
      if (isGone(error) || isTerminating(error, eviction, cluster.world())) return true;
      throw error;
    }
    if (!gate.refused(cluster.world(), eviction)) await pause(NO_MS, signal);
    return false;
  }
}

export async function untilGone(eviction: Eviction, { cluster, isDryRun, signal }: ExecuteContext, gate: EvictionGate): Promise<void> {
  if (isDryRun) return;
  await cluster.waitFor((world) => {
    gate.watch(world, eviction);
    return world.byUid(eviction.uid) ? undefined : true;
  }, signal);
}

/** 404 and another uid under the name mean the same: this pod is gone. */
const isGone = (error: unknown): boolean => isKubernautError(error, 'TargetNotFound', 'TargetReplaced');

/** In a namespace that is being deleted nothing can be created, not even an eviction; its pods go by themselves. */
const isTerminating = (error: unknown, { ref }: Eviction, world: World): boolean =>
  isKubernautError(error, 'AdmissionDenied', 'Forbidden') && world.get('Namespace', undefined, ref.namespace ?? '')?.metadata.deletionTimestamp !== undefined;

/** A cancellation stays one; a deadline says what it was waiting for. */
export function interrupted(signal: AbortSignal, what: string): unknown {
  return isKubernautError(signal.reason, 'ConvergeFailed') ? new KubernautError('ConvergeFailed', what, signal.reason) : signal.reason;
}
