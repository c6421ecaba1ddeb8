import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { figureOf, worthOf, type Measured } from './measured.js';

const measured = (helped: number, failed = 0, harmed = 0): Measured => ({ action: 'restart_pod', family: 'oom', helped, failed, harmed, lately: { helped, failed, harmed }, lastAt: '2026-01-01T00:00:00.000Z' });

describe('what a record is worth', () => {
  it('is nothing where nothing was measured', () => expect(worthOf(undefined)).toEqual({ shift: 0, isProvenBad: false }));

  it.each([[1, 0, 0], [5, 0, 0], [0, 5, 0], [3, 2, 0], [0, 0, 2], [50, 50, 0]])('is nothing after %i helped, %i did not, %i did harm', (...counts) => {
    expect(worthOf(measured(...counts))).toEqual({ shift: 0, isProvenBad: false });
  });

  it('grows with proof', () => {
    const shifts = [6, 10, 30, 100].map((n) => worthOf(measured(n)).shift);
    expect(shifts.toSorted((a, b) => a - b)).toEqual(shifts);
    expect(shifts[0]).toBeGreaterThan(0);
  });

  it.each([[0, 11, 0], [0, 0, 6], [5, 60, 0]])('ends a candidate after %i helped, %i did not, %i did harm', (...counts) => expect(worthOf(measured(...counts)).isProvenBad).toBe(true));

  const count = fc.double({ min: 0, max: 500, noNaN: true });
  const one = fc.record({ helped: count, failed: count, harmed: count }).map((lately) => ({ ...measured(0), lately }));

  it('is bounded', () => {
    fc.assert(fc.property(one, (m) => {
      const { shift } = worthOf(m);
      expect(shift).toBeGreaterThanOrEqual(-0.1);
      expect(shift).toBeLessThanOrEqual(0.05);
    }));
  });

  it('never falls by one more that helped, and never rises by one more that did not or did harm', () => {
    fc.assert(fc.property(one, (m) => {
      const more = (key: keyof Measured['lately']) => worthOf({ ...m, lately: { ...m.lately, [key]: m.lately[key] + 1 } });
      const now = worthOf(m);
      expect(more('helped').shift).toBeGreaterThanOrEqual(now.shift - 1e-12);
      for (const worse of [more('failed'), more('harmed')]) expect(worse.shift).toBeLessThanOrEqual(now.shift + 1e-12);
      if (now.isProvenBad) expect([more('failed').isProvenBad, more('harmed').isProvenBad]).toEqual([true, true]);
      else expect(more('helped').isProvenBad).toBe(false);
    }));
  });
});

it.each([
  [measured(9, 1), 'helped 9 of 10 times here, at least 60 %'],
  [measured(0, 1), 'helped 0 of 1 time here, at least 0 %'],
  [measured(3, 1, 1), 'helped 3 of 5 times here, did harm 1 time, at least 23 %'],
])('reads as a figure', (m, text) => expect(figureOf(m)).toBe(text));
