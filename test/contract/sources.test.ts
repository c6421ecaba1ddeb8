import { describe, expect, it } from '@jest/globals';
import type { Signal } from '../../src/domain/signal.js';
import { sources } from '../../src/sources/index.js';
import { bodiesOf, UNDER_TEST } from '../support/sources.js';
import { itKeepsTheContractOfSources } from './checks/source-contract.js';

const context = { cluster: 'prod', receivedAt: '2026-03-01T02:31:00.000Z', settings: {} };
describe.each(sources.members.map((s) => [s.id, s] as const))('source %s', (id, source) => {
  itKeepsTheContractOfSources({ source, bodies: bodiesOf(id), folder: 'src/sources', ...UNDER_TEST[id] });
});

describe('source alertmanager', () => {
  const alertmanager = sources.get('alertmanager');
  const [body] = bodiesOf('alertmanager') as any[];
  const { signals, truncated } = alertmanager.toSignals(body, context);
  const one = (alert: object): { signals: Signal[]; rejected: any[] } => alertmanager.toSignals({ alerts: [alert] } as never, context);
  const firing = { status: 'firing', labels: { alertname: 'A' }, startsAt: '2026-03-01T00:00:00Z', fingerprint: 'aa' };

  it('reads status, severity, times and the number of alerts left out', () => {
    expect(signals.map((s) => [s.alert, s.status, s.severity, s.endsAt])).toEqual([
      ['KubePodCrashLooping', 'firing', 'warning', undefined],
      ['KubeDeploymentReplicasMismatch', 'firing', 'critical', undefined],
      ['KubeJobFailed', 'resolved', 'warning', '2026-03-01T02:30:33.482Z'],
    ]);
    expect(truncated).toBe(2);
  });

  it('takes the object in trouble, not the exporter that reported it and not the scrape job', () => {
    expect(signals.map((s) => s.hints[0])).toEqual([
      { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'api-7d9f8b6c5d-x2x9z' },
      { kind: 'Deployment', apiVersion: 'apps/v1', namespace: 'shop', name: 'api' },
      { kind: 'Job', apiVersion: 'batch/v1', namespace: 'shop', name: 'reindex-29012345' },
    ]);
    expect(signals[1]!.hints).toHaveLength(1);
  });

  it('keeps labels that are names of Object.prototype and finds none that were not sent', () => {
    expect(Object.entries(signals[0]!.labels)).toEqual(expect.arrayContaining([['toString', 'a legal label'], ['__proto__', 'legal too']]));
    expect(signals[1]!.labels.toString).toBeUndefined();
    expect(signals[1]!.labels.constructor).toBeUndefined();
  });

  it('masks secrets in texts and leaves names alone', () => {
    expect(JSON.stringify(signals)).not.toContain('hunter2');
    expect(signals[0]!.labels.pod).toBe('api-7d9f8b6c5d-x2x9z');
  });

  it.each([
    [{ node: 'worker-3', job: 'node-exporter', pod: 'node-exporter-abc', namespace: 'monitoring' }, 'Node', 'worker-3'],
    [{ statefulset: 'db', namespace: 'shop' }, 'StatefulSet', 'db'],
    [{ daemonset: 'agent', namespace: 'shop' }, 'DaemonSet', 'agent'],
    [{ cronjob: 'nightly', namespace: 'shop' }, 'CronJob', 'nightly'],
    [{ horizontalpodautoscaler: 'api', namespace: 'shop' }, 'HorizontalPodAutoscaler', 'api'],
    [{ persistentvolumeclaim: 'data-db-0', namespace: 'shop' }, 'PersistentVolumeClaim', 'data-db-0'],
    [{ poddisruptionbudget: 'api', namespace: 'shop' }, 'PodDisruptionBudget', 'api'],
    [{ resourcequota: 'all', namespace: 'shop' }, 'ResourceQuota', 'all'],
    [{ service: 'api', namespace: 'shop' }, 'Service', 'api'],
    [{ namespace: 'shop' }, 'Namespace', 'shop'],
    [{ exported_namespace: 'shop', exported_pod: 'api-0', namespace: 'monitoring', pod: 'kube-state-metrics-0' }, 'Pod', 'api-0'],
    [{ job: 'kube-state-metrics', pod: 'kube-state-metrics-0', namespace: 'monitoring' }, 'Pod', 'kube-state-metrics-0'],
  ])('%j names a %s', (labels, kind, name) => {
    expect(one({ ...firing, labels }).signals[0]!.hints[0]).toMatchObject({ kind, name });
  });

  it.each([[{ alertname: 'Watchdog' }], [{ pod: '../../etc', namespace: 'shop/x' }], [{ pod: 'api-0' }], [{ job: 'api' }]])('%j names no object', (labels) => {
    expect(one({ ...firing, labels }).signals[0]!.hints).toEqual([]);
  });

  it('rejects one bad alert and takes the others', () => {
    const parsed = alertmanager.toSignals({ alerts: [firing, null, 'x', { ...firing, status: 'odd' }, { ...firing, labels: { a: 1 } }, { ...firing, startsAt: 'yesterday' }, { ...firing, fingerprint: 'bb' }] } as never, context);
    expect(parsed.signals.map((s) => s.fingerprint)).toEqual(['aa', 'bb']);
    expect(parsed.rejected).toHaveLength(5);
    expect(parsed.rejected.at(-1)).toEqual({ fingerprint: 'aa', reason: 'startsAt is not an RFC 3339 time' });
  });

  it('makes the fingerprint from the labels when none came', () => {
    const [a, b] = [{ ...firing, fingerprint: undefined }, { ...firing, fingerprint: '' }].map((x) => one(JSON.parse(JSON.stringify(x))).signals[0]!.fingerprint);
    expect(a).toMatch(/^[0-9a-f]{16}$/);
    expect(a).toBe(b);
  });

  it('rejects a cluster that is not served here and takes one that is', () => {
    const labels = { ...firing.labels, cluster: 'staging' };
    expect(one({ ...firing, labels }).rejected).toEqual([expect.objectContaining({ isForeign: true, reason: expect.stringContaining('gateway.clusters') })]);
    const parsed = alertmanager.toSignals({ alerts: [{ ...firing, labels }] } as never, { ...context, clusters: ['staging'] });
    expect(parsed.signals[0]!.cluster).toBe('staging');
  });

  it('reads the same instant the same, whatever the offset and precision', () => {
    const of = (startsAt: string) => one({ ...firing, startsAt }).signals[0]!.startsAt;
    expect(new Set([of('2026-03-01T00:00:00Z'), of('2026-03-01T01:00:00.000000001+01:00')]).size).toBe(1);
  });
});
