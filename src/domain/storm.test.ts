import { describe, expect, it } from '@jest/globals';
import { node } from '../../test/support/kube-objects.js';
import { worldOf } from './kube.js';
import { nextStorm, nodesIn, stormText, type Storm, type StormReading } from './storm.js';

const LIMITS = { remediationsPerMinute: 100, nodesNotReady: 20, cooldown: '5m' };
const START = Date.UTC(2030, 0, 1, 12);
const at = (second: number): string => new Date(START + second * 1000).toISOString();
const CALM = { remediations: 0, nodes: { known: 10, notReady: 0 } };
const BURST = { ...CALM, remediations: 101 };

type Look = [second: number, reading: Partial<StormReading>];
const after = (looks: Look[], from?: Storm, limits = LIMITS): Storm | undefined =>
  looks.reduce<Storm | undefined>((storm, [second, reading]) => nextStorm(storm, { ...CALM, ...reading, at: at(second) }, limits), from);
/** The same reading every `step` seconds. */
const steady = (from: number, to: number, reading: Partial<StormReading> = CALM, step = 20): Look[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i): Look => [from + i * step, reading]);

describe('a storm begins', () => {
  it.each<[string, Partial<StormReading>, string | undefined]>([
    ['nothing happens', {}, undefined],
    ['as many remediations as are ordinary', { remediations: 100 }, undefined],
    ['one more', { remediations: 101 }, '101 new remediations within a minute, more than 100'],
    ['as many nodes as are ordinary', { nodes: { known: 10, notReady: 2 } }, undefined],
    ['one more', { nodes: { known: 10, notReady: 3 } }, '3 of 10 nodes are NotReady, more than 20 %'],
    ['a little more than the share', { nodes: { known: 9, notReady: 2 } }, '2 of 9 nodes are NotReady, more than 20 %'],
    ['one of three nodes', { nodes: { known: 3, notReady: 1 } }, undefined],
    ['the only node', { nodes: { known: 1, notReady: 1 } }, undefined],
    ['two of three nodes', { nodes: { known: 3, notReady: 2 } }, '2 of 3 nodes are NotReady, more than 20 %'],
    ['all nodes', { nodes: { known: 50, notReady: 50 } }, '50 of 50 nodes are NotReady, more than 20 %'],
    ['no node is known', { nodes: { known: 0, notReady: 0 } }, undefined],
    ['nodes cannot be seen', { nodes: undefined }, undefined],
    ['nodes cannot be seen, remediations can', { nodes: undefined, remediations: 500 }, '500 new remediations within a minute, more than 100'],
    ['both', { remediations: 200, nodes: { known: 4, notReady: 4 } }, '200 new remediations within a minute, more than 100; 4 of 4 nodes are NotReady, more than 20 %'],
  ])('%s', (_name, reading, why) => {
    expect(after([[0, reading]])).toEqual(why === undefined ? undefined : { since: at(0), why, readAt: at(0) });
  });

  it('at other bounds when they are set', () => {
    expect(after([[0, { remediations: 4 }]], undefined, { ...LIMITS, remediationsPerMinute: 3 })).toBeDefined();
    expect(after([[0, { nodes: { known: 2, notReady: 2 } }]], undefined, { ...LIMITS, nodesNotReady: 100 })).toBeUndefined();
  });
});

describe('a storm ends', () => {
  const storm = after([[0, BURST]]);

  it.each<[string, Look[], boolean]>([
    ['not with the first calm reading', [[20, CALM]], false],
    ['not before the cooldown is over', steady(20, 319, CALM, 13), false],
    ['when it was calm for the whole cooldown', steady(20, 320), true],
    ['at half of a bound', steady(20, 320, { remediations: 50, nodes: { known: 10, notReady: 1 } }), true],
    ['not just above half of it', steady(20, 900, { remediations: 51 }), false],
    ['not with more than half of the nodes that are ordinary', steady(20, 900, { nodes: { known: 18, notReady: 2 } }), false],
    ['with a single node NotReady, however few there are', steady(20, 320, { nodes: { known: 3, notReady: 1 } }), true],
    ['when the calm was broken, not before another whole cooldown', [...steady(20, 300), [310, { remediations: 60 }], ...steady(320, 610)], false],
    ['when the calm was broken, after another whole cooldown', [...steady(20, 300), [310, { remediations: 60 }], ...steady(320, 620)], true],
    ['not while it comes and goes around the upper bound', steady(20, 1200).map(([s], i): Look => [s, { remediations: i % 2 ? 99 : 101 }]), false],
    ['not while it comes and goes around the lower bound', steady(20, 1200).map(([s], i): Look => [s, { remediations: i % 2 ? 49 : 51 }]), false],
  ])('%s', (_name, looks, isOver) => {
    expect(after(looks, storm) === undefined).toBe(isOver);
  });

  it('at the first calm reading without a cooldown', () => expect(after([[20, CALM]], storm, { ...LIMITS, cooldown: '0s' })).toBeUndefined());

  it('and the next one has a beginning of its own', () => {
    expect(after([...steady(20, 320), [330, BURST]], storm)).toMatchObject({ since: at(330) });
  });

  it('keeps its beginning, and says what was too much last', () => {
    expect(after([[20, { nodes: { known: 4, notReady: 3 } }], [40, CALM]], storm)).toEqual({ since: at(0), why: '3 of 4 nodes are NotReady, more than 20 %', calmSince: at(40), readAt: at(40) });
  });
});

