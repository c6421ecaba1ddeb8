import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, Exit } from './exit.js';
import { remark } from './output.js';

/** A gateway that is restarted is back within seconds; after a minute somebody must look. */
const PATIENCE_MS = 60_000;

export interface Polling {
  intervalMs: number;
  /** Ends the polling without an error. */
  signal?: AbortSignal;
  /** Ends it with exit code 4. */
  timeoutMs?: number;
  about: string;
}

/** Asks until the answer is not undefined. An outage of the gateway is waited out for a minute, and said. */
export async function pollUntil<T>(ask: () => Promise<T | undefined>, { intervalMs, signal, timeoutMs = Infinity, about }: Polling): Promise<T | undefined> {
  const startedMs = Date.now();
  const patiently = throughOutages(ask);
  while (!signal?.aborted) {
    const answer = await patiently();
    if (answer !== undefined) return answer;
    if (Date.now() - startedMs > timeoutMs) throw new Exit(EXIT.timedOut, `${about} is not done after ${Math.round(timeoutMs / 1000)} s; it goes on by itself`);
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
  }
  return undefined;
}

/** No answer counts as "not yet" until it has lasted too long. */
function throughOutages<T>(ask: () => Promise<T | undefined>): () => Promise<T | undefined> {
  let sinceMs: number | undefined;
  return async () => {
    try {
      const answer = await ask();
      sinceMs = undefined;
      return answer;
    } catch (error) {
      if (!isOutage(error) || Date.now() - (sinceMs ?? Date.now()) > PATIENCE_MS) throw error;
      if (sinceMs === undefined) remark(`${error.message}; trying again for a minute`);
      sinceMs ??= Date.now();
      return undefined;
    }
  };
}

const isOutage = (error: unknown): error is Exit => error instanceof Exit && (error.code === EXIT.unreachable || error.code === EXIT.timedOut);
