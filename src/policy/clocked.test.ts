import { describe, expect, it } from '@jest/globals';
import { holdAt, type PolicyWindow, type WindowPlace } from '../domain/policy-window.js';
import { clocked } from './clocked.js';

const PLACE: WindowPlace = { cluster: 'prod', namespace: 'shop-eu', environment: 'prod', action: 'restart_pod', tier: 2 };
const freeze = (more: Partial<PolicyWindow>): PolicyWindow => ({ name: 'f', kind: 'freeze', timezone: 'Europe/Berlin', ...more });
const open = (more: Partial<PolicyWindow>): PolicyWindow => ({ name: 'm', kind: 'maintenance', timezone: 'Europe/Berlin', ...more });
const hold = (windows: PolicyWindow[], now: string, place: Partial<WindowPlace> = {}, overridden: string[] = []) => holdAt(windows.map(clocked), { ...PLACE, ...place }, Date.parse(now), overridden);
const until = (windows: PolicyWindow[], now: string) => {
  const held = hold(windows, now);
  return held ? (held.until ?? 'never') : 'free';
};

describe('until when a write is held', () => {
  it.each<[string, PolicyWindow[], string, string]>([
    ['before a weekend freeze', [freeze({ schedule: '0 22 * * FRI', duration: '56h' })], '2026-11-20T20:59:59.999Z', 'free'],
    ['the very instant it begins', [freeze({ schedule: '0 22 * * FRI', duration: '56h' })], '2026-11-20T21:00:00Z', '2026-11-23T05:00:00.000Z'],
    ['over the end of the week', [freeze({ schedule: '0 22 * * FRI', duration: '56h' })], '2026-11-22T23:30:00Z', '2026-11-23T05:00:00.000Z'],
    ['the very instant it ends', [freeze({ schedule: '0 22 * * FRI', duration: '56h' })], '2026-11-23T05:00:00Z', 'free'],
    ['across midnight', [freeze({ schedule: '0 22 * * *', duration: '8h' })], '2026-11-21T03:00:00Z', '2026-11-21T05:00:00.000Z'],
    ['across new year', [freeze({ schedule: '0 22 31 12 *', duration: '8h' })], '2027-01-01T00:30:00Z', '2027-01-01T05:00:00.000Z'],
    ['Berlin springs forward: 8 h elapse, the wall shows 7:00', [freeze({ schedule: '0 22 * * SAT', duration: '8h' })], '2027-03-27T23:00:00Z', '2027-03-28T05:00:00.000Z'],
    ['Berlin falls back: 8 h elapse, the wall shows 5:00', [freeze({ schedule: '0 22 * * SAT', duration: '8h' })], '2026-10-24T23:00:00Z', '2026-10-25T04:00:00.000Z'],
    ['New York springs forward', [freeze({ timezone: 'America/New_York', schedule: '0 22 * * SAT', duration: '8h' })], '2027-03-14T05:00:00Z', '2027-03-14T11:00:00.000Z'],
    ['New York falls back', [freeze({ timezone: 'America/New_York', schedule: '0 22 * * SAT', duration: '8h' })], '2026-11-01T05:00:00Z', '2026-11-01T10:00:00.000Z'],
    ['an hour that is left out in Berlin begins at the change', [freeze({ schedule: '30 2 * * *', duration: '1h' })], '2027-03-28T01:00:00Z', '2027-03-28T02:00:00.000Z'],
    ['an hour that is left out in New York begins at the change', [freeze({ timezone: 'America/New_York', schedule: '30 2 * * *', duration: '1h' })], '2027-03-14T07:00:00Z', '2027-03-14T08:00:00.000Z'],
    ['an hour that comes twice in Berlin begins at the first', [freeze({ schedule: '30 2 * * *', duration: '30m' })], '2026-10-25T00:45:00Z', '2026-10-25T01:00:00.000Z'],
    ['and not again at the second', [freeze({ schedule: '30 2 * * *', duration: '30m' })], '2026-10-25T01:45:00Z', 'free'],
    ['an hour that comes twice in New York begins at the first', [freeze({ timezone: 'America/New_York', schedule: '30 1 * * *', duration: '30m' })], '2026-11-01T05:45:00Z', '2026-11-01T06:00:00.000Z'],
    ['and there not again either', [freeze({ timezone: 'America/New_York', schedule: '30 1 * * *', duration: '30m' })], '2026-11-01T06:45:00Z', 'free'],
    ['a leap day', [freeze({ timezone: 'UTC', schedule: '0 0 29 2 *', duration: '1d' })], '2028-02-29T12:00:00Z', '2028-03-01T00:00:00.000Z'],
    ['the same day of a common year', [freeze({ timezone: 'UTC', schedule: '0 0 29 2 *', duration: '1d' })], '2027-03-01T00:00:00Z', 'free'],
    ['thirty days', [freeze({ schedule: undefined, timezone: undefined, from: '2026-12-05T00:00:00+01:00', to: '2027-01-04T00:00:00+01:00' })], '2026-12-06T00:00:00Z', '2027-01-03T23:00:00.000Z'],
    ['thirty days as a schedule', [freeze({ schedule: '0 0 5 12 *', duration: '30d' })], '2026-12-20T00:00:00Z', '2027-01-03T23:00:00.000Z'],
    ['two freezes that overlap', [freeze({ schedule: '0 22 * * FRI', duration: '10h' }), freeze({ name: 'g', schedule: '0 6 * * SAT', duration: '10h' })], '2026-11-20T22:00:00Z', '2026-11-21T15:00:00.000Z'],
    ['one that runs into its own next one for ever', [freeze({ schedule: '0 * * * *', duration: '2h' })], '2026-11-20T22:30:00Z', 'never'],
    ['two that touch', [freeze({ timezone: 'UTC', schedule: '0 0 * * *', duration: '6h' }), freeze({ name: 'g', timezone: 'UTC', schedule: '0 6 * * *', duration: '6h' })], '2026-11-20T01:00:00Z', '2026-11-20T12:00:00.000Z'],
    ['outside of maintenance, until it opens', [open({ schedule: '0 2 * * SUN', duration: '4h' })], '2026-11-20T12:00:00Z', '2026-11-22T01:00:00.000Z'],
    ['within maintenance', [open({ schedule: '0 2 * * SUN', duration: '4h' })], '2026-11-22T02:00:00Z', 'free'],
    ['any of two maintenance windows will do', [open({ schedule: '0 2 * * SUN', duration: '4h' }), open({ name: 'n', schedule: '0 2 * * WED', duration: '4h' })], '2026-11-23T12:00:00Z', '2026-11-25T01:00:00.000Z'],
    ['maintenance that opens within a freeze waits for the next', [open({ timezone: 'UTC', schedule: '0 2 * * *', duration: '2h' }), freeze({ timezone: 'UTC', schedule: '0 0 20 11 *', duration: '27h' })], '2026-11-20T12:00:00Z', '2026-11-21T03:00:00.000Z'],
    ['a freeze beats maintenance', [open({ timezone: 'UTC', schedule: '0 2 * * *', duration: '2h' }), freeze({ timezone: 'UTC', schedule: '0 0 20 11 *', duration: '12h' })], '2026-11-20T03:00:00Z', '2026-11-21T02:00:00.000Z'],
    ['maintenance that is over for good', [open({ schedule: undefined, timezone: undefined, to: '2026-01-01T00:00:00Z' })], '2026-11-20T12:00:00Z', 'never'],
    ['a freeze without an end', [freeze({ schedule: undefined, timezone: undefined, from: '2026-01-01T00:00:00Z' })], '2026-11-20T12:00:00Z', 'never'],
  ])('%s', (_what, windows, now, expected) => expect(until(windows, now)).toBe(expected));
});

