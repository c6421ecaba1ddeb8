import type { FastifyInstance } from 'fastify';
import { Health, Ready } from '../../contracts/api.js';
import { isKubernautError } from '../../domain/errors.js';
import type { GatewayDeps } from '../deps.js';
import { SERVICE, type Readiness } from '../readiness.js';

const probe = { isPublic: true, isProbe: true };

/** `/health` and `/ready`: without a token, since kubelets and load balancers have none. They name components, never addresses. */
export function healthRoutes(app: FastifyInstance, readiness: Readiness, version: string): void {
  const startedMs = Date.now();
  const tags = ['operations'];
  app.get('/health', { config: probe, schema: { tags, summary: 'Alive; checks nothing outside', security: [], response: { 200: Health } } }, async () => ({
    healthy: true, status: 'healthy' as const, service: SERVICE, version, uptime: Math.round((Date.now() - startedMs) / 1000),
  }));
  app.get('/ready', { config: probe, schema: { tags, summary: 'Can signals be taken; 503 when Temporal is out of reach', security: [], response: { 200: Ready, 503: Ready } } }, async (_request, reply) => {
    const state = await readiness.check();
    if (!state.healthy) reply.header('retry-after', '5');
    return reply.code(state.healthy ? 200 : 503).send(state);
  });
}

const PATIENCE_MS = 1000;

/** `/metrics` in the Prometheus text format; numbers and closed labels only, so it needs no token. */
export function metricsRoute(app: FastifyInstance, { metrics, store }: Pick<GatewayDeps, 'metrics'> & Partial<Pick<GatewayDeps, 'store'>>): void {
  app.get('/metrics', { config: probe, schema: { tags: ['operations'], summary: 'Prometheus metrics', security: [], produces: ['text/plain'] } }, async (_request, reply) => {
    if (store) await Promise.race([countWaiting(metrics, store), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref())]);
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}

/** Counted where everybody's plans are, at the moment of the scrape. Without the store the last number stays; its outage is a metric of its own. */
async function countWaiting(metrics: GatewayDeps['metrics'], store: GatewayDeps['store']): Promise<void> {
  try {
    metrics.approvalsPending.set(await store.countInPhase('awaiting_approval'));
  } catch (error) {
    if (!isKubernautError(error, 'StoreUnavailable')) throw error;
  }
}
