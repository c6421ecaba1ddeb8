import { beforeEach, describe, expect, it } from '@jest/globals';
import { KubernautError } from '../../domain/errors.js';
import { worldOf, type KubeObject } from '../../domain/kube.js';
import type { Cluster } from '../../domain/ports.js';
import { configurationReader } from './read-configuration.js';

const make = (kind: string, name: string, rest: object = {}, namespace: string | undefined = 'shop'): KubeObject => ({ apiVersion: 'v1', kind, metadata: { name, namespace, uid: name, resourceVersion: '7', creationTimestamp: '2026-01-01T10:00:00Z' }, ...rest });
const api = make('Deployment', 'api', {
  spec: { template: { spec: {
    containers: [{ name: 'app', env: [{ name: 'DB', valueFrom: { configMapKeyRef: { name: 'env', key: 'db' } } }], envFrom: [{ configMapRef: { name: 'more' } }] }],
    volumes: [{ name: 'v', configMap: { name: 'files' } }, { name: 'w', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }, { configMap: { name: 'projected' } }] } }],
  } } },
});
const world = worldOf([api, make('Namespace', 'data', {}, ''), make('Service', 'cache', { spec: {} })]);

let asked: string[];
let answer: (name: string) => KubeObject | undefined;
let now: string;
const cluster = { name: 'c', read: async ({ kind, name }: { kind: string; name: string }) => (asked.push(`${kind} ${name}`), answer(name)) } as unknown as Cluster;

beforeEach(() => {
  asked = [];
  now = '2026-01-01T12:00:00.000Z';
  answer = (name) => make('ConfigMap', name, { data: { db: 'postgres://app:hunter2@db.data:5432/shop', cache: 'cache', note: 'hunter2', file: 'listen: 80' } });
});

describe('configuration as evidence', () => {
  it('is every ConfigMap that the template names, and no Secret', async () => {
    await configurationReader({ now: () => now })(cluster, world, api);
    expect(asked).toEqual(['ConfigMap env', 'ConfigMap more', 'ConfigMap files', 'ConfigMap projected']);
  });

  it('keeps keys and hosts of this cluster, and no value', async () => {
    const { objects, versions } = await configurationReader({ now: () => now })(cluster, world, api);
    expect(objects[0]?.data).toMatchObject({ cache: 'cache', note: '<redacted>', file: '<redacted>' });
    expect(versions[0]?.keys).toEqual({ db: expect.stringMatching(/^[0-9a-f]{4}$/), cache: expect.any(String), note: expect.any(String), file: expect.any(String) });
    expect(JSON.stringify({ objects, versions })).not.toContain('hunter2');
  });

  it.each([
    ['db.data:5432', 'db.data:5432'],
    ['http://cache/items?token=hunter2', 'cache'],
    ['postgres://app:hunter2@db.data:5432/shop', 'db.data:5432'],
    ['https://data:12345@cache/', 'cache'],
    ['data.data:12345@elsewhere', '<redacted>'],
    ['db.nowhere:5432', '<redacted>'],
    ['x'.repeat(600), '<redacted>'],
  ])('the value %s is kept as %s', async (value, kept) => {
    answer = (name) => make('ConfigMap', name, { data: { key: value } });
    expect((await configurationReader({ now: () => now })(cluster, world, api)).objects[0]?.data).toEqual({ key: kept });
  });

  it('a bare word is a host where its key says so', async () => {
    answer = (name) => make('ConfigMap', name, { data: { DB_HOST: 'gone', MODE: 'gone' } });
    expect((await configurationReader({ now: () => now })(cluster, world, api)).objects[0]?.data).toEqual({ DB_HOST: 'gone', MODE: '<redacted>' });
  });

  it('without the right is a gap that says what to bind, and is asked for again after ten minutes only', async () => {
    answer = () => {
      throw new KubernautError('Forbidden', 'no');
    };
    const read = configurationReader({ now: () => now });
    const first = await read(cluster, world, api);
    expect(first).toMatchObject({ objects: [], missing: [{ what: 'ConfigMaps of namespace shop', why: expect.stringContaining('deploy/rbac/configuration-namespace.yaml') }] });
    expect(await read(cluster, world, api)).toEqual(first);
    expect(asked).toHaveLength(4);
    now = '2026-01-01T12:10:01.000Z';
    answer = () => undefined;
    expect(await read(cluster, world, api)).toEqual({ objects: [], versions: [], missing: [] });
  });

  it('that a workload does not name costs nothing', async () => {
    await configurationReader({ now: () => now })(cluster, world, make('Deployment', 'plain', { spec: {} }));
    expect(asked).toEqual([]);
  });
});
