import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { ConfigVersion } from '../../src/domain/changes/config-version.js';
import type { ObjectChange } from '../../src/domain/changes/object-change.js';
import type { Store } from '../../src/domain/ports.js';
import { eachDatabase } from '../support/databases.js';

const at = (minute: number): string => new Date(Date.UTC(2030, 0, 1, 12, minute)).toISOString();
const change = (name: string, minute: number, more: Partial<ObjectChange> = {}): ObjectChange => ({
  cluster: 'c', object: { kind: 'Service', namespace: 'shop', name }, uid: `u-${name}`, version: String(minute), at: at(minute), verb: 'updated', by: 'kubectl-edit',
  fields: [{ path: 'spec.selector.app', from: '"db"', to: '"base\u0000"' }], ...more,
});

describe.each(eachDatabase())('changes of objects in the store on $name', ({ open }) => {
  let database: Database;
  let store: Store;

  beforeAll(async () => {
    database = await open();
    store = createStore(database, { now: () => at(0) });
  }, 120_000);
  beforeEach(async () => void (await database.pool.query('truncate object_changes, config_versions')));
  afterAll(() => database?.close(), 60_000);

  const names = async (namespaces: string[], since = at(0)) => (await store.changesIn({ cluster: 'c', namespaces, since })).map((c) => c.object.name);

  it('come back as they were, newest first, of the namespaces asked for and of those without one', async () => {
    const node = change('n1', 3, { object: { kind: 'Node', name: 'n1' }, by: undefined });
    await store.recordChanges([change('a', 1), change('b', 2), node, change('far', 4, { object: { kind: 'Service', namespace: 'far', name: 'far' } })]);
    expect(await names(['shop'])).toEqual(['n1', 'b', 'a']);
    expect(await names(['shop'], at(2))).toEqual(['n1', 'b']);
    expect((await store.changesIn({ cluster: 'c', namespaces: [], since: at(0) }))[0]).toEqual({ ...node, fields: [{ path: 'spec.selector.app', from: '"db"', to: '"base\uFFFD"' }], by: undefined });
    expect(await store.changesIn({ cluster: 'other', namespaces: ['shop'], since: at(0) })).toEqual([]);
  });

  it('are kept once, however many processes saw them', async () => {
    await Promise.all([store.recordChanges([change('a', 1)]), store.recordChanges([change('a', 1)])]);
    expect(await names(['shop'])).toEqual(['a']);
  });

  it('are forgotten by age, and beyond twenty of one object', async () => {
    await store.recordChanges([...Array.from({ length: 25 }, (_, i) => change('busy', 10 + i)), change('old', 1), change('new', 30)]);
    expect(await store.forgetChanges(at(5))).toBe(6);
    expect((await names(['shop'])).filter((n) => n === 'busy')).toHaveLength(20);
    expect(await names(['shop'])).not.toContain('old');
  });

  it('of a ConfigMap the version before is given when a new one is noted', async () => {
    const version = (v: string, keys: Record<string, string>): ConfigVersion => ({ cluster: 'c', namespace: 'shop', name: 'cfg', uid: 'u', version: v, at: at(1), keys });
    expect(await store.noteConfigVersions([version('1', { a: '12ab' })])).toEqual([]);
    expect(await store.noteConfigVersions([version('2', { a: '34cd' })])).toEqual([version('1', { a: '12ab' })]);
    expect(await store.noteConfigVersions([version('2', { a: '34cd' })])).toEqual([version('2', { a: '34cd' })]);
  });
});
