import type { Alert } from './alert-book.js';
import type { Labels } from './rule.js';

/** Where alerts go: a real AlertManager's API, or a receiver of AlertManager webhooks. */
export type AlertSink = { kind: 'alertmanager'; url: string } | { kind: 'webhook'; url: string; token?: string };

export interface Delivery {
  /** Sends what is due at this moment; returns the fingerprints of resolved alerts that were taken. */
  deliver(alerts: Alert[], nowMs: number): Promise<string[]>;
}

const timeoutMs = 5000;
const zeroTime = '0001-01-01T00:00:00Z';
const text = (ms: number): string => new Date(ms).toISOString();
const generatorUrl = (labels: Labels): string => `http://prometheus.sandbox.local/graph?g0.expr=${encodeURIComponent(`ALERTS{alertname="${labels['alertname'] ?? ''}"}`)}`;

async function post(url: string, body: unknown, token?: string): Promise<void> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(timeoutMs) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`POST ${url}: the receiver of alerts answered ${String(response.status)}; it is tried again at the next tick`);
}

/** Long enough that a missed tick resolves nothing, short enough that a dead sandbox does not alert for ever. */
const validForMs = 20_000;

/** Prometheus' side of AlertManager: everything is sent again and again, with an end in the near future. */
export function alertManagerDelivery(url: string): Delivery {
  return {
    async deliver(alerts, nowMs) {
      if (alerts.length === 0) return [];
      const body = alerts.map((alert) => ({
        labels: alert.labels,
        annotations: alert.annotations,
        startsAt: text(alert.startsAtMs),
        endsAt: text(alert.resolvedAtMs ?? nowMs + validForMs),
        generatorURL: generatorUrl(alert.labels),
      }));
      await post(`${url.replace(/\/$/, '')}/api/v2/alerts`, body);
      return alerts.filter((alert) => alert.resolvedAtMs !== undefined).map((alert) => alert.fingerprint);
    },
  };
}

const repeatEveryMs = 30_000;
const groupLabelNames = ['alertname', 'namespace'];
const maxParallel = 4;

interface Group {
  key: string;
  labels: Labels;
  alerts: Alert[];
}

function groupsOf(alerts: Alert[]): Group[] {
  const groups = new Map<string, Group>();
  for (const alert of alerts) {
    const labels = Object.fromEntries(groupLabelNames.flatMap((name) => (alert.labels[name] === undefined ? [] : [[name, alert.labels[name]]]))) as Labels;
    const key = `{}:{${Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`;
    const group = groups.get(key);
    if (group) group.alerts.push(alert);
    else groups.set(key, { key, labels, alerts: [alert] });
  }
  return [...groups.values()];
}

function commonOf(all: Labels[]): Labels {
  const [first = {}, ...rest] = all;
  return Object.fromEntries(Object.entries(first).filter(([name, value]) => rest.every((one) => one[name] === value)));
}

/** The body AlertManager's webhook receiver gets (version 4; field-notes.md 1). */
export function webhookBody(group: Group): object {
  return {
    version: '4',
    groupKey: group.key,
    truncatedAlerts: 0,
    status: group.alerts.some((alert) => alert.resolvedAtMs === undefined) ? 'firing' : 'resolved',
    receiver: 'kubernaut',
    groupLabels: group.labels,
    commonLabels: commonOf(group.alerts.map((alert) => alert.labels)),
    commonAnnotations: commonOf(group.alerts.map((alert) => alert.annotations)),
    externalURL: 'http://alertmanager.sandbox.local',
    alerts: group.alerts.map((alert) => ({
      status: alert.resolvedAtMs === undefined ? 'firing' : 'resolved',
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: text(alert.startsAtMs),
      endsAt: alert.resolvedAtMs === undefined ? zeroTime : text(alert.resolvedAtMs),
      generatorURL: generatorUrl(alert.labels),
      fingerprint: alert.fingerprint,
    })),
  };
}

/** AlertManager's own work in short: a group is sent when it changed, and repeated while it fires. */
export function webhookDelivery(url: string, token?: string): Delivery {
  const sent = new Map<string, { state: string; atMs: number }>();

  const isDue = (group: Group, nowMs: number): boolean => {
    const before = sent.get(group.key);
    return before?.state !== stateOf(group) || nowMs - before.atMs >= repeatEveryMs;
  };
  const stateOf = (group: Group): string => group.alerts.map((alert) => `${alert.fingerprint}/${String(alert.startsAtMs)}/${String(alert.resolvedAtMs ?? '')}`).sort().join();

  const sendOne = async (group: Group, nowMs: number): Promise<string[]> => {
    await post(url, webhookBody(group), token);
    const remaining = group.alerts.filter((alert) => alert.resolvedAtMs === undefined);
    // what was resolved is not told again: the group's next state is without it
    if (remaining.length === 0) sent.delete(group.key);
    else sent.set(group.key, { state: stateOf({ ...group, alerts: remaining }), atMs: nowMs });
    return group.alerts.filter((alert) => alert.resolvedAtMs !== undefined).map((alert) => alert.fingerprint);
  };

  return {
    async deliver(alerts, nowMs) {
      const due = groupsOf(alerts).filter((group) => isDue(group, nowMs));
      const delivered: string[] = [];
      const failures: unknown[] = [];
      const worker = async (): Promise<void> => {
        for (let group = due.shift(); group; group = due.shift()) {
          await sendOne(group, nowMs).then(
            (done) => delivered.push(...done),
            (error: unknown) => failures.push(error),
          );
        }
      };
      await Promise.all(Array.from({ length: maxParallel }, worker));
      if (failures.length > 0 && delivered.length === 0) throw failures[0];
      return delivered;
    },
  };
}

export const deliveryTo = (sink: AlertSink): Delivery =>
  sink.kind === 'alertmanager' ? alertManagerDelivery(sink.url) : webhookDelivery(sink.url, sink.token);
