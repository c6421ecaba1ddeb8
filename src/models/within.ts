import { KubernautError } from '../domain/errors.js';

/**
 * Ends when the time is over, whatever `run` does: not every step of an SDK heeds its signal. Throws ModelUnavailable then.
 * `who` starts the message: "model bedrock/x".
 */
export async function within<T>(timeoutMs: number, who: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new KubernautError('ModelUnavailable', `${who} did not answer in time; the analyzers decide alone until it does`));
      stop.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([run(stop.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
