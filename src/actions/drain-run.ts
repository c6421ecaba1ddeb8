import type { Change } from '../domain/change.js';
import type { ExecuteContext } from './define.js';
import { evictionGate, type EvictionGate } from './eviction-gate.js';
import { ask, evictedBefore, evictionsOf, interrupted, nameOfEviction, untilGone, untilOpen, type Evicted, type Eviction } from './eviction-run.js';

/** Row 2.9, unless the policy says otherwise (`parallel`). */
export const AT_ONCE = 5;

/**
 * Cordon, then evict the pinned pods, so many at once, each until its uid is gone. A pod whose budget has no room lets the
 * others go first; when all have to wait, the next change of a budget in the watch cache goes on. Any other refusal stops the
 * drain and leaves the node cordoned.
 */
export async function drain(changes: readonly Change[], context: ExecuteContext, parallel: number = AT_ONCE): Promise<void> {
  const { cluster, actionId, isDryRun } = context;
  for (const change of changes.filter((c) => c.op !== 'evict')) await cluster.apply(change, { actionId, isDryRun });
  const done = new Set(evictedBefore(context.lastHeartbeat));
  const failure = new AbortController();
  const run: Run = {
    context: { ...context, signal: AbortSignal.any([context.signal, failure.signal]) },
    gate: evictionGate(),
    queue: evictionsOf(changes).filter((c) => !done.has(c.uid)),
    leaving: new Set(),
    done,
  };
  const lanes = Array.from({ length: parallel }, () => lane(run).catch((error: unknown) => failure.abort(error)));
  await Promise.all(lanes);
  const left = [...run.leaving, ...run.queue];
  if (context.signal.aborted) {
    const names = left.slice(0, 5).map(nameOfEviction).join(', ');
    throw interrupted(context.signal, `the drain's deadline passed with ${left.length} pods left (${names}); see their disruption budgets`);
  }
  if (failure.signal.aborted) throw failure.signal.reason;
}

interface Run {
  context: ExecuteContext;
  gate: EvictionGate;
  queue: Eviction[];
  /** Asked for, not gone yet. */
  leaving: Set<Eviction>;
  done: Set<string>;
}

async function lane(run: Run): Promise<void> {
  const { context, gate, queue, leaving, done } = run;
  for (let next = await take(run); next; next = await take(run)) {
    leaving.add(next);
    if (await ask(next, context, gate)) {
      await untilGone(next, context, gate);
      done.add(next.uid);
      context.heartbeat({ done: [...done] } satisfies Evicted);
    } else {
      queue.push(next);
    }
    leaving.delete(next);
  }
}

/** The first pod of the queue whose budget has room, as soon as there is one; undefined when none is left. */
async function take({ context, gate, queue }: Run): Promise<Eviction | undefined> {
  if (queue.length === 0) return undefined;
  const found = await untilOpen(context, (world) => {
    if (queue.length === 0) return { eviction: undefined };
    const at = queue.findIndex((e) => gate.admit(world, e));
    return at < 0 ? undefined : { eviction: queue.splice(at, 1)[0] };
  });
  return found.eviction;
}
