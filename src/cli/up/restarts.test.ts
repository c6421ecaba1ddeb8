import { describe, expect, it } from '@jest/globals';
import { nextRestart } from './restarts.js';

const delays = (times: number[]): (number | undefined)[] => {
  let recent: number[] = [];
  return times.map((at) => {
    const next = nextRestart(recent, at);
    recent = next?.recent ?? recent;
    return next?.delayMs;
  });
};

describe('restarts of the platform', () => {
  it('come at once, then ever later, and end in giving up', () => {
    expect(delays([0, 10, 20, 30, 40, 50])).toEqual([0, 1000, 2000, 4000, 8000, undefined]);
  });

  it('start over when the last ones are long ago', () => {
    expect(delays([0, 10, 200_000])).toEqual([0, 1000, 0]);
  });
});