describe('whom a window concerns', () => {
  const on = { schedule: undefined, timezone: undefined, from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
  const NOW = '2026-01-01T12:00:00Z';
  it.each<[string, Partial<PolicyWindow>, Partial<WindowPlace>, boolean]>([
    ['everything, without selectors', {}, {}, true],
    ['never tier 0', {}, { tier: 0 }, false],
    ['a namespace by glob', { namespaces: ['shop-*'] }, {}, true],
    ['another namespace', { namespaces: ['pay-*'] }, {}, false],
    ['a node has no namespace', { namespaces: ['*'] }, { namespace: undefined }, false],
    ['an environment', { environments: ['prod'] }, {}, true],
    ['what has no environment', { environments: ['prod'] }, { environment: undefined }, false],
    ['an action', { actions: ['restart_*'] }, {}, true],
    ['another tier', { tiers: [3] }, {}, false],
    ['another cluster', { clusters: ['dev'] }, {}, false],
    ['all selectors together', { namespaces: ['shop-*'], tiers: [3] }, {}, false],
  ])('%s', (_what, selectors, place, isHeld) => expect(hold([freeze({ ...on, ...selectors })], NOW, place) !== undefined).toBe(isHeld));

  it('the strictest of several decides, and all must let themselves be overridden', () => {
    const two = [freeze({ ...on, override: true }), freeze({ ...on, name: 'g', then: 'deny' })];
    expect(hold(two, NOW)).toMatchObject({ effect: 'deny', rule: 'g', canOverride: false });
    expect(hold(two, NOW, {}, ['g'])).toMatchObject({ effect: 'wait', rule: 'f', canOverride: true });
    expect(hold(two, NOW, {}, ['f', 'g'])).toBeUndefined();
  });

  it('who overrides one maintenance window is outside of all of them', () => {
    const two = [open({ schedule: '0 2 * * SUN', duration: '4h', override: true }), open({ name: 'n', schedule: '0 2 * * WED', duration: '4h', override: true })];
    expect(hold(two, '2026-11-23T12:00:00Z', {}, ['n'])).toBeUndefined();
  });
});
