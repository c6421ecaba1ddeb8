import type { Logger } from '../adapters/telemetry/logger.js';

const MOST_WAITING = 10_000;

/**
 * Writes that come after Temporal acknowledged a signal: their failure must not refuse the alert, since it is safe already.
 * They are repeated in the background until they succeed; what is lost with the process is absorbed by the workflow.
 */
export function createKeepTrying(logger: Logger, everyMs = 1000) {
  const waiting: { what: string; write: () => Promise<void> }[] = [];
  let timer: NodeJS.Timeout | undefined;

  const again = async () => {
    timer = undefined;
    while (waiting.length > 0) {
      try {
        await waiting[0]!.write();
        waiting.shift();
      } catch {
        timer = setTimeout(() => void again(), everyMs).unref();
        return;
      }
    }
  };

  return {
    async write(what: string, write: () => Promise<void>): Promise<void> {
      try {
        await write();
      } catch (error) {
        logger.warn({ err: error, waiting: waiting.length }, `${what} will be written when the store answers again`);
        if (waiting.length >= MOST_WAITING) waiting.shift();
        waiting.push({ what, write });
        timer ??= setTimeout(() => void again(), everyMs).unref();
      }
    },
    /** Writes that still wait. */
    pending: () => waiting.length,
    stop: () => clearTimeout(timer),
  };
}
export type KeepTrying = ReturnType<typeof createKeepTrying>;
