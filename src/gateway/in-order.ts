import { KubernautError } from '../domain/errors.js';

/** One at a time per key, first come first served; different keys do not wait for each other. */
export type InOrder = <T>(key: string, run: () => Promise<T>) => Promise<T>;

export function createInOrder(): InOrder {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, run) => {
    const before = tails.get(key);
    const mine = before === undefined ? run() : before.then(run, run);
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };
}

/**
 * At most `most` at a time over all callers, first come first served. Where `mostWaiting` wait already, the next is refused
 * with `Overloaded`: it would only use up memory.
 */
export function createLimit(most: number, mostWaiting: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  const turn = async (): Promise<void> => {
    if (running < most) {
      running += 1;
      return;
    }
    if (waiting.length >= mostWaiting) throw new KubernautError('Overloaded', { message: 'more signals than can be handed over; send it again in a moment', retryAfterMs: 5000 });
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return async (run) => {
    await turn();
    try {
      return await run();
    } finally {
      // The place goes to the next in line without becoming free in between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** Runs over all items, at most `most` at a time, in order; the first failure stops what has not begun and is thrown. */
export async function forEachLimited<T>(items: readonly T[], most: number, run: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let failure: { error: unknown } | undefined;
  const worker = async () => {
    while (next < items.length && !failure) {
      try {
        await run(items[next++]!);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  if (failure) throw failure.error;
}
