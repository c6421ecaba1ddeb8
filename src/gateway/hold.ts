import type { SignalRow, Store } from '../domain/ports.js';
import { formatDuration } from '../domain/duration.js';
import { actedOn, endedBecause, type Judgement } from '../domain/filter.js';
import type { Signal } from '../domain/signal.js';

/** A label of `signals_suppressed_total`. */
export type HeldBy = 'filter_drop' | 'filter_suppress' | 'filter_count';

export interface Held {
  row: SignalRow;
  by: HeldBy;
}

/**
 * Does a filter rule keep this signal from going on? Its row is in the store by then: it is the only trace of the signal.
 * Throws StoreUnavailable.
 */
export async function holdBack(judgement: Judgement, store: Store): Promise<Held | undefined> {
  const held = heldBy(judgement);
  if (!held) return undefined;
  await store.recordSignal(held.row);
  if (judgement.signal.status === 'resolved') return (await wentOn(judgement.signal, store)) ? undefined : held;
  return judgement.end || !(await isEnough(judgement, held, store)) ? held : undefined;
}

function heldBy(judgement: Judgement): Held | undefined {
  const { signal, end, atLeast } = judgement;
  const row = { signal, outcome: 'suppressed' as const, rules: actedOn(judgement) };
  if (end) return { row: { ...row, reason: endedBecause(end) }, by: end.suppress ? 'filter_suppress' : 'filter_drop' };
  if (!atLeast) return undefined;
  const { rule, count, withinMs } = atLeast;
  return { row: { ...row, reason: `filter rule ${rule.name} waits until ${count} start within ${formatDuration(withinMs)}` }, by: 'filter_count' };
}

/**
 * A remediation hears of the end of what it was started for, whatever the rules say by now. Its own row stands in the store
 * before this is asked: whoever releases the firing signal meanwhile finds it there.
 */
async function wentOn(resolved: Signal, store: Store): Promise<boolean> {
  const { cluster, fingerprint, startsAt } = resolved;
  const fired = await store.findSignal({ cluster, fingerprint, startsAt, status: 'firing' });
  return fired?.outcome !== 'suppressed' || fired.remediationId !== undefined;
}

/** Its row stands in the store before it is counted: whoever counts it finds it among the held. */
async function isEnough({ signal, atLeast }: Judgement, held: Held, store: Store): Promise<boolean> {
  const { rule, key, withinMs, count } = atLeast!;
  const reached = await store.countForRule({ rule: rule.name, key, withinMs }, signal);
  if (reached >= count) return true;
  held.row.reason = `filter rule ${rule.name} waits: ${reached} of ${count} started within ${formatDuration(withinMs)}`;
  await store.recordSignal(held.row);
  return false;
}

/** What the same rule held before this signal made it enough, the signal itself left out. */
export async function othersHeld({ signal, atLeast }: Judgement, store: Store): Promise<Signal[]> {
  if (!atLeast || signal.status === 'resolved') return [];
  const { rule, key, withinMs } = atLeast;
  const held = await store.heldByRule({ rule: rule.name, key, withinMs }, signal);
  return held.filter((s) => s.fingerprint !== signal.fingerprint || s.cluster !== signal.cluster || Date.parse(s.startsAt) !== Date.parse(signal.startsAt));
}
