import { KubernautError } from '../domain/errors.js';

/** At most so many at the same time; the next ones are told to come again. Each of them holds a connection and a worker. */
export function atOnce(most: number, what: string): <T>(run: () => Promise<T>) => Promise<T> {
  let running = 0;
  return async (run) => {
    if (running >= most) throw new KubernautError('Overloaded', { message: `${running} ${what} are under way, as many as are taken at once; ask again in a moment`, retryAfterMs: 5000 });
    running += 1;
    try {
      return await run();
    } finally {
      running -= 1;
    }
  };
}
