import { REPLAY_WINDOW_MS } from '../sources/hmac.js';

/** Of SNS, which repeats a message for an hour; longer than any signature is valid. */
const KEPT_MS = Math.max(70 * 60_000, REPLAY_WINDOW_MS);
const MOST = 100_000;

export interface RecentDeliveries {
  has(key: string): boolean;
  /** Only once what it brought is safe: a sender repeats what we refused, signature and all. */
  add(key: string): void;
}

/**
 * What was delivered lately, for senders whose repeats cannot be told by fingerprint and start. In this process alone: the
 * store knows every occurrence anyway, so a replay that slips through starts nothing twice.
 */
export function recentDeliveries(nowMs: () => number = Date.now): RecentDeliveries {
  const until = new Map<string, number>();

  function forget(): void {
    for (const [key, end] of until) {
      if (end > nowMs() && until.size <= MOST) return;
      until.delete(key);
    }
  }

  return {
    has: (key) => (until.get(key) ?? 0) > nowMs(),
    add(key) {
      until.delete(key);
      until.set(key, nowMs() + KEPT_MS);
      forget();
    },
  };
}
