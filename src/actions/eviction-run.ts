import type { Change } from '../domain/change.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { World } from '../domain/kube.js';
import type { ExecuteContext } from './define.js';
import { pause } from './pause.js';

/** actions.md 1.6: a budget is asked again this often. */
const STEP_MS = 5000;

export type Eviction = Extract<Change, { op: 'evict' }>;

export const evictionsOf = (changes: readonly Change[]): Eviction[] => changes.filter((c): c is Eviction => c.op === 'evict');

export const nameOfEviction = (e: Eviction): string => `${e.ref.namespace}/${e.ref.name}`;

/** What a heartbeat carries: a later attempt does not evict these again. */
export interface Evicted {
  done: string[];
}

export const evictedBefore = (heartbeat: unknown): string[] =>
  heartbeat !== null && typeof heartbeat === 'object' && Array.isArray((heartbeat as Evicted).done) ? (heartbeat as Evicted).done : [];

/**
 * Evicts one pinned pod and waits until its uid is gone. A budget's 429 is asked again every five seconds until the signal
 * aborts; any other refusal is thrown. Never deletes: a budget that cannot be met must stay visible.
 */
export async function evict(change: Eviction, { cluster, actionId, isDryRun, signal }: ExecuteContext): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await cluster.apply(change, { actionId, isDryRun });
      break;
    } catch (error) {
      if (isGone(error)) return;
      if (!isKubernautError(error, 'PdbBlocked') && !isTerminating(error, change, cluster.world())) throw error;
      await pause(STEP_MS, signal);
    }
  }
  if (!isDryRun) await cluster.waitFor((world) => (world.byUid(change.uid) ? undefined : true), signal);
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
