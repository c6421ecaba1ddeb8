import { TypeCompiler } from '@sinclair/typebox/compiler';
import { AlertmanagerAlert, AlertmanagerWebhook } from '../contracts/alertmanager.js';
import { fingerprintOf, severityOf, type Signal } from '../domain/signal.js';
import { verifyBearer } from './bearer.js';
import { cleanMap, instantOf, isZeroTime } from './clean.js';
import { defineSource, type ParsedSignals, type SourceContext } from './define.js';
import { hintsOf } from './kubernetes-hints.js';

const alertSchema = TypeCompiler.Compile(AlertmanagerAlert);

export const alertmanager = defineSource({
  id: 'alertmanager',
  summary: 'Prometheus AlertManager, webhook version 4.',
  body: AlertmanagerWebhook,
  contentTypes: ['application/json'],
  verifiesHeadersOnly: true,

  verify(_raw, headers, secrets) {
    verifyBearer(headers, secrets);
  },

  toSignals(body, context) {
    const parsed: ParsedSignals = { signals: [], rejected: [], truncated: body.truncatedAlerts ?? 0 };
    for (const alert of body.alerts) {
      const signal = toSignal(alert, context);
      if ('reason' in signal) parsed.rejected.push(signal);
      else parsed.signals.push(signal);
    }
    return parsed;
  },
});

type Rejection = ParsedSignals['rejected'][number];

function toSignal(alert: unknown, context: SourceContext): Signal | Rejection {
  if (!alertSchema.Check(alert)) return { ...knownFingerprint(alert), reason: whyUnusable(alert) };
  const fingerprint = usableFingerprint(alert);
  const startsAt = instantOf(alert.startsAt);
  if (startsAt === undefined) return { fingerprint, reason: 'startsAt is not an RFC 3339 time' };
  const cluster = Object.hasOwn(alert.labels, 'cluster') ? alert.labels.cluster! : context.cluster;
  if (cluster !== context.cluster && !context.clusters?.includes(cluster)) return foreign(fingerprint, cluster);
  const labels = cleanMap(alert.labels);
  return {
    source: 'alertmanager',
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

const usableFingerprint = ({ fingerprint, labels }: AlertmanagerAlert): string =>
  fingerprint !== undefined && /^[\w:.-]{1,128}$/.test(fingerprint) ? fingerprint : fingerprintOf('alertmanager', labels);

/** While an alert fires, endsAt is AlertManager's own expiry (or the zero time) and says nothing about the trouble. */
function endOf({ status, endsAt }: AlertmanagerAlert): { endsAt?: string } {
  const end = status === 'resolved' && endsAt !== undefined && !isZeroTime(endsAt) ? instantOf(endsAt) : undefined;
  return end === undefined ? {} : { endsAt: end };
}

const foreign = (fingerprint: string, cluster: string): Rejection => ({
  fingerprint,
  reason: `cluster ${cluster.slice(0, 253)} is not served here; name it in gateway.clusters or set kubernetes.cluster to it`,
  isForeign: true,
});

const knownFingerprint = (alert: unknown): { fingerprint?: string } => {
  const fingerprint = (alert as { fingerprint?: unknown } | null)?.fingerprint;
  return typeof fingerprint === 'string' ? { fingerprint: fingerprint.slice(0, 128) } : {};
};

function whyUnusable(alert: unknown): string {
  const first = alertSchema.Errors(alert).First();
  return first ? `${first.path || 'the alert'}: ${first.message}`.slice(0, 300) : 'the alert cannot be read';
}
