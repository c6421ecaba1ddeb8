import { fingerprintOf } from '../ticker/fingerprint.js';
import type { Alert } from './scenario.js';

/** One hand-sent alert with everything AlertManager adds. */
export interface SentAlert {
  status: 'firing' | 'resolved';
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL: string;
  fingerprint: string;
}

const ZERO_TIME = '0001-01-01T00:00:00Z';
const stringsOf = (map: Record<string, unknown> = {}): Record<string, string> => Object.fromEntries(Object.entries(map).map(([k, v]) => [k, String(v)]));

export function alertOf(alert: Alert, now: string): SentAlert {
  const labels = stringsOf(alert.labels);
  const status = alert.status ?? 'firing';
  return {
    status,
    labels,
    annotations: stringsOf(alert.annotations),
    startsAt: alert.startsAt ?? now,
    endsAt: alert.endsAt ?? (status === 'resolved' ? now : ZERO_TIME),
    generatorURL: alert.generatorURL ?? 'http://prometheus.sandbox.local/graph',
    fingerprint: alert.fingerprint ?? fingerprintOf(labels),
  };
}

export const resolvedOf = (alert: SentAlert, now: string): SentAlert => ({ ...alert, status: 'resolved', endsAt: now });

const commonOf = (maps: Record<string, string>[]): Record<string, string> =>
  Object.fromEntries(Object.entries(maps[0] ?? {}).filter(([k, v]) => maps.every((m) => m[k] === v)));

/** The body of AlertManager's webhook receiver (version 4; field-notes.md 1). */
export function alertManagerBody(alerts: readonly SentAlert[]): object {
  const groupLabels = commonOf(alerts.map(({ labels: { alertname = '', namespace } }) => ({ alertname, ...(namespace ? { namespace } : {}) })));
  return {
    version: '4',
    groupKey: `{}:{${Object.entries(groupLabels).map(([k, v]) => `${k}=${JSON.stringify(v)}`).join(', ')}}`,
    truncatedAlerts: 0,
    status: alerts.some((a) => a.status === 'firing') ? 'firing' : 'resolved',
    receiver: 'kubernaut',
    groupLabels,
    commonLabels: commonOf(alerts.map((a) => a.labels)),
    commonAnnotations: commonOf(alerts.map((a) => a.annotations)),
    externalURL: 'http://alertmanager.sandbox.local',
    alerts,
  };
}
