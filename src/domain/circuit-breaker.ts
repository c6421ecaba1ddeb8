export type BreakerState = 'closed' | 'open' | 'half_open';

export interface BreakerSettings {
  /** Failures in a row until it opens. */
  threshold: number;
  /** How long nothing is let through once it is open. */
  openMs: number;
  /** Successes, one call at a time, until it closes. */
  successes: number;
}

export interface CircuitBreaker {
  state(): BreakerState;
  /** May a call be made now? One that is let through must be followed by `succeeded`, `failed` or `gaveUp`. */
  enter(): boolean;
  succeeded(): void;
  failed(): void;
  /** The call ended without saying anything about the other side. */
  gaveUp(): void;
  /** Until the next call is let through; 0 when one is. */
  waitMs(): number;
}

/** Opens after failures in a row, tries one call at a time after a while, closes after some successes (product.md 5). */
export function circuitBreaker({ threshold, openMs, successes }: BreakerSettings, nowMs: () => number): CircuitBreaker {
  let failures = 0;
  let good = 0;
  let openedAtMs: number | undefined;
  let isTrying = false;
  const leftMs = (): number => (openedAtMs === undefined ? 0 : Math.max(0, openedAtMs + openMs - nowMs()));
  const state = (): BreakerState => (openedAtMs === undefined ? 'closed' : leftMs() > 0 ? 'open' : 'half_open');
  const open = (): void => {
    openedAtMs = nowMs();
    good = 0;
  };
  return {
    state,
    waitMs: leftMs,
    enter() {
      const now = state();
      if (now === 'open' || (now === 'half_open' && isTrying)) return false;
      isTrying = now === 'half_open';
      return true;
    },
    succeeded() {
      isTrying = false;
      failures = 0;
      if (openedAtMs === undefined) return;
      good += 1;
      if (good >= successes) openedAtMs = undefined;
    },
    gaveUp() {
      isTrying = false;
    },
    failed() {
      isTrying = false;
      failures += 1;
      if (openedAtMs !== undefined || failures >= threshold) open();
    },
  };
}
