import { isKubernautError } from '../domain/errors.js';

/**
 * How long a sender waits for what is safe already. Long enough to hear what became of it; under a burst it hears that it
 * is safe. While Temporal does not take anything it hears that instead, however long it takes to find out.
 */
export function createPatience(withinMs: number) {
  let isFailing = false;

  async function watched(work: Promise<void>): Promise<void> {
    try {
      await work;
      isFailing = false;
    } catch (error) {
      isFailing = isKubernautError(error, 'TemporalUnavailable');
      throw error;
    }
  }

  return {
    /** Until it is done or time is up. What fails after that lies in the inbox. */
    async wait(work: Promise<void>): Promise<void> {
      const all = watched(work);
      if (isFailing) return all;
      let timer: NodeJS.Timeout | undefined;
      const timeIsUp = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
      try {
        await Promise.race([all, timeIsUp]);
      } finally {
        clearTimeout(timer);
        all.catch(() => undefined);
      }
    },
  };
}
