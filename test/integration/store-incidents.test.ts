import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { localEmbedder } from '../../src/adapters/vectors/local-embedder.js';
import type { Store } from '../../src/domain/ports.js';
import { eachDatabase } from '../support/databases.js';

/** The same numbers in every run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const cosine = (a: number[], b: number[]): number => {
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

describe.each(eachDatabase())('incidents on $name', ({ open }) => {
  const embedder = localEmbedder();
  let database: Database;
  let store: Store;

  const remember = async (remediationId: string, summary: string, over: { outcome?: string; isVerified?: boolean } = {}) =>
    store.rememberIncident({ remediationId, summary, action: 'rollback_deployment', outcome: 'fixed', isVerified: true, embedding: await embedder.embed(summary), ...over });

  beforeAll(async () => {
    database = await open();
    store = createStore(database);
  }, 120_000);
  beforeEach(() => database.pool.query('truncate incidents'));
  afterAll(() => database?.close(), 60_000);

  it('finds the nearest first and says how near', async () => {
    await remember('r-loop', 'KubePodCrashLooping container api exits after bad rollout');
    await remember('r-disk', 'PersistentVolumeClaim is filling up on database');
    const found = await store.similarIncidents(await embedder.embed('KubePodCrashLooping container api exits after bad rollout'), 5);
    expect(found.map((incident) => incident.remediationId)).toEqual(['r-loop', 'r-disk']);
    expect(found[0]).toMatchObject({ action: 'rollback_deployment', outcome: 'fixed', isVerified: true });
    expect(found[0]!.similarity).toBeCloseTo(1, 5);
    expect(found[1]!.similarity).toBeLessThan(0.4);
    expect(found[1]!.similarity).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ['was not verified', { isVerified: false }],
    ['did not end fixed, whatever the caller says', { outcome: 'no_effect', isVerified: true }],
  ])('never returns an incident that %s', async (_, over) => {
    await remember('r-1', 'KubePodCrashLooping', over);
    expect(await store.similarIncidents(await embedder.embed('KubePodCrashLooping'), 5)).toEqual([]);
  });

  it('forgets a lesson that turned out wrong', async () => {
    await remember('r-1', 'KubePodCrashLooping');
    await remember('r-1', 'KubePodCrashLooping', { outcome: 'rolled_back', isVerified: false });
    expect(await store.similarIncidents(await embedder.embed('KubePodCrashLooping'), 5)).toEqual([]);
  });

  it('finds what an exact search finds among many, through unverified neighbours', async () => {
    const random = numbers(7);
    const vector = () => Array.from({ length: 384 }, () => random() - 0.5);
    const wanted = vector();
    const known = Array.from({ length: 300 }, (_, i) => ({ id: `r-${i}`, isVerified: i % 3 === 0, embedding: vector() }));
    // The nearest of all must not teach, however many of them there are.
    for (let i = 0; i < 60; i++) known.push({ id: `near-${i}`, isVerified: false, embedding: wanted.map((value) => value + (random() - 0.5) / 10) });
    for (const { id, isVerified, embedding } of known) await store.rememberIncident({ remediationId: id, summary: id, outcome: 'fixed', isVerified, embedding });
    const exact = known.filter((k) => k.isVerified).sort((a, b) => cosine(wanted, b.embedding) - cosine(wanted, a.embedding)).slice(0, 5);
    const found = await store.similarIncidents(wanted, 5);
    expect(found).toHaveLength(5);
    expect(found[0]).toMatchObject({ remediationId: exact[0]!.id });
    expect(found[0]!.similarity).toBeCloseTo(cosine(wanted, exact[0]!.embedding), 4);
    const ids = new Set(exact.map((k) => k.id));
    expect(found.filter((incident) => ids.has(incident.remediationId)).length).toBeGreaterThanOrEqual(4);
  });

  it('has an hnsw index that serves the search', async () => {
    const client = await database.pool.connect();
    try {
      await client.query('begin; set local enable_seqscan = off; set local enable_sort = off');
      const { rows } = await client.query(`explain select 1 from incidents where is_verified order by embedding <=> $1::vector limit 5`, [JSON.stringify(await embedder.embed('x'))]);
      expect(JSON.stringify(rows)).toContain('incidents_nearest');
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  it.each([
    ['too short', [1, 2, 3]],
    ['not finite', Array.from({ length: 384 }, () => NaN)],
  ])('refuses an embedding that is %s', async (_, embedding) => {
    await expect(store.similarIncidents(embedding, 5)).rejects.toMatchObject({ code: 'InvalidParams' });
    await expect(store.rememberIncident({ remediationId: 'r', summary: 's', outcome: 'fixed', isVerified: true, embedding })).rejects.toMatchObject({ code: 'InvalidParams' });
  });

  it('asks for nothing when the limit is 0', async () => {
    await remember('r-1', 'x');
    expect(await store.similarIncidents(await embedder.embed('x'), 0)).toEqual([]);
  });
});
