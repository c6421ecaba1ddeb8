import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { SignalRow, Store } from '../../src/domain/ports.js';
import type { Signal } from '../../src/domain/signal.js';
import { eachDatabase } from '../support/databases.js';
import { remediationFor, signalRowFor } from '../support/remediations.js';

const HOUR = 3_600_000;
const at = (minute: number): string => new Date(Date.UTC(2030, 0, 1, 9, minute)).toISOString();

describe.each(eachDatabase())('the inbox in the store on $name', ({ open }) => {
  let database: Database;
  let store: Store;
  let now = at(0);

  beforeAll(async () => {
    database = await open();
    store = createStore(database, { now: () => now });
  }, 120_000);
  beforeEach(async () => {
    now = at(0);
    await database.pool.query('truncate signals, remediations, steps, assessments');
  });
  afterAll(() => database?.close(), 60_000);

  const signal = (fingerprint: string, minute: number, more: Partial<Signal> = {}): Signal => ({ ...signalRowFor(fingerprint).signal, cluster: 'prod', startsAt: at(minute), ...more });
  const record = (s: Signal, more: Partial<SignalRow> = {}) => store.recordSignal({ signal: s, outcome: 'started', ...more });
  const claimed = async (olderThanMs = 60_000) => (await store.claimWaiting({ olderThanMs, limit: 10 })).map((s) => s.fingerprint);

  it('knows nothing of a new signal, and its fate later', async () => {
    expect(await store.knownOf([signal('a', 0), signal('b', 0)], HOUR)).toEqual([{}, {}]);
    await store.enterSignals([signal('a', 0)]);
    await record(signal('b', 0), { remediationId: 'r-1', workflowId: 'remediation/prod/shop/Deployment/api', reason: 'why' });
    expect(await store.knownOf([signal('b', 0), signal('a', 0)], HOUR)).toEqual([
      { fate: { outcome: 'started', remediationId: 'r-1', workflowId: 'remediation/prod/shop/Deployment/api', reason: 'why' } },
      { fate: { outcome: 'received' } },
    ]);
  });

  it('leaves what is there as it is', async () => {
    await record(signal('a', 0), { remediationId: 'r-1' });
    await store.enterSignals([signal('a', 0), signal('b', 0)]);
    expect((await store.knownOf([signal('a', 0), signal('b', 0)], HOUR)).map((k) => k.fate?.outcome)).toEqual(['started', 'received']);
  });

  it('takes 3,000 at once, with all that texts may hold', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => signal(`f${i}`, 0, { annotations: { summary: 'log \0 line \uD800 "x" \\u0000' } }));
    await store.enterSignals(many);
    const known = await store.knownOf(many, HOUR);
    expect(known.filter((k) => k.fate?.outcome === 'received')).toHaveLength(3000);
  });

  it('says when an alert ended last', async () => {
    now = at(9);
    await record(signal('a', 0, { status: 'resolved', endsAt: at(4) }));
    await record(signal('a', 5, { status: 'resolved', endsAt: at(7) }));
    expect(await store.knownOf([signal('a', 8), signal('b', 8)], HOUR)).toEqual([{ lastEnd: { startsAt: at(5), at: at(7), seenAt: at(9) } }, {}]);
  });

  it('takes an end without a time, or in the future, for the time when we heard of it', async () => {
    now = at(9);
    await record(signal('a', 0, { status: 'resolved', endsAt: undefined }));
    await record(signal('b', 0, { status: 'resolved', endsAt: '2099-01-01T00:00:00.000Z' }));
    expect((await store.knownOf([signal('a', 1), signal('b', 1)], HOUR)).map((k) => k.lastEnd?.at)).toEqual([at(9), at(9)]);
  });

  it('says which occurrence an end is about: the one it names, else the newest that is open', async () => {
    for (const start of [1, 3, 8]) await record(signal('a', start));
    const end = (startMinute: number, endMinute: number) => signal('a', startMinute, { status: 'resolved', endsAt: at(endMinute) });
    const openSince = async (s: Signal) => (await store.knownOf([s], HOUR))[0]!.open?.since;
    expect(await openSince(end(1, 9))).toBe(at(1));
    expect(await openSince(end(5, 5))).toBe(at(3));
    await record(end(3, 5));
    expect(await openSince(end(5, 5))).toBe(at(1));
    expect(await openSince(end(0, 0))).toBeUndefined();
  });

  it('counts the starts of an alert within the time before', async () => {
    for (const start of [1, 3, 5]) await record(signal('a', start));
    expect((await store.knownOf([signal('a', 6), signal('a', 3), signal('b', 6)], HOUR)).map((k) => k.starts)).toEqual([3, 1, undefined]);
    expect((await store.knownOf([signal('a', 6)], 3 * 60_000))[0]!.starts).toBe(2);
  });

  it('gives what waits to one taker at a time, again when nothing came of it, and never what is done', async () => {
    await store.enterSignals([signal('a', 0), signal('b', 0)]);
    expect(await claimed()).toEqual([]);
    now = at(2);
    const takers = await Promise.all([claimed(), claimed(), claimed()]);
    expect(takers.flat().sort()).toEqual(['a', 'b']);
    await record(signal('a', 0), { remediationId: 'r-1' });
    now = at(4);
    expect(await claimed()).toEqual(['b']);
  });

  it('records many at once; of one signal the last mention wins, and a row that names a remediation stays', async () => {
    await record(signal('a', 0), { remediationId: 'r-1' });
    const rows = ['a', 'b', 'b'].map((fingerprint, i): SignalRow => ({ signal: signal(fingerprint, 0), outcome: 'joined', remediationId: `r-${i + 5}`, rules: i === 2 ? ['classify'] : [] }));
    await store.recordSignals(rows);
    expect((await store.knownOf([signal('a', 0), signal('b', 0)], HOUR)).map((k) => k.fate?.remediationId)).toEqual(['r-1', 'r-7']);
    expect(await store.signalsOf('b')).toMatchObject([{ outcome: 'joined', rules: ['classify'] }]);
  });

  it('keeps first documents, and no older one over what is there', async () => {
    const first = (id: string) => ({ ...remediationFor(id), revision: 0, reason: 'first' });
    await store.saveRemediation({ ...remediationFor('r-0000000001'), revision: 3 });
    await store.saveFirst([first('r-0000000001'), first('r-0000000002')]);
    expect((await store.getRemediation('r-0000000001')).revision).toBe(3);
    expect(await store.getRemediation('r-0000000002')).toMatchObject({ revision: 0, reason: 'first' });
    expect((await store.listRemediations({})).items).toHaveLength(2);
  });

  describe('symptoms', () => {
    const symptom = (fingerprint: string, remediationId: string, heldUntil: string) =>
      record(signal(fingerprint, 0, { symptomOn: 'deployment shop/api' }), { outcome: 'joined', remediationId, workflowId: 'remediation/prod/-/Node/n1', heldUntil });

    it('come back on their own when their root is over or took long, and stay where they are otherwise', async () => {
      await store.saveRemediation({ ...remediationFor('r-0000000001'), phase: 'closed' });
      await store.saveRemediation(remediationFor('r-0000000002'));
      await symptom('over', 'r-0000000001', at(10));
      await symptom('long', 'r-0000000002', at(1));
      await symptom('waits', 'r-0000000002', at(10));
      await symptom('ended', 'r-0000000001', at(10));
      await record(signal('ended', 0, { status: 'resolved', endsAt: at(1) }), { outcome: 'resolved' });
      now = at(2);
      expect(await store.releaseSymptoms()).toBe(2);
      expect(await store.releaseSymptoms()).toBe(0);
      const back = await store.claimWaiting({ olderThanMs: 60_000, limit: 10 });
      expect(back.map((s) => [s.fingerprint, s.isOwn, s.symptomOn]).sort()).toEqual([['long', true, undefined], ['over', true, undefined]]);
      expect((await store.knownOf([signal('over', 0), signal('waits', 0), signal('ended', 0)], HOUR)).map((k) => k.fate?.remediationId)).toEqual([undefined, 'r-0000000002', 'r-0000000001']);
    });
  });

  it('tells how remediations stand, the newest of each target', async () => {
    const ofTarget = (id: string, workflow_id: string, more: object) => store.saveRemediation({ ...remediationFor(id), workflow_id, ...more });
    await ofTarget('r-0000000001', 'w1', { started_at: at(0), phase: 'closed', outcome: 'fixed', closed_at: at(3) });
    await ofTarget('r-0000000002', 'w2', { started_at: at(0), phase: 'closed', outcome: 'fixed', closed_at: at(3) });
    await ofTarget('r-0000000003', 'w2', { started_at: at(5), problems: [{ fingerprint: 'a', alert: 'KubePodNotReady', status: 'firing', started_at: at(5) }] });
    expect(await store.standingOf(['w2', 'none', 'w1'])).toMatchObject([
      { id: 'r-0000000003', isOpen: true, startedAt: at(5), alerts: ['KubePodNotReady'] },
      undefined,
      { id: 'r-0000000001', isOpen: false, outcome: 'fixed', closedAt: at(3) },
    ]);
  });
});
