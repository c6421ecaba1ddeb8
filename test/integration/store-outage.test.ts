import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { Store } from '../../src/domain/ports.js';
import { cutProxy, type CutProxy } from '../support/cut-proxy.js';
import { eachDatabase } from '../support/databases.js';
import { freePort } from '../support/postgres-server.js';
import { remediationFor, signalRowFor } from '../support/remediations.js';

const urlOf = (database: Database): string => (database.pool.options as { connectionString: string }).connectionString;
const OUT_OF_REACH = { code: 'StoreUnavailable', isRetryable: true };

describe('a PostgreSQL server that goes away', () => {
  let direct: Database;
  let proxy: CutProxy;
  let database: Database;
  let store: Store;

  const urlThrough = (port: number) => {
    const url = new URL(urlOf(direct));
    url.port = String(port);
    return url.href;
  };

  beforeAll(async () => {
    direct = await eachDatabase().find(({ name }) => name === 'PostgreSQL')!.open();
    const { hostname, port } = new URL(urlOf(direct));
    proxy = await cutProxy({ host: hostname, port: Number(port || 5432) });
    database = await openDatabase({ kind: 'postgres', url: urlThrough(proxy.port), migrations: 'skip', statementTimeoutMs: 300 });
    store = createStore(database);
  }, 120_000);
  beforeEach(() => proxy.set('pass'));
  afterAll(async () => {
    await database?.close();
    await proxy?.close();
    await direct?.close();
  }, 60_000);

  it('is told as StoreUnavailable by every kind of method, and served again when it is back', async () => {
    await store.ping();
    proxy.set('refuse');
    const calls = [
      () => store.ping(),
      () => store.findSignal({ cluster: 'c', fingerprint: 'f', startsAt: '2025-01-31T08:00:00Z', status: 'firing' }),
      () => store.recordSignal(signalRowFor('f')),
      () => store.saveRemediation(remediationFor('r-1')),
      () => store.getRemediation('r-1'),
      () => store.listRemediations({}),
      () => store.putArtifact('log', 'x'),
      () => store.claimNotification({ remediationId: 'r', channel: 'c', kind: 'k' }),
      () => store.audit({ at: '2025-01-31T08:00:00Z', actor: 'a', verb: 'v', subject: 's' }),
      () => store.pauses(),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject(OUT_OF_REACH);
    proxy.set('pass');
    await store.saveRemediation(remediationFor('r-1'));
    expect((await store.getRemediation('r-1')).id).toBe('r-1');
  });

  it('is told when the line goes silent, within the deadline', async () => {
    await store.ping();
    proxy.set('silent');
    const started = Date.now();
    await expect(store.ping()).rejects.toMatchObject(OUT_OF_REACH);
    expect(Date.now() - started).toBeLessThan(8_000);
  }, 20_000);

  it('is told when a statement takes too long', async () => {
    const client = await direct.pool.connect();
    try {
      await client.query('begin; lock table pauses');
      await expect(store.pauses()).rejects.toMatchObject({ ...OUT_OF_REACH, details: { sqlState: '57014' } });
    } finally {
      await client.query('rollback');
      client.release();
    }
    expect(await store.pauses()).toEqual([]);
  });

  it('is told at the start when nothing listens', async () => {
    await expect(openDatabase({ kind: 'postgres', host: '127.0.0.1', port: await freePort(), database: 'x' })).rejects.toMatchObject(OUT_OF_REACH);
  });

  it('is not confused with a wrong database name, which waiting does not mend', async () => {
    const url = new URL(urlThrough(proxy.port));
    url.pathname = '/there_is_no_such_database';
    await expect(openDatabase({ kind: 'postgres', url: url.href })).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });

  it('is migrated by one of several processes that start together', async () => {
    const name = `kubernaut_race_${process.pid}`;
    await direct.pool.query(`create database ${name}`);
    const url = new URL(urlOf(direct));
    url.pathname = `/${name}`;
    const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ kind: 'postgres', url: url.href })));
    const { rows } = await opened[0]!.pool.query('select count(*)::int as migrations, count(distinct version)::int as distinct from schema_version where version > 0');
    expect(rows[0].migrations).toBe(rows[0].distinct);
    await Promise.all(opened.map((each) => each.close()));
    await direct.pool.query(`drop database ${name}`);
  });
});

describe.each(eachDatabase())('after close on $name', ({ open }) => {
  it('methods say that the database is out of reach', async () => {
    const store = createStore(await open());
    await store.close();
    await store.close();
    await expect(store.ping()).rejects.toMatchObject(OUT_OF_REACH);
  }, 120_000);
});

describe.each(eachDatabase())('a refused statement on $name', ({ open }) => {
  it('disturbs none of those that run beside it', async () => {
    const database = await open();
    const store = createStore(database);
    const bad = () => store.saveRemediation({ ...remediationFor('r-bad'), started_at: 'not a time' });
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) => (n % 3 === 0 ? bad() : store.saveRemediation(remediationFor(`r-${n}`)))),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(20);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'Internal' });
    expect((await store.listRemediations({ limit: 100 })).items).toHaveLength(40);
    await store.close();
  }, 120_000);
});
