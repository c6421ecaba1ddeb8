import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AlertAnalysis, AnalyzeAlertBody } from '../../contracts/analysis.js';
import { Problem } from '../../contracts/api.js';
import { durationMs } from '../../domain/duration.js';
import { KubernautError } from '../../domain/errors.js';
import type { Signal } from '../../domain/signal.js';
import { describeTarget, namespaceOf, type Target } from '../../domain/target.js';
import { alertToAnalyze } from '../alert-to-analyze.js';
import { atOnce } from '../at-once.js';
import type { GatewayDeps } from '../deps.js';
import { coversAllOf, requireCovered } from '../identity.js';

/** Each waits for minutes at worst. */
const MOST_AT_ONCE = 50;
/** Of the time, what a model may take: the rest is for reading and deciding. */
const MODEL_SHARE = 0.8;

/**
 * `POST /api/v1/analyze-alert`: what would be done. It only reads, so the right `read` is enough, for what the token covers.
 * 503 with Retry-After when the answer takes longer than `processing.timeout`, and when too many ask at once.
 */
export function analysisRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  const limited = atOnce(MOST_AT_ONCE, 'analyses');
  const withinMs = durationMs(deps.config.processing.timeout);
  const schema = { tags: ['analysis'], summary: 'What would be done about an alert; changes nothing', body: AnalyzeAlertBody, response: { 200: AlertAnalysis, '4xx': Problem, '5xx': Problem } };
  app.post<{ Body: AnalyzeAlertBody }>('/api/v1/analyze-alert', { schema, config: { right: 'read' } }, async (request, reply) => {
    const { signal, target } = subject(deps, request);
    // the server's own patience with a silent connection is shorter than ours
    reply.raw.setTimeout(withinMs + 30_000);
    const analysis = await limited(() => deps.temporal.look({ type: 'analyzeAlert', id: randomUUID(), summary: `${signal.alert} · ${describeTarget(target)}`, input: inputFor(deps, signal, target, withinMs) }, withinMs));
    return { request_id: request.id, ...(analysis as Omit<AlertAnalysis, 'request_id'>) };
  });
}

function subject({ config, cluster, resolveTarget, now = () => new Date().toISOString() }: GatewayDeps, { body, identity }: FastifyRequest<{ Body: AnalyzeAlertBody }>): { signal: Signal; target: Target } {
  const signal = alertToAnalyze(body, { cluster, clusters: config.gateway.clusters, now: now() });
  const unserved = signal.hints.map(namespaceOf).find((space) => space !== undefined && config.gateway.namespaces.length > 0 && !config.gateway.namespaces.includes(space));
  if (unserved !== undefined) throw new KubernautError('NotAllowed', `namespace ${unserved} is not served here; add it to gateway.namespaces`);
  if (!coversAllOf(identity, signal)) throw new KubernautError('NotAllowed', 'this token does not cover all that the alert names');
  const [hint] = signal.hints;
  const found = resolveTarget(signal.hints, signal.cluster);
  const target: Target = found ? { ...found, cluster: signal.cluster } : { cluster: signal.cluster, apiVersion: hint!.apiVersion ?? 'v1', kind: hint!.kind, ...(hint!.namespace ? { namespace: hint!.namespace } : {}), name: hint!.name };
  // A pod's labels may lead to an owner elsewhere.
  requireCovered(identity, { cluster: target.cluster, namespace: namespaceOf(target) });
  return { signal, target };
}

const inputFor = ({ remediate }: GatewayDeps, s: Signal, target: Target, withinMs: number) => ({
  id: `analysis-${s.fingerprint}`.slice(0, 100),
  target,
  problem: { fingerprint: s.fingerprint, alert: s.alert, severity: s.severity, status: 'firing' as const, startedAt: s.startsAt, refires: 0, labels: s.labels, annotations: s.annotations },
  isCoLocated: remediate.isCoLocated,
  hasModel: remediate.hasModel,
  modelWithinMs: Math.round(withinMs * MODEL_SHARE),
});
