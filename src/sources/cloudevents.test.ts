import { describe, expect, it } from '@jest/globals';
import { recorded } from '../../test/support/sources.js';
import { cloudevents } from './cloudevents.js';
import type { TypeRule } from './event-signals.js';

const receivedAt = '2026-03-01T02:31:00.000Z';
const of = (body: unknown, types: TypeRule[] = []) => cloudevents.toSignals(body as never, { cluster: 'prod', receivedAt, settings: { types } });
const event = recorded('cloudevents', 'signal');

describe('an event', () => {
  it('with a signal as its data', () => {
    const { signals, deliveryIds } = of(event);
    expect(signals).toEqual([expect.objectContaining({
      source: 'cloudevents', alert: 'CheckoutProbeFails', status: 'firing', severity: 'high', startsAt: '2026-03-01T02:29:58.123Z', fingerprint: expect.stringMatching(/^cloudevents:[0-9a-f]{16}$/),
      hints: [{ kind: 'Deployment', apiVersion: 'apps/v1', namespace: 'shop', name: 'checkout' }, { kind: 'Namespace', apiVersion: 'v1', name: 'shop' }],
    })]);
    expect(deliveryIds).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
  });

  it('with an alert as its data begins when the event says', () => {
    const [signal] = of(recorded('cloudevents', 'alert')).signals;
    expect(signal).toMatchObject({ alert: 'KubePodCrashLooping', fingerprint: 'cloudevents:c4f1a9e2b07d3388', startsAt: '2026-03-01T02:28:00.000Z', status: 'firing', hints: [{ kind: 'Pod', name: 'api-7d9f8b6c5d-x2x9z' }] });
  });

  it('of ours is left alone, one bad event does not spoil the batch', () => {
    const { signals, rejected, deliveryIds } = of(recorded('cloudevents', 'zz-batch'));
    expect(signals.map((s) => [s.alert, s.status])).toEqual([['KubeJobFailed', 'firing'], ['KubeNodeNotReady', 'resolved']]);
    expect(new Set(deliveryIds).size).toBe(1);
    expect(rejected.map((r) => r.reason)).toEqual([expect.stringContaining('specversion'), expect.stringContaining('event 4 has no JSON object')]);
  });

  it('is what the longest prefix of its type says', () => {
    const types: TypeRule[] = [{ prefix: 'com.example.', as: 'ignore' }, { prefix: 'com.example.monitor.', as: 'signal', status: 'resolved' }, { prefix: 'com.example.monitor.noise', as: 'ignore' }];
    expect(of(event, types).signals[0]!.status).toBe('resolved');
    expect(of({ ...event, type: 'com.example.other' }, types).signals).toEqual([]);
    expect(of({ ...event, type: 'com.example.monitor.noise.1' }, types).signals).toEqual([]);
    expect(of({ ...event, data: { alert: 'A' } }, [{ prefix: 'com.', as: 'alert' }]).rejected).toHaveLength(1);
    expect(of({ ...event, data: { labels: { alertname: 'A' } } }, [{ prefix: 'com.', as: 'signal' }]).rejected).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['without id', { id: undefined }], ['without source', { source: '' }], ['without type', { type: 1 }], ['of another version', { specversion: '0.3' }],
    ['without data', { data: undefined }], ['with text', { data: 'x' }], ['with a list', { data: [] }], ['with neither signal nor alert', { data: { hello: 1 } }],
    ['with a status nobody knows', { data: { alert: 'A', status: 'meh' } }], ['with a start that is no time', { data: { alert: 'A', startsAt: 'soon' } }],
    ['about a foreign cluster', { data: { alert: 'A', cluster: 'other' } }], ['with data in base64', { data: undefined, data_base64: 'e30=' }],
  ])('is rejected %s', (_what, change) => {
    expect(of(JSON.parse(JSON.stringify({ ...event, ...change })))).toMatchObject({ signals: [], rejected: [{ reason: expect.any(String) }] });
  });

  it('is the same delivery by source and id, whatever else it says', () => {
    const id = (change: object) => of({ ...event, ...change }).deliveryIds![0];
    expect(id({ time: '2026-03-01T02:00:00Z', type: 'x' })).toBe(id({}));
    expect(new Set([id({}), id({ id: 'x' }), id({ source: 'x' })]).size).toBe(3);
  });
});

describe('binary mode', () => {
  const { data, ...attributes } = event;
  const headers = Object.fromEntries(Object.entries(attributes).filter(([k]) => k !== 'datacontenttype').map(([k, v]) => [`ce-${k}`, encodeURIComponent(String(v))]));

  it('has the attributes in headers, percent-encoded, and the data as body', () => {
    const unwrapped = cloudevents.unwrap!(data, { ...headers, 'content-type': 'application/json' });
    expect(unwrapped).toEqual({ ...event, datacontenttype: 'application/json' });
    expect(of(unwrapped)).toEqual(of(event));
  });

  it('takes a header that is not encoded as it stands, and a body without ce- headers as an event', () => {
    expect(cloudevents.unwrap!(data, { 'ce-specversion': '1.0', 'ce-source': '/100%', 'content-type': 'application/json' })).toMatchObject({ source: '/100%' });
    expect(cloudevents.unwrap!(event, { 'content-type': 'application/cloudevents+json' })).toBe(event);
  });
});