describe('what nobody looked at was not calm', () => {
  const calming = after([[0, BURST], ...steady(20, 220)]);

  it('over a restart within a minute the calm goes on', () => expect(after(steady(280, 320), calming)).toBeUndefined());
  it('over a longer one it begins anew', () => {
    expect(after([[281, CALM]], calming)).toMatchObject({ since: at(0), calmSince: at(281) });
    expect(after(steady(281, 580), calming)).toBeDefined();
    expect(after(steady(281, 581), calming)).toBeUndefined();
  });
  it('a clock that is put forward by hours ends nothing', () => expect(after([[20_000, CALM]], calming)).toMatchObject({ calmSince: at(20_000) }));
  it('a clock that is put back by hours begins the calm anew, and the storm ends by the new clock', () => {
    expect(after([[-20_000, CALM]], calming)).toMatchObject({ since: at(0), calmSince: at(-20_000) });
    expect(after(steady(-20_000, -19_700), calming)).toBeUndefined();
  });
  it('clocks of two processes may differ by seconds', () => {
    expect(after([[219, CALM]], calming)).toBe(calming);
    expect(after(steady(240, 324).flatMap(([s]): Look[] => [[s, CALM], [s - 3, CALM]]), calming)).toBeUndefined();
    expect(after([[225, CALM], [221, { remediations: 60 }]], calming)).not.toHaveProperty('calmSince');
  });
  it('it was not calm before it was too much, whatever a slower clock says', () => {
    expect(after([[240, BURST], [225, CALM]], calming)).toMatchObject({ calmSince: at(240), readAt: at(240) });
  });
  it('whoever does not see the nodes ends nothing, and holds up nobody who does', () => {
    expect(after(steady(20, 900, { nodes: undefined }), after([[0, BURST]]))).toMatchObject({ since: at(0), readAt: at(0) });
    expect(after(steady(240, 320).flatMap(([s]): Look[] => [[s - 5, { nodes: undefined }], [s, CALM]]), calming)).toBeUndefined();
  });
});

describe('what is kept', () => {
  const storm = after([[0, BURST]])!;

  it.each<[string, Look, boolean]>([
    ['another reading that is too much, at once', [3, { remediations: 150 }], false],
    ['the same a while later', [10, { remediations: 150 }], true],
    ['the beginning of the calm', [1, CALM], true],
  ])('%s', (_name, look, isKept) => {
    expect(after([look], storm) !== storm).toBe(isKept);
  });

  it('of a calm hour without a storm, nothing', () => expect(after(steady(0, 3600))).toBeUndefined());
});

describe('the nodes of a cluster', () => {
  it('count as NotReady when Ready is not True; a cordon says nothing', () => {
    const never = { ...node('new'), status: {} };
    const said = { ...node('said'), status: { conditions: [{ type: 'Ready', status: 'False' }] } };
    expect(nodesIn(worldOf([node('a'), node('b', { spec: { unschedulable: true } }), node('c', { ready: false }), said, never]))).toEqual({ known: 5, notReady: 3 });
  });
});

it('says since when, why, until when and what next', () => {
  expect(stormText('prod', after([[0, BURST], [20, CALM]])!, LIMITS)).toBe(
    `storm mode on cluster prod since ${at(0)}: 101 new remediations within a minute, more than 100. Only reading and telling go on until it has been calm for 5m` +
      ` (calm since ${at(20)}); look for the common cause, act by hand, or raise policy.storm, which is re-read while running`,
  );
});
