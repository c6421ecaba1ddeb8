import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../kube.js';
import { configChange, type ConfigVersion } from './config-version.js';
import { fieldChanges } from './field-changes.js';
import { changeBetween, deletionOf } from './object-change.js';

const service = (version: string, spec: object, more: object = {}): KubeObject => ({
  apiVersion: 'v1', kind: 'Service', spec,
  metadata: { name: 'db', namespace: 'shop', uid: 'u1', resourceVersion: version, managedFields: [{ manager: 'kubectl-edit', operation: 'Update', time: '2026-01-01T11:00:00Z' }, { manager: 'x', subresource: 'status', time: '2026-01-01T11:59:00Z' }], ...more },
});
const SEEN = '2026-01-01T12:00:00.000Z';

describe('fields that differ', () => {
  it.each([
    ['a member', { a: { b: 1 } }, { a: { b: 2 } }, [{ path: 'a.b', from: '1', to: '2' }]],
    ['an added member', {}, { a: 'x' }, [{ path: 'a', to: '"x"' }]],
    ['a removed member', { a: null, b: 'x' }, {}, [{ path: 'b', from: '"x"' }]],
    ['an item of a list with names', { ports: [{ name: 'web', port: 80 }, { name: 'db', port: 1 }] }, { ports: [{ name: 'db', port: 2 }, { name: 'web', port: 80 }] }, [{ path: 'ports[db].port', from: '1', to: '2' }]],
    ['a list without names, as a whole', { command: ['a'] }, { command: ['b'] }, [{ path: 'command', from: '["a"]', to: '["b"]' }]],
    ['nothing', { a: [{ name: 'x' }] }, { a: [{ name: 'x' }] }, []],
  ])('%s', (_what, before, after, expected) => expect(fieldChanges(before, after)).toEqual(expected));

  it('long values are cut, many fields are few', () => {
    expect(fieldChanges({ a: 'x'.repeat(1000) }, {})[0]!.from).toMatch(/^"x{298}…$/);
    expect(fieldChanges({}, Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, i])))).toHaveLength(12);
  });
});

describe('an edit between two versions', () => {
  it('has its fields, its writer and its time', () => {
    expect(changeBetween('c', service('1', { selector: { app: 'db' } }), service('2', { selector: { app: 'base' } }), SEEN)).toEqual({
      cluster: 'c', object: { kind: 'Service', namespace: 'shop', name: 'db' }, uid: 'u1', version: '2', at: '2026-01-01T11:00:00Z', verb: 'updated', by: 'kubectl-edit',
      fields: [{ path: 'spec.selector.app', from: '"db"', to: '"base"' }],
    });
  });

  const other = (o: KubeObject, kind: string): KubeObject => ({ ...o, kind });
  it.each([
    ['a status', service('1', { a: 1 }), service('2', { a: 1 })],
    ['a spec that the server counts as the same', service('1', { a: 1 }, { generation: 3 }), service('2', { a: 2 }, { generation: 3 })],
    ['another object of the same name', service('1', { a: 1 }), service('2', { a: 2 }, { uid: 'u2' })],
    ['a kind that nobody edits', other(service('1', { a: 1 }), 'Pod'), other(service('2', { a: 2 }), 'Pod')],
    ['an autoscaler at its work', other(service('1', { replicas: 1 }), 'Deployment'), other(service('2', { replicas: 2 }, { managedFields: [{ manager: 'kube-controller-manager', subresource: 'scale', time: SEEN }] }), 'Deployment')],
  ])('%s is none', (_what, before, after) => expect(changeBetween('c', before, after, SEEN)).toBeUndefined());

  it('masks secrets, and still shows that they differ', () => {
    const env = (value: string) => ({ template: { spec: { containers: [{ name: 'a', env: [{ name: 'API_KEY', value }] }] } } });
    const change = changeBetween('c', other(service('1', env('hunter2')), 'Deployment'), other(service('2', env('hunter3')), 'Deployment'), SEEN);
    expect(change?.fields[0]).toMatchObject({ path: 'spec.template.spec.containers[a].env[API_KEY].value', from: expect.stringMatching(/<redacted:/), to: expect.stringMatching(/<redacted:/) });
    expect(JSON.stringify(change)).not.toContain('hunter');
  });

  it('a deletion is one, of tracked kinds', () => {
    expect(deletionOf('c', service('7', {}), SEEN)).toMatchObject({ verb: 'deleted', version: '7-deleted', at: SEEN, fields: [] });
    expect(deletionOf('c', other(service('7', {}), 'Pod'), SEEN)).toBeUndefined();
  });
});

describe('a ConfigMap that is read again', () => {
  const version = (v: string, keys: Record<string, string>, more: Partial<ConfigVersion> = {}): ConfigVersion => ({ cluster: 'c', namespace: 'shop', name: 'cfg', uid: 'u', version: v, at: SEEN, by: 'kubectl-edit', keys, ...more });

  it('names the keys that changed, came and went, without values', () => {
    expect(configChange(version('1', { a: '1', b: '1', c: '1' }), version('2', { a: '2', b: '1', d: '1' }))).toMatchObject({
      object: { kind: 'ConfigMap', name: 'cfg' }, by: 'kubectl-edit', at: SEEN, fields: [{ path: 'data.a' }, { path: 'data.c', to: '(removed)' }, { path: 'data.d', to: '(added)' }],
    });
  });

  it.each([
    ['for the first time', undefined, version('2', { a: '2' })],
    ['in the same version', version('2', { a: '1' }), version('2', { a: '2' })],
    ['after it was made anew', version('1', { a: '1' }, { uid: 'old' }), version('2', { a: '2' })],
    ['with the same values', version('1', { a: '1' }), version('2', { a: '1' })],
  ])('%s says nothing', (_what, before, after) => expect(configChange(before, after)).toBeUndefined());
});
