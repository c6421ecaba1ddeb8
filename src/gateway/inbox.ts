import { aboutWhich, isSettled, type About, type Fate } from '../domain/occurrence.js';
import { durationMs } from '../domain/duration.js';
import { newsOf, type Signal } from '../domain/signal.js';
import { sources } from '../sources/index.js';
import type { GatewayDeps } from './deps.js';
import { grouped } from './grouped.js';

/** How a signal stands once it is in the inbox. */
export interface Entered {
  signal: Signal;
  /** Done: nothing more happens to it. */
  settled?: Fate;
  /** Its end is known, and it came after it. */
  endedAt?: string;
  /** Its start is in the inbox, too. */
  isAheadOfStart?: boolean;
  /** How often it started within `correlation.flapping.within`, before this. */
  starts?: number;
  /** It was there before and may have been handed over by somebody, or be on its way. */
  isRepeat: boolean;
}

interface Found extends About {
  fate?: Fate;
  starts?: number;
}

export type Inbox = (signals: readonly Signal[]) => Promise<Entered[]>;

/**
 * Looks signals up and keeps the new ones: from here on none of them is lost, whatever happens to this process or to
 * Temporal. Signals of many requests share their statements. Throws StoreUnavailable.
 */
export function createInbox({ store, config, now = () => new Date().toISOString() }: Pick<GatewayDeps, 'store' | 'config' | 'now'>): Inbox {
  const flapWithinMs = durationMs(config.correlation.flapping.within);

  async function lookUp(signals: readonly Signal[]): Promise<Found[]> {
    const known = await store.knownOf(signals, flapWithinMs);
    const at = now();
    const found = signals.map((s, i) => ({ ...aboutWhich(s, known[i]!, { now: at, sameStartAfterMs: sameStartAfterMs(s) }), fate: known[i]!.fate, starts: known[i]!.starts }));
    const moved = found.filter((f, i) => f.signal !== signals[i]);
    if (moved.length > 0) {
      const fates = await store.knownOf(moved.map((f) => f.signal), flapWithinMs);
      moved.forEach((f, i) => (f.fate = fates[i]!.fate));
    }
    return found;
  }

  return grouped(async (signals) => {
    const found = await lookUp(signals);
    const seen = new Set<string>();
    const entered = found.map(({ signal, endedAt, isAheadOfStart, fate, starts }): Entered => {
      const key = newsOf(signal);
      const isRepeat = fate?.outcome === 'received' || seen.has(key);
      seen.add(key);
      return { signal, isRepeat, ...(fate && isSettled(signal.status, fate) ? { settled: fate } : {}), ...(endedAt ? { endedAt } : {}), ...(isAheadOfStart ? { isAheadOfStart } : {}), ...(starts ? { starts } : {}) };
    });
    const fresh = entered.filter((e, i) => !found[i]!.fate && !e.isRepeat && !e.endedAt);
    if (fresh.length > 0) await store.enterSignals(fresh.map((e) => e.signal));
    return entered;
  });
}

const sameStartAfterMs = ({ source }: Signal): number | undefined => sources.members.find((s) => s.id === source)?.sameStartAfterMs;
