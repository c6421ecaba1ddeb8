import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../../config/schema.js';
import { durationMs } from '../../domain/duration.js';
import { KubernautError } from '../../domain/errors.js';
import { bearerOf, matchingSecret, verifyBearer } from '../../sources/bearer.js';
import { senderOf, type OpenSource, type OpenSources } from '../open-sources.js';
import type { Readiness } from '../readiness.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without credentials. */
    isPublic?: boolean;
    /** Asked by machines every few seconds: not limited, not refused under pressure, not logged. */
    isProbe?: boolean;
    /** Takes signals: the source checks the credentials. */
    isWebhook?: boolean;
  }
  interface FastifyRequest {
    /** Which of the configured tokens the caller showed; undefined for none or a wrong one. */
    caller: string | undefined;
    /** Whose token a webhook shows, one of its source; opens nothing but that source. */
    sender: string | undefined;
  }
}

const MAX_EVENT_LOOP_DELAY_MS = 2500;

/**
 * What stands between the network and the routes, in this order: shutting down → 503, overload → 503, one abusive caller → 429,
 * wrong credentials → 401. Credentials are checked before the body is read.
 */
export function addDoor(app: FastifyInstance, config: Config['gateway'], { readiness, sources }: { readiness: Readiness; sources: OpenSources }): void {
  const tokens = config.tokens.map((t) => t.reveal());
  app.decorateRequest('caller', undefined);
  app.decorateRequest('sender', undefined);
  app.addHook('onRequest', async (request) => {
    const given = bearerOf(request.headers);
    const index = given === undefined ? -1 : matchingSecret(given, tokens);
    request.caller = index < 0 ? undefined : `token-${index}`;
    if (request.routeOptions.config.isWebhook) request.sender = senderOf(sourceOf(request, sources), request.headers);
    if (readiness.isClosing && !isExempt(request)) throw new KubernautError('Overloaded', { message: 'the gateway is shutting down; send it again in a moment', retryAfterMs: 5000 });
  });
  // A kept-alive connection would hold the shutdown until it times out.
  app.addHook('onSend', async (_request, reply) => {
    if (readiness.isClosing) reply.header('connection', 'close');
  });
  addLimits(app, config, sources);
  void app.register(helmet, { global: true, contentSecurityPolicy: false });
  app.addHook('preParsing', async (request) => {
    const { isPublic, isWebhook } = request.routeOptions.config;
    if (isPublic || isWebhook || request.is404 || tokens.length === 0 || request.caller !== undefined) return;
    verifyBearer(request.headers, tokens);
  });
}

function addLimits(app: FastifyInstance, config: Config['gateway'], sources: OpenSources): void {
  void app.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    pressureHandler: (request: FastifyRequest) => {
      if (isExempt(request)) return;
      throw new KubernautError('Overloaded', { message: 'the gateway is overloaded; send it again in a moment', retryAfterMs: 2000 });
    },
  });
  void app.register(rateLimit, {
    max: config.rateLimit.requests,
    timeWindow: durationMs(config.rateLimit.window),
    allowList: (request) => isExempt(request),
    keyGenerator: (request) => callerKey(request, sources),
    errorResponseBuilder: (_request, { ttl }) =>
      new KubernautError('RateLimited', { message: 'too many requests from this sender; group more alerts into one request or raise gateway.rateLimit', retryAfterMs: ttl }),
  });
}

const isExempt = (request: FastifyRequest): boolean => request.routeOptions.config.isProbe === true;

/**
 * Per authenticated source, then per address and source: a stranger who floods us, or one source, does not use up the share
 * of another. Signatures are judged after the body, so those who sign count by address.
 */
function callerKey(request: FastifyRequest, sources: OpenSources): string {
  if (!request.routeOptions.config.isWebhook) return request.caller === undefined ? `address ${request.ip}` : `${request.caller} api`;
  return request.sender ?? `address ${request.ip} ${sourceOf(request, sources)?.key ?? 'unknown'}`;
}

function sourceOf(request: FastifyRequest, sources: OpenSources): OpenSource | undefined {
  const { source = 'alertmanager', name } = request.params as { source?: string; name?: string };
  return sources.find(source, name);
}
