import type { Change } from '../domain/change.js';
import type { ExecuteContext } from './define.js';
import { evict, evictedBefore, evictionsOf, interrupted, nameOfEviction, type Evicted } from './eviction-run.js';

const AT_ONCE = 5;

/**
 * Cordon, then evict the pinned pods, at most five at once, each until its uid is gone. A budget is waited for until the
 * deadline; any other refusal stops the drain and leaves the node cordoned.
 */
export async function drain(changes: readonly Change[], context: ExecuteContext): Promise<void> {
  const { cluster, actionId, isDryRun } = context;
  for (const change of changes.filter((c) => c.op !== 'evict')) await cluster.apply(change, { actionId, isDryRun });
  const done = new Set(evictedBefore(context.lastHeartbeat));
  const queue = evictionsOf(changes).filter((c) => !done.has(c.uid));
  const failure = new AbortController();
  const stop = AbortSignal.any([context.signal, failure.signal]);
  const waitingFor = new Set<string>();
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next && !stop.aborted; next = queue.shift()) {
      waitingFor.add(nameOfEviction(next));
      await evict(next, { ...context, signal: stop });
      waitingFor.delete(nameOfEviction(next));
      done.add(next.uid);
      context.heartbeat({ done: [...done] } satisfies Evicted);
    }
  };
  const lanes = Array.from({ length: AT_ONCE }, () => lane().catch((error: unknown) => failure.abort(error)));
  await Promise.all(lanes);
  if (context.signal.aborted) {
    const names = [...waitingFor].slice(0, 5).join(', ');
    throw interrupted(context.signal, `the drain's deadline passed with ${waitingFor.size + queue.length} pods left (${names}); see their disruption budgets`);
  }
  if (failure.signal.aborted) throw failure.signal.reason;
}
