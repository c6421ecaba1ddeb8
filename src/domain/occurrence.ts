import type { Signal } from './signal.js';

/** What became of a signal so far. */
export interface Fate {
  outcome: string;
  workflowId?: string;
  remediationId?: string;
  reason?: string;
}

/** What the store knows of a signal and of the other occurrences of its alert. Times are RFC 3339. */
export interface Known {
  /** Of this occurrence in this status. */
  fate?: Fate;
  /** Of a firing signal: the last end of the alert, and when we heard of it. */
  lastEnd?: { startsAt: string; at: string; seenAt: string };
  /** Of a firing signal: how often the alert started within the time before, other occurrences than this. */
  starts?: number;
  /** Of a resolved signal: the occurrence that it ends, as we know it, and what became of its start; this very one first. */
  open?: { since: string; outcome: string };
}

export interface About {
  /** Under the start of the occurrence that it is about. */
  signal: Signal;
  /** It fires under a start that is over: the news of it took longer than the news of its end. */
  endedAt?: string;
  /** It ends what lies in the inbox itself. */
  isAheadOfStart?: boolean;
}

/**
 * Which occurrence a signal is about. Deliveries overtake each other, so that a start before a known end is late news; but
 * AlertManager keeps the start of an alert that it held for resolved and that goes on (docs/decisions/0014), so that for
 * sources of that kind it has started again at that end once `sameStartAfterMs` have gone by. An end is that of the
 * occurrence it names, else of the newest one that began before it: some senders say when it ended, not when it began.
 */
export function aboutWhich(signal: Signal, { lastEnd, open }: Known, { now, sameStartAfterMs }: { now: string; sameStartAfterMs?: number }): About {
  if (signal.status === 'resolved') return open ? { signal: startingAt(signal, open.since), isAheadOfStart: open.outcome === 'received' } : { signal };
  if (!lastEnd || !isOver(signal, lastEnd)) return { signal };
  const heardForMs = Date.parse(now) - Date.parse(lastEnd.seenAt);
  if (sameStartAfterMs === undefined || heardForMs < sameStartAfterMs) return { signal, endedAt: lastEnd.at };
  return { signal: startingAt(signal, lastEnd.at) };
}

const isOver = ({ startsAt }: Signal, end: { startsAt: string; at: string }): boolean =>
  Date.parse(end.at) > Date.parse(startsAt) || Date.parse(end.startsAt) === Date.parse(startsAt);

const startingAt = (signal: Signal, startsAt: string): Signal =>
  Date.parse(startsAt) === Date.parse(signal.startsAt) ? signal : { ...signal, startsAt: new Date(startsAt).toISOString() };

/** Nothing more is to be done: a remediation has it, or its end was looked after. Anything else may go another way the next time. */
export const isSettled = (status: Signal['status'], fate: Fate): boolean =>
  fate.remediationId !== undefined || (status === 'resolved' && fate.outcome !== 'received');
