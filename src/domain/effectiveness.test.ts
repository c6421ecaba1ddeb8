import { describe, expect, it } from '@jest/globals';
import { disposition, judgeEffect, type EffectVerdict, type Observation } from './effectiveness.js';

const seen = (more: Partial<Observation>): Observation => ({
  isReached: true, isConditionGone: true, isAlertFiring: false, hasRefired: false, readyBefore: 1, readyNow: 2, sideEffects: [], evidence: [], ...more,
});

describe('the effect at one horizon', () => {
  const table: [string, Partial<Observation>, EffectVerdict][] = [
    ['condition gone, alert resolved', {}, 'effective'],
    ['condition gone, alert lags behind', { isAlertFiring: true }, 'effective'],
    ['condition stays, nothing better', { isConditionGone: false, readyNow: 1 }, 'ineffective'],
    ['condition stays, more ready', { isConditionGone: false }, 'improving'],
    ['condition stays, fewer ready', { isConditionGone: false, readyNow: 0 }, 'harmful'],
    ['condition stays, others suffer', { isConditionGone: false, sideEffects: ['deployment shop/web: CrashLoopBackOff'] }, 'harmful'],
    ['condition gone, a bystander has its own trouble', { sideEffects: ['deployment shop/web: CrashLoopBackOff'] }, 'effective'],
    ['state cannot show it, alert resolved', { isConditionGone: undefined }, 'effective'],
    ['state cannot show it, alert still fires', { isConditionGone: undefined, isAlertFiring: true, readyNow: 1 }, 'inconclusive'],
    ['nothing could be read, alert resolved', { isReached: undefined, isConditionGone: undefined }, 'inconclusive'],
    ['fired again after a resolve', { hasRefired: true, isAlertFiring: true }, 'ineffective'],
    ['success condition not reached', { isReached: false, readyNow: 1 }, 'ineffective'],
    ['contained, but the cause stays', { isContainment: true, isConditionGone: false, readyNow: 1 }, 'improving'],
  ];
  it.each(table)('%s → %s', (_name, more, verdict) => {
    expect(judgeEffect(seen(more))).toBe(verdict);
  });
});

describe('what follows', () => {
  const table: [EffectVerdict, number, ReturnType<typeof disposition>][] = [
    ['effective', 0, 'keep_watching'],
    ['effective', 2, 'close'],
    ['ineffective', 0, 'keep_watching'],
    ['ineffective', 1, 'compensate'],
    ['harmful', 0, 'compensate'],
    ['improving', 2, 'close'],
    ['inconclusive', 2, 'close'],
  ];
  it.each(table)('%s at horizon %i → %s', (verdict, index, next) => {
    expect(disposition(verdict, index, 3)).toBe(next);
  });

  it('an ineffective action is undone at the only horizon there is', () => {
    expect(disposition('ineffective', 0, 1)).toBe('compensate');
  });
});
