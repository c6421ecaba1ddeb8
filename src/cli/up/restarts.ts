/** More restarts than this within the window is a loop that no further restart will end. */
const MOST = 5;
const WINDOW_MS = 120_000;

/**
 * When to start the platform again after it ended: at once the first time, then after 1, 2, 4, 8 s. `undefined`: give up.
 * `recent` are the instants of earlier restarts; the answer carries those that still count.
 */
export function nextRestart(recent: readonly number[], nowMs: number): { recent: number[]; delayMs: number } | undefined {
  const counting = recent.filter((at) => nowMs - at < WINDOW_MS);
  if (counting.length >= MOST) return undefined;
  return { recent: [...counting, nowMs], delayMs: counting.length === 0 ? 0 : 500 * 2 ** counting.length };
}
