import type { Signal } from './signal.js';

/** An alert that an AlertManager lists. */
export interface ListedAlert {
  signal: Signal;
  /** It is routed to us, and neither silenced nor inhibited. What is not told fires all the same. */
  isTold: boolean;
}

/** What one AlertManager answered; undefined when it could not be asked. */
export type PeerAnswer =
  | {
      alerts: readonly ListedAlert[];
      /** It runs long enough to know everything, and all of its answer could be read: what it does not list is over. */
      knowsAll: boolean;
    }
  | undefined;

export interface Reconciliation {
  /** Fires there and is unknown here. */
  take: Signal[];
  /** Fires here and no longer there, as the resolved signals that say so. */
  resolve: Signal[];
}

interface Compared {
  /** In the order of the addresses. */
  answers: readonly PeerAnswer[];
  /** What was received, and nobody has said the end of. */
  open: readonly Signal[];
  /** RFC 3339, from before the first question. */
  askedAt: string;
  /** Takes alone. */
  takesOnly?: boolean;
}

/** What came so shortly before the question may be too young for the answer: its webhook overtook it. */
const RACE_MS = 60_000;

/**
 * Compares what fires there with what is thought to fire here. Silence is no proof: an alert is over only when everybody
 * could be asked, knows everything, and does not list it. Several AlertManagers may have one occurrence under several
 * starts (each keeps the earliest it was told); the earliest names it.
 */
export function compareAlerts({ answers, open, askedAt, takesOnly = false }: Compared): Reconciliation {
  const listed = earliestOf(answers);
  const isOpen = openStarts(open);
  const take = [...listed.values()].filter(({ signal, isTold }) => isTold && !(isOpen(signal) >= Date.parse(signal.startsAt))).map(({ signal }) => signal);
  if (takesOnly || answers.length === 0 || !answers.every((a) => a?.knowsAll)) return { take, resolve: [] };
  const resolve = open.filter((s) => Date.parse(s.receivedAt) < Date.parse(askedAt) - RACE_MS).flatMap((s) => endOf(s, listed.get(keyOf(s)), askedAt) ?? []);
  return { take, resolve };
}

const keyOf = ({ cluster, fingerprint }: Signal): string => `${cluster}/${fingerprint}`;

/** Per alert the earliest start anybody knows. Who has heard of a silence first is right about it. */
function earliestOf(answers: readonly PeerAnswer[]): Map<string, ListedAlert> {
  const listed = new Map<string, ListedAlert>();
  for (const alert of answers.flatMap((a) => a?.alerts ?? [])) {
    const key = keyOf(alert.signal);
    const other = listed.get(key) ?? alert;
    const signal = Date.parse(alert.signal.startsAt) < Date.parse(other.signal.startsAt) ? alert.signal : other.signal;
    listed.set(key, { signal, isTold: alert.isTold && other.isTold });
  }
  return listed;
}

/** The latest start of an alert that is open here; NaN when none is. */
function openStarts(open: readonly Signal[]): (signal: Signal) => number {
  const latest = new Map<string, number>();
  for (const s of open) latest.set(keyOf(s), Math.max(latest.get(keyOf(s)) ?? -Infinity, Date.parse(s.startsAt)));
  return (signal) => latest.get(keyOf(signal)) ?? Number.NaN;
}

/**
 * The end of an occurrence that nobody lists, or of one that a later occurrence has followed. A later one that is silenced
 * ends nothing: the trouble is there, and nobody wants to hear of it.
 */
function endOf(signal: Signal, there: ListedAlert | undefined, askedAt: string): Signal | undefined {
  const isFollowed = there !== undefined && there.isTold && Date.parse(there.signal.startsAt) > Date.parse(signal.startsAt);
  if (there !== undefined && !isFollowed) return undefined;
  const endsAt = isFollowed && there.signal.startsAt < askedAt ? there.signal.startsAt : askedAt;
  return { ...signal, status: 'resolved', endsAt, receivedAt: askedAt };
}
