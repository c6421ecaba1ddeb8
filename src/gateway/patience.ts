import { isKubernautError, KubernautError } from '../domain/errors.js';

const RETRY_AFTER_MS = 5000;

/**
 * How long a sender waits for what is safe already. Long enough to hear what became of it; under a burst it hears that it
 * is safe. While Temporal takes nothing it hears that instead, and keeps its own copy.
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

  /** Throws TemporalUnavailable when nothing was handed over lately. */
  function timeIsUp(): void {
    if (isFailing) throw new KubernautError('TemporalUnavailable', { message: 'Temporal takes no signals now; these are in the inbox and go on when it does, send them again to be sure', retryAfterMs: RETRY_AFTER_MS });
  }

  return {
    /** Until it is done or time is up. What fails after that lies in the inbox. */
    async wait(work: Promise<void>): Promise<void> {
      const all = watched(work);
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, withinMs, 'late')));
      try {
        if ((await Promise.race([all, deadline])) === 'late') timeIsUp();
      } finally {
        clearTimeout(timer);
        all.catch(() => undefined);
      }
    },
  };
}
