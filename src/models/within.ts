import { KubernautError } from '../domain/errors.js';
import type { Until } from './ladder.js';

/**
 * Ends when the time is over or nobody waits any more, whatever `run` does: not every step of an SDK heeds its signal. Throws
 * ModelUnavailable then. `who` starts the message: "model bedrock/x".
 */
export async function within<T>({ timeoutMs, signal }: Until, who: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const end = { now: (): void => undefined };
  const ended = new Promise<never>((_resolve, reject) => {
    const leave = (why: string) => (): void => {
      reject(new KubernautError('ModelUnavailable', `${who} ${why}`));
      stop.abort();
    };
    const timer = setTimeout(leave('did not answer in time; the analyzers decide alone until it does'), timeoutMs);
    const aborted = leave('was asked for an answer that nobody waits for any more');
    signal?.addEventListener('abort', aborted);
    if (signal?.aborted) aborted();
    end.now = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
  });
  try {
    return await Promise.race([run(stop.signal), ended]);
  } finally {
    end.now();
  }
}
