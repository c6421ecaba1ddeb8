import { describe, expect, it } from '@jest/globals';
import { circuitBreaker } from './circuit-breaker.js';

function breakerAt() {
  let now = 0;
  const breaker = circuitBreaker({ threshold: 3, openMs: 1000, successes: 2 }, () => now);
  const call = (isGood: boolean): boolean => {
    if (!breaker.enter()) return false;
    (isGood ? breaker.succeeded : breaker.failed)();
    return true;
  };
  return { breaker, call, wait: (ms: number) => void (now += ms) };
}

describe('a circuit breaker', () => {
  it('opens after failures in a row, and a success in between counts them anew', () => {
    const { breaker, call } = breakerAt();
    for (const isGood of [false, false, true, false, false]) call(isGood);
    expect(breaker.state()).toBe('closed');
    call(false);
    expect([breaker.state(), breaker.waitMs(), call(true)]).toEqual(['open', 1000, false]);
  });

  it('lets one call at a time through after its time, and closes after enough successes', () => {
    const { breaker, call, wait } = breakerAt();
    for (let i = 0; i < 3; i++) call(false);
    wait(1000);
    expect([breaker.state(), breaker.enter(), breaker.enter()]).toEqual(['half_open', true, false]);
    breaker.succeeded();
    expect([breaker.state(), call(true), breaker.state()]).toEqual(['half_open', true, 'closed']);
  });

  it('opens again on the first failure while it tries', () => {
    const { breaker, call, wait } = breakerAt();
    for (let i = 0; i < 3; i++) call(false);
    wait(1000);
    call(false);
    expect([breaker.state(), breaker.waitMs()]).toEqual(['open', 1000]);
  });
});
