import type { Change } from '../domain/change.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { World } from '../domain/kube.js';
import type { ExecuteContext } from './define.js';
import { pause } from './pause.js';

const AT_ONCE = 5;
const STEP_MS = 5000;

/** What a heartbeat carries: a later attempt does not evict these again. */
interface Done {
  done: string[];
}

type Eviction = Extract<Change, { op: 'evict' }>;

/**
 * Cordon, then evict the pinned pods, at most five at once, each until its uid is gone. A budget's 429 is asked again
 * every five seconds until the deadline; any other refusal stops the drain and leaves the node cordoned.
 * Never deletes: a budget that cannot be met must stay visible.
 */
export async function drain(changes: readonly Change[], context: ExecuteContext): Promise<void> {
  const { cluster, actionId, isDryRun } = context;
  for (const change of changes.filter((c) => c.op !== 'evict')) await cluster.apply(change, { actionId, isDryRun });
  const done = new Set(doneBefore(context.lastHeartbeat));
  const queue = changes.filter((c): c is Eviction => c.op === 'evict' && !done.has(c.uid));
  const failure = new AbortController();
  const stop = AbortSignal.any([context.signal, failure.signal]);
  const waitingFor = new Set<string>();
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next && !stop.aborted; next = queue.shift()) {
      waitingFor.add(nameOf(next));
      await evict(next, { ...context, signal: stop });
      waitingFor.delete(nameOf(next));
      done.add(next.uid);
      context.heartbeat({ done: [...done] } satisfies Done);
    }
  };
  const lanes = Array.from({ length: AT_ONCE }, () => lane().catch((error: unknown) => failure.abort(error)));
  await Promise.all(lanes);
  if (context.signal.aborted) throw interrupted(context.signal, [...waitingFor], queue.length);
  if (failure.signal.aborted) throw failure.signal.reason;
}

const nameOf = (e: Eviction): string => `${e.ref.namespace}/${e.ref.name}`;

const doneBefore = (heartbeat: unknown): string[] =>
  heartbeat !== null && typeof heartbeat === 'object' && Array.isArray((heartbeat as Done).done) ? (heartbeat as Done).done : [];

async function evict(change: Eviction, { cluster, actionId, isDryRun, signal }: ExecuteContext): Promise<void> {
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

/** A cancellation stays one; a deadline says which pods did not go. */
function interrupted(signal: AbortSignal, waiting: readonly string[], queued: number): unknown {
  if (!isKubernautError(signal.reason, 'ConvergeFailed')) return signal.reason;
  const names = waiting.slice(0, 5).join(', ');
  return new KubernautError('ConvergeFailed', `the drain's deadline passed with ${waiting.length + queued} pods left (${names}); see their disruption budgets`, signal.reason);
}
