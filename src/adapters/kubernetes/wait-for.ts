import type { World } from '../../domain/kube.js';
import type { WatchCache } from './watch-cache.js';

/** Looks at once, then after every change of the cache. No polling: whoever needs a deadline aborts the signal. */
export function waitForWorld<T>(cache: WatchCache, isDone: (world: World) => T | undefined, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let unsubscribe = () => {};
    const settle = (act: () => void) => {
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    const look = (world: World) => {
      try {
        const result = isDone(world);
        if (result !== undefined) settle(() => resolve(result));
      } catch (error) {
        settle(() => reject(error));
      }
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    unsubscribe = cache.subscribe(look);
    look(cache.index);
  });
}
