import { describe, expect, it } from '@jest/globals';
import { recorded, SNS_TOPIC } from '../../test/support/sources.js';
import type { AlarmSettings } from './alarm-signal.js';
import { cloudwatch } from './cloudwatch.js';

const receivedAt = '2026-03-01T02:31:00.000Z';
const of = (body: unknown, settings: AlarmSettings = {}, more: object = {}) =>
  cloudwatch.toSignals(body as never, { cluster: 'prod', receivedAt, settings: { topics: [SNS_TOPIC], ...settings } as never, ...more });
const alarm = recorded('cloudwatch', 'alarm-v1');
const changed = (change: (alarm: any) => void) => {
  const message = JSON.parse(alarm.Message);
  change(message);
  return { ...alarm, Message: JSON.stringify(message) };
};
const withDimensions = (dimensions: Record<string, string>) => changed((a) => (a.Trigger.Dimensions = Object.entries(dimensions).map(([name, value]) => ({ name, value }))));

describe('an alarm of CloudWatch', () => {
  it('fires and resolves under one fingerprint, at the time of the change', () => {
    const [fires] = of(alarm).signals;
    const [ends] = of(recorded('cloudwatch', 'ok-v2')).signals;
    expect(fires).toMatchObject({ status: 'firing', alert: 'checkout memory over limit', severity: 'warning', startsAt: '2026-03-01T02:29:03.871Z', cluster: 'prod' });
    expect(ends).toMatchObject({ status: 'resolved', startsAt: '2026-03-01T02:30:03.871Z', endsAt: '2026-03-01T02:30:03.871Z', fingerprint: fires!.fingerprint });
    expect(fires!.labels).toMatchObject({ alertname: 'checkout memory over limit', namespace: 'shop', metric: 'pod_memory_utilization_over_pod_limit', region: 'eu-west-1', account: '123456789012', PodName: 'checkout' });
    expect(fires!.annotations.summary).toContain('Threshold Crossed');
  });

  it('names with PodName the owner of the pods, whichever kind it is, and the pod last', () => {
    expect(of(alarm).signals[0]!.hints.map((h) => `${h.kind} ${h.namespace ?? '-'}/${h.name}`)).toEqual([
      'Deployment shop/checkout', 'StatefulSet shop/checkout', 'DaemonSet shop/checkout', 'CronJob shop/checkout', 'Job shop/checkout', 'Pod shop/checkout', 'Namespace -/shop',
    ]);
  });

  it.each<[Record<string, string>, string]>([
    [{ FullPodName: 'api-7d9f-x2x9z', PodName: 'api', Namespace: 'shop' }, 'Pod api-7d9f-x2x9z'],
    [{ Service: 'api', Namespace: 'shop' }, 'Service api'],
    [{ NodeName: 'ip-10-0-3-17.ec2.internal', InstanceId: 'i-1' }, 'Node ip-10-0-3-17.ec2.internal'],
    [{ Namespace: 'shop' }, 'Namespace shop'],
  ])('with dimensions %j is about %s', (dimensions, text) => {
    const [hint] = of(withDimensions(dimensions)).signals[0]!.hints;
    expect(`${hint!.kind} ${hint!.name}`).toBe(text);
  });

  it.each<[Record<string, string>]>([[{ ClusterName: 'prod' }], [{ PodName: 'api' }], [{ PodName: '../etc', Namespace: 'shop/x' }], [{ PodName: 'Not A Name', Namespace: 'a b' }], [{}]])('with dimensions %j names no object', (dimensions) => {
    expect(of(withDimensions(dimensions)).signals[0]!.hints).toEqual([]);
  });

  it('takes rules of one\'s own for dimensions and names of clusters', () => {
    const body = withDimensions({ AppName: 'checkout', Space: 'shop', Eks: 'eks-prod-eu' });
    const settings: AlarmSettings = { dimensions: [{ kind: 'StatefulSet', name: 'AppName', namespace: 'Space' }], clusterDimension: 'Eks', clusterNames: { 'eks-prod-eu': 'prod' }, severity: 'critical' };
    expect(of(body, settings).signals[0]).toMatchObject({ cluster: 'prod', severity: 'critical', hints: [{ kind: 'StatefulSet', apiVersion: 'apps/v1', namespace: 'shop', name: 'checkout' }] });
    expect(of(body, { ...settings, clusterNames: {} }).rejected).toEqual([expect.objectContaining({ isForeign: true, reason: expect.stringContaining('eks-prod-eu') })]);
    expect(of(body, { ...settings, clusterNames: {} }, { clusters: ['eks-prod-eu'] }).signals[0]!.cluster).toBe('eks-prod-eu');
  });

  it('over an expression has its dimensions in the metric inside', () => {
    const [signal] = of(recorded('cloudwatch', 'expression-v2')).signals;
    expect([signal!.hints[0], signal!.labels.metric]).toEqual([{ kind: 'Node', apiVersion: 'v1', name: 'ip-10-0-3-17.eu-west-1.compute.internal' }, 'node_cpu_utilization']);
  });

  it('of other alarms has no dimensions, and names nothing', () => {
    expect(of(changed((a) => Object.assign(a, { Trigger: undefined, AlarmRule: 'ALARM(a) AND ALARM(b)' }))).signals[0]!.hints).toEqual([]);
  });

  it('without enough data is recorded and ignored, or what the configuration says', () => {
    const body = recorded('cloudwatch', 'control/insufficient-data');
    expect(of(body)).toMatchObject({ signals: [], ignored: [{ reason: expect.stringContaining('insufficientData'), signal: { alert: 'checkout memory over limit' } }] });
    expect(of(body, { insufficientData: 'firing' }).signals[0]!.status).toBe('firing');
    expect(of(body, { insufficientData: 'resolved' }).signals[0]!.status).toBe('resolved');
  });

  it.each<[string, any]>([
    ['is text', { ...alarm, Message: 'hello' }],
    ['is a list', { ...alarm, Message: '[]' }],
    ['is nested without end', { ...alarm, Message: `${'['.repeat(200_000)}${']'.repeat(200_000)}` }],
    ['has no state', changed((a) => delete a.NewStateValue)],
    ['has another state', changed((a) => (a.NewStateValue = 'toString'))],
    ['has dimensions that are none', changed((a) => (a.Trigger.Dimensions = [{ name: 1 }]))],
  ])('is rejected when its message %s', (_what, body) => {
    expect(of(body)).toMatchObject({ signals: [], rejected: [{ reason: expect.any(String) }] });
  });

  it('keeps dimensions that are names of Object.prototype and replaces what a database refuses', () => {
    const [signal] = of(withDimensions({ __proto__x: 'a', toString: 'b', PodName: 'a\u0000b' })).signals;
    expect(Object.entries(signal!.labels)).toEqual(expect.arrayContaining([['toString', 'b'], ['PodName', 'a\ufffdb']]));
  });

  it('is no signal when it is about the subscription itself', () => {
    expect(of(recorded('cloudwatch', 'control/subscription'))).toEqual({ signals: [], rejected: [], truncated: 0 });
    expect(of(recorded('cloudwatch', 'control/unsubscribed'))).toEqual({ signals: [], rejected: [], truncated: 0 });
  });
});
