import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { verifyAudit } from '../../src/adapters/postgres/audit.js';
import type { Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import { createMetrics } from '../../src/adapters/telemetry/metrics.js';
import type { KubeObject } from '../../src/domain/kube.js';
import type { Store } from '../../src/domain/ports.js';
import type { StormLimits } from '../../src/domain/storm.js';
import { createStormWatch, type StormWatch } from '../../src/workers/storm-watch.js';
import { eachDatabase } from '../support/databases.js';
import { memoryCluster } from '../support/memory-cluster.js';
import { nodeOf } from '../support/objects.js';
import { remediationFor } from '../support/remediations.js';

const START = Date.UTC(2030, 0, 1, 12);
const at = (second: number): string => new Date(START + second * 1000).toISOString();
const logger = createLogger({ level: 'silent', format: 'json' });
const TEN_NODES = Array.from({ length: 10 }, (_, i) => nodeOf(`n${i}`));
const withDown = (count: number): KubeObject[] => TEN_NODES.map((n, i) => (i < count ? nodeOf(n.metadata.name, { isReady: false }) : n));

describe.each(eachDatabase())('storm mode in the store on $name', ({ open }) => {
  let database: Database;
  let store: Store;
  let now = 0;
  let limits: StormLimits;

  beforeAll(async () => {
    database = await open();
    store = createStore(database, { now: () => at(now) });
  }, 120_000);
  beforeEach(async () => {
    now = 0;
    limits = { remediationsPerMinute: 5, nodesNotReady: 20, cooldown: '5m' };
    await database.pool.query('truncate remediations, steps, assessments, storms');
  });
  afterAll(() => database?.close(), 60_000);

  let serial = 0;
  const started = (second: number, cluster = 'test') => store.saveRemediation({ ...remediationFor(`r-${String(++serial).padStart(10, '0')}`), cluster, started_at: at(second) });
  const burst = (count: number, second = now) => Promise.all(Array.from({ length: count }, () => started(second)));
  /** A process of its own, with a watch cache of its own. */
  const watch = (objects: KubeObject[] = TEN_NODES, isHealthy = true): StormWatch =>
    createStormWatch({ store, cluster: { ...memoryCluster(objects), isHealthy: () => isHealthy }, limits: () => limits, metrics: createMetrics({ withProcess: false }), logger, freshMs: 0 });
  const looks = async (w: StormWatch, from: number, to: number, step = 20) => {
    for (now = from; now <= to; now += step) await w.current();
    return w.last();
  };
  const audited = async (): Promise<{ verb: string; subject: string; actor: string; details: any }[]> =>
    (await database.pool.query(`select verb, subject, actor, details from audit where verb like 'storm%' order by seq`)).rows;
  const versions = async (): Promise<number> => Number((await database.pool.query('select version from storms')).rows[0]?.version ?? 0);

  it('counts what started on this cluster within the last minute', async () => {
    for (const [second, cluster] of [[-61, 'test'], [-60, 'test'], [-59, 'test'], [0, 'test'], [0, 'other'], [20, 'test'], [3600, 'test']] as const) await started(second, cluster);
    expect(await store.readStorm('test')).toEqual({ at: at(0), version: '0', remediations: 3 });
    expect(await store.readStorm('another')).toMatchObject({ remediations: 0 });
  });

  it('writes nothing while there is no storm', async () => {
    await burst(5);
    expect(await looks(watch(), 0, 200)).toBeUndefined();
    expect(await versions()).toBe(0);
  });

  it('begins once, ends once, and says so in the audit', async () => {
    const before = await audited();
    await burst(6);
    const w = watch();
    expect(await w.current()).toMatchObject({ since: at(0), why: '6 new remediations within a minute, more than 5' });
    expect(await looks(w, 20, 359, 13)).toMatchObject({ calmSince: at(72) });
    now = 372;
    expect(await w.current()).toBeUndefined();
    const news = (await audited()).slice(before.length);
    expect(news.map((e) => [e.actor, e.verb, e.subject])).toEqual([['kubernaut', 'storm_entered', 'cluster test'], ['kubernaut', 'storm_left', 'cluster test']]);
    expect(news[0]!.details).toEqual({ since: at(0), why: '6 new remediations within a minute, more than 5', remediations: 6, nodes: { known: 10, notReady: 0 } });
    expect(await verifyAudit(database)).not.toHaveProperty('brokenAt');
  });

  it('is one storm for twenty processes that look at the same moment', async () => {
    const before = await audited();
    await burst(6);
    const processes = Array.from({ length: 20 }, () => watch());
    const seen = await Promise.all(processes.map((p) => p.current()));
    expect(new Set(seen.map((s) => JSON.stringify(s))).size).toBe(1);
    expect(await versions()).toBe(1);
    for (now = 80; now < 400; now += 20) await Promise.all(processes.map((p) => p.current()));
    expect(await Promise.all(processes.map((p) => p.current()))).toEqual(Array.from({ length: 20 }, () => undefined));
    expect((await audited()).slice(before.length).map((e) => e.verb)).toEqual(['storm_entered', 'storm_left']);
  });

  it('lets nobody overwrite what another kept on the same reading, also after a storm in between', async () => {
    const storm = { since: at(0), why: 'x', readAt: at(0) };
    const next = { cluster: 'test', version: '0', at: at(0), told: { verb: 'storm_entered', details: {} } };
    const before = await audited();
    const kept = await Promise.all(Array.from({ length: 20 }, () => store.keepStorm({ ...next, storm })));
    expect(kept.filter(Boolean)).toHaveLength(1);
    expect(await audited()).toHaveLength(before.length + 1);
    expect(await store.keepStorm({ cluster: 'test', version: '1', at: at(1) })).toBe(true);
    expect(await store.readStorm('test')).toEqual({ at: at(0), version: '2', remediations: 0 });
    expect([await store.keepStorm({ ...next, storm }), await store.keepStorm({ ...next, version: '1', storm })]).toEqual([false, false]);
    expect(await store.keepStorm({ ...next, cluster: 'other', storm })).toBe(true);
  });

  it('goes on over a restart of every process, and its calm begins anew after a long one', async () => {
    await burst(6);
    await looks(watch(), 0, 200);
    const again = watch();
    expect(await looks(again, 230, 240)).toMatchObject({ since: at(0), calmSince: at(60) });
    expect(await looks(watch(), 900, 1190)).toMatchObject({ since: at(0), calmSince: at(900) });
    expect(await looks(watch(), 1200, 1200)).toBeUndefined();
  });

  it('is kept up by the one process that sees it, and ended by none that sees nothing', async () => {
    const [sees, saysWell, blind] = [watch(withDown(3)), watch(), watch(withDown(3), false)];
    expect(await blind.current()).toBeUndefined();
    expect(await saysWell.current()).toBeUndefined();
    expect(await sees.current()).toMatchObject({ why: '3 of 10 nodes are NotReady, more than 20 %' });
    for (now = 10; now < 700; now += 10) for (const w of [saysWell, sees, blind]) expect(await w.current()).toMatchObject({ since: at(0) });
    expect(await looks(blind, 700, 1500)).toBeDefined();
    expect(await looks(saysWell, 1500, 1800)).toBeUndefined();
  });

  it('follows the limits as they are now', async () => {
    await burst(6);
    const w = watch();
    limits = { ...limits, remediationsPerMinute: 50 };
    expect(await w.current()).toBeUndefined();
    limits = { ...limits, remediationsPerMinute: 5 };
    expect(await w.current()).toBeDefined();
    limits = { remediationsPerMinute: 50, nodesNotReady: 20, cooldown: '0s' };
    expect(await w.current()).toBeUndefined();
  });
});
