import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../../config/schema.js';
import { durationMs } from '../../domain/duration.js';
import { KubernautError } from '../../domain/errors.js';
import { bearerOf, matchingSecret, verifyBearer } from '../../sources/bearer.js';
import { requireRight, requireSender, type Identity, type Right } from '../identity.js';
import { isJwt, type CheckToken } from '../jwt.js';
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
    /** What a token of the identity provider must allow; default: `read` to GET, `decide` to everything else. */
    right?: Right;
  }
  interface FastifyRequest {
    /** Which of the configured tokens the caller showed; undefined for none or a wrong one. */
    caller: string | undefined;
    /** Whose token a webhook shows, one of its source; opens nothing but that source. */
    sender: string | undefined;
    /** Who shows a token of the identity provider; narrows what is seen and said. */
    identity: Identity | undefined;
    /** Why such a token was not taken: said once it is counted. */
    refusal: unknown;
  }
}

const MAX_EVENT_LOOP_DELAY_MS = 2500;

interface Parts {
  readiness: Readiness;
  sources: OpenSources;
  checkToken?: CheckToken;
}

/**
 * What stands between the network and the routes, in this order: shutting down → 503, overload → 503, one abusive caller → 429,
 * wrong credentials → 401. Credentials are checked before the body is read.
 */
export function addDoor(app: FastifyInstance, config: Config['gateway'], { readiness, sources, checkToken }: Parts): void {
  const tokens = config.tokens.map((t) => t.reveal());
  const isOpenToAll = tokens.length === 0 && checkToken === undefined;
  app.decorateRequest('caller', undefined);
  app.decorateRequest('sender', undefined);
  app.decorateRequest('identity', undefined);
  app.decorateRequest('refusal', undefined);
  app.addHook('onRequest', async (request) => {
    const given = bearerOf(request.headers);
    const index = given === undefined ? -1 : matchingSecret(given, tokens);
    request.caller = index < 0 ? undefined : `token-${index}`;
    if (request.routeOptions.config.isWebhook) request.sender = senderOf(sourceOf(request, sources), request.headers);
    if (saidTwice(request)) request.refusal = new KubernautError('Unauthorized', 'there are two Authorization headers; send one');
    else if (checkToken && mayBeIdentity(request, sources)) await identify(request, given, checkToken);
    if (readiness.isClosing && !isExempt(request)) throw new KubernautError('Overloaded', { message: 'the gateway is shutting down; send it again in a moment', retryAfterMs: 5000 });
  });
  // A kept-alive connection would hold the shutdown until it times out.
  app.addHook('onSend', async (_request, reply) => {
    if (readiness.isClosing) reply.header('connection', 'close');
  });
  addLimits(app, config, sources);
  void app.register(helmet, { global: true, contentSecurityPolicy: false });
  app.addHook('preParsing', async (request) => {
    const { isPublic, isWebhook, right } = request.routeOptions.config;
    if (isPublic || request.is404) return;
    if (request.refusal !== undefined) throw request.refusal;
    if (request.identity) return allow(request.identity, request, isWebhook ? sources : right);
    if (isWebhook || isOpenToAll || request.caller !== undefined) return;
    verifyBearer(request.headers, tokens);
  });
}

/** Node keeps the first of two, somebody in front of us may have looked at the second. */
function saidTwice({ raw: { rawHeaders } }: FastifyRequest): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.length === 13 && rawHeaders[i]!.toLowerCase() === 'authorization') count += 1;
  return count > 1;
}

/** A token that is one of ours is never looked at as one of the provider; senders who sign show none. */
function mayBeIdentity(request: FastifyRequest, sources: OpenSources): boolean {
  const { isPublic, isWebhook } = request.routeOptions.config;
  if (isPublic || request.is404) return false;
  return isWebhook ? request.sender === undefined && sourceOf(request, sources)?.takesJwt === true : request.caller === undefined;
}

async function identify(request: FastifyRequest, given: string | undefined, checkToken: CheckToken): Promise<void> {
  if (given === undefined || !isJwt(given)) return;
  try {
    request.identity = await checkToken(given);
    request.caller = `subject ${request.identity.subject}`;
  } catch (error) {
    request.refusal = error;
  }
}

function allow(identity: Identity, request: FastifyRequest, what: OpenSources | Right | undefined): void {
  if (typeof what === 'object') {
    const source = sourceOf(request, what);
    if (source) requireSender(identity, source.key);
    return;
  }
  const isRead = what === 'read' || (what === undefined && (request.method === 'GET' || request.method === 'HEAD'));
  requireRight(identity, ...(isRead ? (['read', 'decide'] as const) : [what ?? 'decide']));
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
 * Per subject of the identity provider, per authenticated source, then per address and source: a stranger who floods us, or one source, does not use up the share
 * of another. Signatures are judged after the body, so those who sign count by address.
 */
function callerKey(request: FastifyRequest, sources: OpenSources): string {
  if (request.identity) return `subject ${request.identity.subject}`;
  if (!request.routeOptions.config.isWebhook) return request.caller === undefined ? `address ${request.ip}` : `${request.caller} api`;
  return request.sender ?? `address ${request.ip} ${sourceOf(request, sources)?.key ?? 'unknown'}`;
}

function sourceOf(request: FastifyRequest, sources: OpenSources): OpenSource | undefined {
  const { source = 'alertmanager', name } = request.params as { source?: string; name?: string };
  return sources.find(source, name);
}
