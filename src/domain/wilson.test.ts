import { describe, expect, it } from '@jest/globals';
import { wilson } from './wilson.js';

describe('the interval of Wilson', () => {
  // Published: Newcombe 1998 (Statistics in Medicine 17, table I, method 3): 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i of %i is %f to %f, as published', (successes, trials, low, high) => {
    const { atLeast, atMost } = wilson(successes, trials);
    expect(atLeast).toBeCloseTo(low, 4);
    expect(atMost).toBeCloseTo(high, 4);
  });

  it('is everything before anything was tried', () => expect(wilson(0, 0)).toEqual({ atLeast: 0, atMost: 1 }));

  it('is that of the failures, mirrored', () => {
    const [a, b] = [wilson(7, 10), wilson(3, 10)];
    expect(a.atLeast).toBeCloseTo(1 - b.atMost, 12);
    expect(a.atMost).toBeCloseTo(1 - b.atLeast, 12);
  });
});
