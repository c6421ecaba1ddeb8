import { TypeCompiler } from '@sinclair/typebox/compiler';
import { AlertmanagerAlert } from '../contracts/alertmanager.js';
import { fingerprintOf, severityOf, type Signal } from '../domain/signal.js';
import { cleanMap, instantOf, isZeroTime } from './clean.js';
import type { Rejection, SourceContext } from './define.js';
import { hintsOf } from './kubernetes-hints.js';

const alertSchema = TypeCompiler.Compile(AlertmanagerAlert);

export const isRejection = (parsed: Signal | Rejection): parsed is Rejection => 'reason' in parsed;

/**
 * One alert as AlertManager, Grafana and those who imitate them write it. Fingerprints of other sources than AlertManager
 * carry the source in front: whoever may send as one source must not be able to resolve the alerts of another.
 */
export function signalOfAlert(alert: unknown, source: string, context: SourceContext): Signal | Rejection {
  if (!alertSchema.Check(alert)) return { ...knownFingerprint(alert), reason: whyUnusable(alert) };
  const fingerprint = usableFingerprint(alert, source);
  const startsAt = instantOf(alert.startsAt);
  if (startsAt === undefined) return { fingerprint, reason: 'startsAt is not an RFC 3339 time' };
  const cluster = Object.hasOwn(alert.labels, 'cluster') ? alert.labels.cluster! : context.cluster;
  const foreign = foreignCluster(cluster, fingerprint, context);
  if (foreign) return foreign;
  const labels = cleanMap(alert.labels);
  return {
    source,
    cluster,
    fingerprint,
    status: alert.status,
    alert: (labels.alertname ?? 'unnamed alert').slice(0, 253),
    severity: severityOf(labels.severity ?? labels.priority),
    startsAt,
    ...endOf(alert),
    receivedAt: context.receivedAt,
    labels,
    annotations: cleanMap(alert.annotations),
    ...(alert.generatorURL ? { generatorUrl: alert.generatorURL.slice(0, 2048) } : {}),
    hints: hintsOf(alert.labels),
  };
}

/** What is to be said of a cluster that is neither ours nor named in the configuration. */
export const foreignCluster = (cluster: string, fingerprint: string, context: SourceContext): Rejection | undefined =>
  cluster === context.cluster || context.clusters?.includes(cluster)
    ? undefined
    : { fingerprint, reason: `cluster ${cluster.slice(0, 253)} is not served here; name it in gateway.clusters or set kubernetes.cluster to it`, isForeign: true };

function usableFingerprint({ fingerprint, labels }: AlertmanagerAlert, source: string): string {
  const own = fingerprint !== undefined && /^[\w:.-]{1,128}$/.test(fingerprint) ? fingerprint : fingerprintOf(source, labels);
  return source === 'alertmanager' ? own : `${source}:${own}`;
}

/** While an alert fires, endsAt is AlertManager's own expiry (or the zero time) and says nothing about the trouble. */
function endOf({ status, endsAt }: AlertmanagerAlert): { endsAt?: string } {
  const end = status === 'resolved' && endsAt !== undefined && !isZeroTime(endsAt) ? instantOf(endsAt) : undefined;
  return end === undefined ? {} : { endsAt: end };
}

const knownFingerprint = (alert: unknown): { fingerprint?: string } => {
  const fingerprint = (alert as { fingerprint?: unknown } | null)?.fingerprint;
  return typeof fingerprint === 'string' ? { fingerprint: fingerprint.slice(0, 128) } : {};
};

function whyUnusable(alert: unknown): string {
  const first = alertSchema.Errors(alert).First();
  return first ? `${first.path || 'the alert'}: ${first.message}`.slice(0, 300) : 'the alert cannot be read';
}
