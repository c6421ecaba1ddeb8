import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler';
import type { TSchema } from '@sinclair/typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem, SignalResults, type SignalResult } from '../../contracts/api.js';
import { KubernautError } from '../../domain/errors.js';
import type { Signal } from '../../domain/signal.js';
import type { SourceDefinition } from '../../sources/define.js';
import { sources } from '../../sources/index.js';
import { decodeJson } from '../decode-json.js';
import type { GatewayDeps } from '../deps.js';
import type { Intake } from '../intake.js';

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const MAX_ALERTS = 5000;

type Source = SourceDefinition<string, TSchema>;

/** `POST /alerts` and `POST /api/v1/signals/:source`. Bodies arrive as bytes: signatures are over bytes, and nothing is parsed for strangers. */
export function signalRoutes(app: FastifyInstance, deps: GatewayDeps, intake: Intake): void {
  const secrets = deps.config.gateway.tokens.map((t) => t.reveal());
  const receive = receiver(deps, intake, secrets);

  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, raw, done) => done(null, raw));
    // Before the body is read, where the headers are enough.
    scope.addHook('preParsing', async (request) => {
      const source = sourceOf(request);
      if (secrets.length > 0 && source.verifiesHeadersOnly) source.verify(Buffer.alloc(0), request.headers, secrets);
    });
    const options = {
      bodyLimit: MAX_BODY_BYTES,
      config: { isWebhook: true },
      schema: {
        tags: ['signals'],
        summary: 'Take alerts: start or join the remediation of each target',
        response: { 200: SignalResults, 202: SignalResults, '4xx': Problem, '5xx': Problem },
      },
    };
    scope.post('/alerts', options, async (request, reply) => {
      const { status, body } = await receive(request, sources.get('alertmanager'));
      return reply.code(status).send(body);
    });
    scope.post<{ Params: { source: string } }>('/api/v1/signals/:source', options, async (request, reply) => {
      const { status, body } = await receive(request, sourceOf(request));
      return reply.code(status).send(body);
    });
  });
}

const sourceOf = (request: FastifyRequest): Source => sources.get((request.params as { source?: string }).source ?? 'alertmanager');

function receiver({ config, cluster, now = () => new Date().toISOString() }: GatewayDeps, intake: Intake, secrets: readonly string[]) {
  const checks = new Map<string, TypeCheck<TSchema>>();
  const checkOf = (source: Source): TypeCheck<TSchema> => {
    const check = checks.get(source.id) ?? TypeCompiler.Compile(source.body);
    checks.set(source.id, check);
    return check;
  };

  return async (request: FastifyRequest, source: Source) => {
    requireType(request, source);
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (secrets.length > 0 && !source.verifiesHeadersOnly) source.verify(raw, request.headers, secrets);
    const body = decodeJson(raw);
    requireFit(body, checkOf(source));
    const parsed = source.toSignals(body, { cluster, clusters: config.gateway.clusters, receivedAt: now() });
    const { own, foreign } = byNamespace(parsed.signals, config.gateway.namespaces);
    if (parsed.truncated > 0) request.log.warn({ source: source.id, truncated: parsed.truncated }, 'the sender left alerts out of this request; raise its max_alerts');
    const results = [...(await intake.accept(own)), ...foreign.map(foreignResult), ...parsed.rejected.map(({ fingerprint, reason }): SignalResult => ({ fingerprint, outcome: 'rejected', reason }))];
    refuseWhenAllRejected(results, foreign.length > 0 || parsed.rejected.some((r) => r.isForeign));
    const isTaken = results.some((r) => r.outcome === 'started' || r.outcome === 'joined');
    return {
      status: isTaken ? 202 : 200,
      body: { request_id: request.id, results, ...(parsed.truncated > 0 ? { truncated_alerts: parsed.truncated } : {}) },
    };
  };
}

function requireType(request: FastifyRequest, source: Source): void {
  const [type, ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';').map((s) => s.trim());
  const charset = parameters.find((p) => p.startsWith('charset='))?.slice(8).replaceAll('"', '');
  if (source.contentTypes.includes(type!) && (charset === undefined || charset === 'utf-8' || charset === 'utf8')) return;
  throw new KubernautError('UnsupportedMediaType', `source ${source.id} takes ${source.contentTypes.join(' or ')} in UTF-8; set the Content-Type header`);
}

function requireFit(body: unknown, check: TypeCheck<TSchema>): void {
  const alerts = (body as { alerts?: unknown } | null)?.alerts;
  if (Array.isArray(alerts) && alerts.length > MAX_ALERTS) {
    throw new KubernautError('PayloadTooLarge', `${alerts.length} alerts in one request; send at most ${MAX_ALERTS} (max_alerts of the receiver)`);
  }
  if (check.Check(body)) return;
  const first = check.Errors(body).First();
  throw new KubernautError('InvalidParams', `the body does not fit this source: ${first?.path || 'body'}: ${first?.message ?? 'is wrong'}`);
}

function byNamespace(signals: readonly Signal[], allowed: readonly string[]): { own: Signal[]; foreign: Signal[] } {
  const isOwn = (s: Signal): boolean => allowed.length === 0 || s.hints.every((h) => (h.kind === 'Namespace' ? allowed.includes(h.name) : h.namespace === undefined || allowed.includes(h.namespace)));
  return { own: signals.filter(isOwn), foreign: signals.filter((s) => !isOwn(s)) };
}

const foreignResult = (s: Signal): SignalResult => ({
  fingerprint: s.fingerprint,
  outcome: 'rejected',
  reason: `namespace ${s.hints[0]?.namespace ?? s.hints[0]?.name} is not served here; add it to gateway.namespaces`,
});

function refuseWhenAllRejected(results: SignalResult[], isForeign: boolean): void {
  if (results.length === 0 || results.some((r) => r.outcome !== 'rejected')) return;
  const message = `none of the ${results.length} alerts can be used: ${results[0]!.reason}`;
  throw new KubernautError(isForeign ? 'NotAllowed' : 'BadRequest', { message, results });
}
