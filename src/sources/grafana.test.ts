import { describe, expect, it } from '@jest/globals';
import { recorded } from '../../test/support/sources.js';
import { grafana } from './grafana.js';

const context = { cluster: 'prod', receivedAt: '2026-03-01T02:31:00.000Z', settings: { noData: 'ignore' as const } };
const body = recorded('grafana', 'firing-group');
const { signals, ignored } = grafana.toSignals(body, context);

describe('what Grafana sends', () => {
  it('is read as AlertManager\'s: status, severity, times in UTC, no end while it fires', () => {
    expect(signals.map((s) => [s.fingerprint, s.alert, s.status, s.severity, s.startsAt, s.endsAt])).toEqual([
      ['grafana:57c6d9296de2ad39', 'Checkout pods restart', 'firing', 'critical', '2026-03-01T02:14:10.000Z', undefined],
      ['grafana:fac0861a85de433a', 'Node memory', 'resolved', 'high', '2026-03-01T02:01:00.000Z', '2026-03-01T02:30:00.000Z'],
    ]);
    expect(signals.map((s) => s.hints[0])).toEqual([
      { kind: 'Deployment', apiVersion: 'apps/v1', namespace: 'shop', name: 'checkout' },
      { kind: 'Node', apiVersion: 'v1', name: 'worker-3' },
    ]);
  });

  it('brings values and links as texts for people, and no secret', () => {
    expect(signals[0]!.annotations).toMatchObject({ grafana_values: '{"B":6,"C":1}', grafana_panel: expect.stringContaining('viewPanel=4') });
    expect(signals[1]!.annotations).toEqual({ grafana_silence: expect.stringContaining('silence/new') });
    expect(JSON.stringify(signals)).not.toContain('hunter2');
  });

  it('says of alerts about a rule that they are about the rule, unless they shall be taken', () => {
    expect(ignored).toEqual([{ signal: expect.objectContaining({ alert: 'DatasourceNoData' }), reason: expect.stringContaining('sources.grafana.noData') }]);
    expect(grafana.toSignals(body, { ...context, settings: { noData: 'take' } }).signals.map((s) => s.alert)).toContain('DatasourceNoData');
  });

  it('rejects one bad alert and takes the others', () => {
    const parsed = grafana.toSignals({ alerts: [null, ...body.alerts, { ...body.alerts[0], startsAt: 'soon' }] } as never, context);
    expect([parsed.signals.length, parsed.rejected.length]).toEqual([2, 2]);
  });
});
