import { describe, expect, it } from '@jest/globals';
import { aboutWhich, isSettled, type Known } from './occurrence.js';
import type { Signal } from './signal.js';

const at = (minute: number): string => `2026-03-01T02:${String(minute).padStart(2, '0')}:00.000Z`;

const signal = (status: Signal['status'], start: number): Signal => ({
  source: 'alertmanager', cluster: 'prod', fingerprint: 'f', status, alert: 'A', severity: 'warning', startsAt: at(start), receivedAt: at(start), labels: {}, annotations: {}, hints: [],
});

const ended = (start: number, end: number, seen = end): Known => ({ lastEnd: { startsAt: at(start), at: at(end), seenAt: at(seen) } });

describe('a firing signal', () => {
  it.each([
    { named: 'of an alert that is not known', start: 5, known: {}, startsAt: at(5), endedAt: undefined },
    { named: 'that started after the last end', start: 5, known: ended(1, 3), startsAt: at(5), endedAt: undefined },
    { named: 'that starts at the very moment of the last end', start: 5, known: ended(1, 5), startsAt: at(5), endedAt: undefined },
    { named: 'older than its own end', start: 1, known: ended(1, 3), startsAt: at(1), endedAt: at(3) },
    { named: 'older than the end of a later occurrence', start: 1, known: ended(2, 3), startsAt: at(1), endedAt: at(3) },
    { named: 'with an end that says nothing but its start', start: 1, known: ended(1, 1, 3), startsAt: at(1), endedAt: at(1) },
    { named: 'under the same start a while after its end', start: 1, known: ended(1, 3, 4), now: 5, startsAt: at(3), endedAt: undefined },
  ])('$named', ({ start, known, now = 3, startsAt, endedAt }) => {
    const about = aboutWhich(signal('firing', start), known, { now: at(now), sameStartAfterMs: 60_000 });
    expect([about.signal.startsAt, about.endedAt]).toEqual([startsAt, endedAt]);
  });

  it('under the same start is late for ever where the sender never does that', () => {
    expect(aboutWhich(signal('firing', 1), ended(1, 3), { now: at(59) }).endedAt).toBe(at(3));
  });
});

describe('a resolved signal', () => {
  it.each([
    { named: 'ends the occurrence that is open', known: { open: { since: at(1), outcome: 'started' } }, startsAt: at(1) },
    { named: 'keeps its own start when nothing is open', known: {}, startsAt: at(4) },
  ])('$named', ({ known, startsAt }) => expect(aboutWhich(signal('resolved', 4), known, { now: at(9) }).signal.startsAt).toBe(startsAt));
});

it('knows an end that is ahead of its start', () => {
  const ahead = (outcome: string) => aboutWhich(signal('resolved', 4), { open: { since: at(4), outcome } }, { now: at(9) }).isAheadOfStart;
  expect([ahead('received'), ahead('joined')]).toEqual([true, false]);
});

it.each([
  ['firing', { outcome: 'started', remediationId: 'r-1' }, true],
  ['firing', { outcome: 'suppressed' }, false],
  ['firing', { outcome: 'received' }, false],
  ['resolved', { outcome: 'suppressed' }, true],
  ['resolved', { outcome: 'received' }, false],
] as const)('a %s signal that is %o is settled: %s', (status, fate, expected) => expect(isSettled(status, fate)).toBe(expected));
