import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Metrics } from '../../adapters/telemetry/metrics.js';

/** A caller's id is taken over when it is short and harmless in logs and headers; otherwise a new one is made. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._:-]{1,128}$/.test(given) ? given : randomUUID();
}

/** W3C trace context, version 00: the trace id, or undefined when the header is absent or malformed. */
export function traceIdOf(header: string | string[] | undefined): string | undefined {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(typeof header === 'string' ? header : '');
  return match && !/^0+$/.test(match[1]!) && !/^0+$/.test(match[2]!) ? match[1] : undefined;
}

const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH']);

/** Request id and trace in and out, response time, one log line and the HTTP metrics of every request. */
export function addTracing(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    const traceId = traceIdOf(request.headers.traceparent);
    if (traceId) {
      reply.header('traceparent', request.headers.traceparent);
      request.log = request.log.child({ trace_id: traceId });
    }
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-response-time', `${reply.elapsedTime.toFixed(1)}ms`);
  });
  app.addHook('onResponse', async (request, reply) => {
    const method = METHODS.has(request.method) ? request.method : 'OTHER';
    const labels = { method, route: request.routeOptions.url ?? 'unmatched', status: String(reply.statusCode) };
    metrics.httpRequests.inc(labels);
    metrics.httpDuration.observe(labels, reply.elapsedTime / 1000);
    if (request.routeOptions.config.isWebhook) metrics.webhookRequests.inc({ status: labels.status, method });
    const level = reply.statusCode >= 500 ? 'warn' : request.routeOptions.config.isProbe ? 'trace' : 'debug';
    request.log[level]({ method, route: labels.route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'request answered');
  });
}
