import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { ModelCall, Store } from '../../src/domain/ports.js';
import { eachDatabase } from '../support/databases.js';

const call = (id: string, more: Partial<ModelCall> = {}): ModelCall => ({ id, at: '2026-03-01T10:00:00.000Z', model: 'openai/gpt-4o', ...more });

describe.each(eachDatabase())('calls of models on $name', ({ open }) => {
  let database: Database;
  let store: Store;

  beforeAll(async () => {
    database = await open();
    store = createStore(database);
  }, 120_000);
  beforeEach(async () => void (await database.pool.query('truncate model_calls')));
  afterAll(() => database?.close(), 60_000);

  it('no call is no use', async () => {
    expect(await store.modelUseSince('2026-03-01T00:00:00Z')).toEqual({ calls: 0, tokens: 0, cost: 0 });
  });

  it('a call counts from its start, once, and later with what it used', async () => {
    await store.recordModelCall(call('a'));
    expect(await store.modelUseSince('2026-03-01T00:00:00Z')).toEqual({ calls: 1, tokens: 0, cost: 0 });
    const used = call('a', { model: 'ollama/llama', inputTokens: 812, outputTokens: 64, cost: 0.25 });
    await store.recordModelCall(used);
    await store.recordModelCall(used);
    expect(await store.modelUseSince('2026-03-01T00:00:00Z')).toEqual({ calls: 1, tokens: 876, cost: 0.25 });
  });

  it('a cost that is unknown adds nothing, and tokens one of which is unknown add the other', async () => {
    await store.recordModelCall(call('a', { inputTokens: 10, outputTokens: 5, cost: 1.5 }));
    await store.recordModelCall(call('b', { inputTokens: 7 }));
    expect(await store.modelUseSince('2026-03-01T00:00:00Z')).toEqual({ calls: 2, tokens: 22, cost: 1.5 });
  });

  it('the day is the one that was asked for, to the instant', async () => {
    await store.recordModelCall(call('before', { at: '2026-02-28T23:59:59.999Z' }));
    await store.recordModelCall(call('first', { at: '2026-03-01T00:00:00.000Z' }));
    expect((await store.modelUseSince('2026-03-01T00:00:00.000Z')).calls).toBe(1);
    expect((await store.modelUseSince('2026-03-01T01:00:00+01:00')).calls).toBe(1);
  });

  it('replicas count together', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, i) => store.recordModelCall(call(`c${i}`, { inputTokens: 1, outputTokens: 1 }))));
    expect(await store.modelUseSince('2026-03-01T00:00:00Z')).toMatchObject({ calls: 40, tokens: 80 });
  });

  it('numbers beyond 32 bits are kept', async () => {
    await store.recordModelCall(call('a', { inputTokens: 9_000_000_000, outputTokens: 1 }));
    expect((await store.modelUseSince('2026-03-01T00:00:00Z')).tokens).toBe(9_000_000_001);
  });

  it('what is 40 days old leaves with the next call', async () => {
    await store.recordModelCall(call('old', { at: '2026-01-01T00:00:00Z' }));
    await store.recordModelCall(call('new', { at: '2026-02-15T00:00:00Z' }));
    expect((await store.modelUseSince('2025-01-01T00:00:00Z')).calls).toBe(1);
  });
});
