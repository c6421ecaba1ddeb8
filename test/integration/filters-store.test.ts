import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { SignalRow, Store } from '../../src/domain/ports.js';
import { eachDatabase } from '../support/databases.js';
import { signalRowFor } from '../support/remediations.js';

const MINUTE = 60_000;
const count = { rule: 'three-at-once', key: 'prod/shop/PodRestarts', withinMs: 10 * MINUTE };
const at = (minute: number): string => new Date(Date.UTC(2030, 0, 1, 9, minute)).toISOString();

describe.each(eachDatabase())('filter rules in the store on $name', ({ open }) => {
  let database: Database;
  let store: Store;
  let now = at(0);

  beforeAll(async () => {
    database = await open();
    store = createStore(database, { now: () => now });
  }, 120_000);
  beforeEach(async () => {
    now = at(0);
    await database.pool.query('truncate signals, filter_counts');
  });
  afterAll(() => database?.close(), 60_000);

  const taken = (fingerprint: string, minute: number, more: Partial<typeof count> = {}) => store.countForRule({ ...count, ...more }, { cluster: 'prod', fingerprint, startsAt: at(minute) });
  const hold = (fingerprint: string, minute: number, more: Partial<SignalRow> & { status?: 'resolved' } = {}) => {
    const row = signalRowFor(fingerprint);
    const { status = 'firing', ...rest } = more;
    return store.recordSignal({ signal: { ...row.signal, startsAt: at(minute), status }, outcome: 'suppressed', reason: 'held', rules: [count.rule], ...rest });
  };

  it('counts occurrences, each once however often it is delivered', async () => {
    expect([await taken('a', 0), await taken('a', 0), await taken('b', 1), await taken('a', 0), await taken('a', 2)]).toEqual([1, 1, 2, 2, 3]);
  });

  it('counts what started within one window, in whatever order it arrives', async () => {
    expect([await taken('late', 12), await taken('early', 0), await taken('between', 5)]).toEqual([1, 1, 2]);
    expect(await taken('with-both', 10)).toBe(3);
    expect(await taken('early', 0)).toBe(3);
  });

  it('counts the edges of the window, and forgets what is out of it', async () => {
    expect([await taken('a', 0), await taken('b', 10), await taken('c', 20), await taken('d', 21)]).toEqual([1, 2, 2, 2]);
  });

  it.each<[string, Partial<typeof count>]>([['rule', { rule: 'another' }], ['key', { key: 'prod/bank/PodRestarts' }]])('counts per %s', async (_what, other) => {
    await taken('a', 0);
    expect(await taken('b', 1, other)).toBe(1);
  });

  it('lets nobody be missed by arrivals at the same moment', async () => {
    const counted = await Promise.all(Array.from({ length: 20 }, (_, i) => taken(`f${i}`, i % 5)));
    expect([...counted].sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('takes a key of any length', async () => {
    expect(await taken('a', 0, { key: 'é\0'.repeat(5000) })).toBe(1);
    expect(await taken('b', 0, { key: 'é\0'.repeat(5000) })).toBe(2);
  });

  it('gives back what is held and still fires', async () => {
    for (const [name, minute] of [['held', 0], ['over', 1], ['went', 2], ['other-rule', 3], ['long-ago', -30]] as const) await taken(name, minute);
    await taken('uncounted', 4, { key: 'another' });
    await hold('held', 0);
    await hold('over', 1);
    await hold('over', 1, { status: 'resolved' });
    await hold('went', 2, { outcome: 'started', remediationId: 'r-1' });
    await hold('other-rule', 3, { rules: ['other'] });
    await hold('uncounted', 4);
    await hold('long-ago', -30);
    expect((await store.heldByRule(count, { startsAt: at(5) })).map((s) => s.fingerprint)).toEqual(['held']);
  });

  it('keeps the rules and the end of a delay with the signal', async () => {
    await store.recordSignal({ ...signalRowFor('f1'), rules: ['classify', 'slow'], heldUntil: at(5) });
    await store.recordSignal(signalRowFor('f2'));
    expect(await store.signalsOf('f1')).toMatchObject([{ rules: ['classify', 'slow'], heldUntil: at(5) }]);
    expect(Object.keys((await store.signalsOf('f2'))[0]!)).not.toContain('rules');
  });

  it('tells what each rule did since', async () => {
    await hold('old', 0, { rules: ['classify'] });
    now = at(30);
    await hold('a', 1, { rules: ['classify', 'drop'] });
    now = at(31);
    await hold('b', 2, { rules: ['classify'] });
    await hold('c', 3, { rules: [] });
    expect((await store.filterHits(at(10))).sort((x, y) => (x.rule < y.rule ? -1 : 1))).toEqual([{ rule: 'classify', hits: 2, lastAt: at(31) }, { rule: 'drop', hits: 1, lastAt: at(30) }]);
  });
});

describe.each(eachDatabase())('what a source has open in the store on $name', ({ open }) => {
  let database: Database;
  let store: Store;
  beforeAll(async () => {
    database = await open();
    store = createStore(database);
  }, 120_000);
  afterAll(() => database?.close(), 60_000);

  it('is what fires and has not been reported over, newest first', async () => {
    const put = (fingerprint: string, minute: number, more: object = {}) =>
      store.recordSignal({ ...signalRowFor(fingerprint), signal: { ...signalRowFor(fingerprint).signal, source: 'kubernetes', startsAt: at(minute), ...more } });
    await put('open', 1);
    await put('newer', 2);
    await put('over', 3);
    await put('over', 3, { status: 'resolved' });
    await put('elsewhere', 4, { cluster: 'other' });
    await put('posted', 5, { source: 'alertmanager' });
    expect((await store.openSignals('kubernetes', 'prod')).map((r) => [r.signal.fingerprint, r.remediationId])).toEqual([['newer', 'r-0123456789'], ['open', 'r-0123456789']]);
  });
});
