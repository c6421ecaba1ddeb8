import { describe, expect, it } from '@jest/globals';
import { CUSTOM_MAPPING, recorded } from '../../test/support/sources.js';
import { custom } from './custom.js';
import { readerOf, valueAt } from './field-reader.js';

const receivedAt = '2026-03-01T02:31:00.000Z';
const body = recorded('custom', 'monitor-list');
const of = (item: unknown, fields: object, more: object = {}) =>
  custom.toSignals(item, { cluster: 'prod', receivedAt, settings: { fields: { alert: '/name', ...fields }, ...more } as never, name: 'monitor' });

describe('a mapping', () => {
  const { signals } = custom.toSignals(body, { cluster: 'prod', receivedAt, settings: CUSTOM_MAPPING as never, name: 'monitor' });

  it('finds every field: pointers, constants, words and what they mean, times in any usual form', () => {
    expect(signals[0]).toMatchObject({
      source: 'custom', alert: 'Checkout answers', status: 'firing', severity: 'critical', startsAt: '2026-03-01T02:24:03.482Z', cluster: 'prod',
      generatorUrl: 'https://monitor.example.com/checks/12', fingerprint: expect.stringMatching(/^custom\.monitor:[0-9a-f]{16}$/),
    });
    expect(signals[0]!.hints[0]).toEqual({ kind: 'Deployment', apiVersion: 'apps/v1', namespace: 'shop', name: 'checkout' });
    expect(signals[1]).toMatchObject({ status: 'resolved', severity: 'info', startsAt: '2026-03-01T01:50:00.000Z', endsAt: '2026-03-01T02:10:00.000Z', hints: [{ kind: 'Node', name: 'worker-3' }] });
  });

  it('makes labels of texts, numbers and truth values, and masks secrets', () => {
    expect({ ...signals[0]!.labels }).toEqual({ team: 'payments', tier: '1', toString: 'a legal tag', account: 'Shop', origin: 'monitor', alertname: 'Checkout answers', namespace: 'shop' });
    expect(JSON.stringify(signals)).not.toContain('hunter2');
  });

  it('takes the labels of kube-state-metrics for the object where no field names it', () => {
    expect(of({ name: 'A', l: { namespace: 'shop', statefulset: 'db' } }, {}, { labelsFrom: '/l' }).signals[0]!.hints[0]).toMatchObject({ kind: 'StatefulSet', name: 'db' });
  });

  it('gives the same fingerprint to firing and resolved, another to another sender', () => {
    const one = (state: string, name: string) => custom.toSignals({ n: 'A', id: '7', state }, { cluster: 'prod', receivedAt, settings: { fields: { alert: '/n', fingerprint: '/id', status: '/state' } } as never, name }).signals[0]!.fingerprint;
    expect(one('CRITICAL', 'a')).toBe(one('OK', 'a'));
    expect(one('OK', 'a')).not.toBe(one('OK', 'b'));
    const [a, b] = ['OK', 'DOWN'].map((s) => of({ name: 'A', s }, { status: '/s' }).signals[0]!.fingerprint);
    expect(a).toBe(b);
  });

  it('begins with the delivery when it says no start', () => {
    expect(of({ name: 'A' }, {}).signals[0]!.startsAt).toBe(receivedAt);
    expect(of({ name: 'A' }, { startsAt: '/at' }).signals[0]!.startsAt).toBe(receivedAt);
  });

  it.each<[string, unknown, object]>([
    ['no name', {}, {}],
    ['a name that is a map', { name: {} }, {}],
    ['a status nobody knows', { name: 'A', s: 'meh' }, { status: '/s' }],
    ['a start that is no time', { name: 'A', s: 'soon' }, { startsAt: '/s' }],
    ['a start that is a map', { name: 'A', s: {} }, { startsAt: '/s' }],
    ['a foreign cluster', { name: 'A', c: 'other' }, { cluster: '/c' }],
    ['no object at all', 'text', {}],
    ['nothing', null, {}],
  ])('rejects an item with %s, and only that', (_what, item, fields) => {
    const parsed = of([item, { name: 'B' }], fields, { signals: '' });
    expect([parsed.signals.map((s) => s.alert), parsed.rejected.length]).toEqual([['B'], 1]);
  });

  it('names no object by a kind or a name that is none', () => {
    for (const [kind, name] of [['Pwnd', 'a'], ['Deployment', '../x'], ['toString', 'a'], ['deployment', '']]) {
      expect(of({ name: 'A', kind, n: name, ns: 'shop' }, { kind: '/kind', name: '/n', namespace: '/ns' }).signals[0]!.hints).toEqual([{ kind: 'Namespace', apiVersion: 'v1', name: 'shop' }]);
    }
  });

  it('says where it looked for the list', () => {
    expect(() => of({ events: {} }, {}, { signals: '/events' })).toThrow(expect.objectContaining({ code: 'InvalidParams', message: expect.stringContaining('sources.custom.monitor.signals') }));
  });
});

describe('a JSON pointer', () => {
  const document = { a: { 'b/c': [10, { 'd~e': 'x' }] }, '': 'empty', n: null };
  it.each<[string, unknown]>([['', document], ['/a/b~1c/0', 10], ['/a/b~1c/1/d~0e', 'x'], ['/', 'empty'], ['/n', null], ['/n/x', undefined], ['/a/b~1c/01', undefined], ['/a/b~1c/-', undefined], ['/a/b~1c/length', undefined], ['/toString', undefined], ['/__proto__', undefined], ['/a/constructor/name', undefined]])('%j', (path, value) => {
    expect(valueAt(document, path)).toEqual(value);
  });

  it('is one way to find a field, beside constants, words and defaults', () => {
    const read = readerOf({ at: '/x', values: { a: 'A', 1: 'one' }, default: 'D' });
    expect([{ x: 'a' }, { x: 1 }, { x: 'b' }, { x: '' }, { x: null }, {}, { x: 'toString' }].map((item) => read(item, undefined))).toEqual(['A', 'one', 'b', 'D', 'D', 'D', 'toString']);
    expect(readerOf({ const: 'C' })({}, {})).toBe('C');
    expect(readerOf({ at: '/x', from: 'body' })({ x: 1 }, { x: 2 })).toBe(2);
  });
});
