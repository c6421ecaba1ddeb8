import type { TSchema } from '@sinclair/typebox';
import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler';
import type { FastifyRequest } from 'fastify';
import { createDocuments } from '../adapters/sns/documents.js';
import type { SignalResult, SignalResults } from '../contracts/api.js';
import { KubernautError } from '../domain/errors.js';
import type { Access, ParsedSignals, Verified } from '../sources/define.js';
import { decodeJson } from './decode-json.js';
import type { GatewayDeps } from './deps.js';
import type { Intake } from './intake.js';
import type { OpenSource, Source } from './open-sources.js';
import { recentDeliveries } from './recent-deliveries.js';
import { ours } from './our-trouble.js';
import type { Truncations } from './truncations.js';
import { scopedToHistory, scopeOf } from './scoped-signals.js';

const MAX_ALERTS = 5000;

export interface Receiver {
  /** What the headers alone tell, before the body is read. Throws `Unauthorized`. */
  admit(request: FastifyRequest, source: OpenSource): void;
  receive(request: FastifyRequest, source: OpenSource): Promise<{ status: 200 | 202; body: SignalResults }>;
}

/** From a request to signals that are handed over: type, credentials, JSON, schema, scope, in this order. */
export function createReceiver(deps: GatewayDeps, intake: Intake, truncations: Pick<Truncations, 'see'>): Receiver {
  const { config, cluster, store, documents = createDocuments(), now = () => new Date().toISOString() } = deps;
  const checkOf = schemaChecks();
  const recent = recentDeliveries();
  const accessOf = ({ tokens, hmac, settings }: OpenSource): Access<Record<string, unknown>> => ({ tokens, hmac, settings, nowMs: Date.parse(now()) });

  async function verify(raw: Buffer, request: FastifyRequest, source: OpenSource): Promise<Verified> {
    const { definition } = source;
    if (source.isUnguarded || request.identity || definition.verifiesHeadersOnly) return {};
    const access = accessOf(source);
    const url = definition.evidenceUrl?.(raw, access);
    const evidence = url === undefined ? undefined : await documents.read(url);
    return definition.verify(raw, request.headers, { ...access, evidence }) ?? {};
  }

  async function parse(raw: Buffer, request: FastifyRequest, { definition, cluster: ofSource = cluster, settings, name }: OpenSource): Promise<ParsedSignals> {
    const json = decodeJson(raw);
    const body = definition.unwrap ? definition.unwrap(json, request.headers) : json;
    requireFit(body, checkOf(definition));
    const visit = definition.acknowledgeUrl?.(body);
    if (visit !== undefined) await documents.visit(visit);
    const parsed = definition.toSignals(body, { cluster: ofSource, clusters: [cluster, ...config.gateway.clusters], receivedAt: now(), settings, name });
    requireCount(parsed);
    return parsed;
  }

  /** Hands over what is new; what a repeated delivery brings again is only named. */
  async function accept(parsed: ParsedSignals, sender: string, deliveryId: string | undefined): Promise<SignalResult[]> {
    const keyOf = (id: string | undefined) => (id === undefined ? undefined : `${sender} ${id}`);
    const request = keyOf(deliveryId);
    const known = (id: string | undefined): boolean => [request, keyOf(id)].some((key) => key !== undefined && recent.has(key));
    const isRepeat = parsed.signals.map((_, i) => known(parsed.deliveryIds?.[i]));
    const results = await intake.accept(parsed.signals.filter((_, i) => !isRepeat[i]));
    for (const key of [request, ...(parsed.deliveryIds ?? []).map(keyOf)]) if (key !== undefined) recent.add(key);
    return parsed.signals.map(({ fingerprint }, i) => (isRepeat[i] ? { fingerprint, outcome: 'duplicate', reason: 'this delivery was received before' } : results.shift()!));
  }

  return {
    admit(request, source) {
      const { definition } = source;
      if (source.isUnguarded || request.identity) return;
      if (definition.verifiesHeadersOnly) definition.verify(Buffer.alloc(0), request.headers, accessOf(source));
      else definition.admit?.(request.headers, accessOf(source));
    },

    async receive(request, source) {
      requireType(request, source.definition);
      const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const { deliveryId } = await verify(raw, request, source);
      const parsed = await parse(raw, request, source);
      truncations.see(source.definition.id, parsed);
      if (parsed.truncated > 0) request.log.warn({ source: source.key, truncated: parsed.truncated }, 'the sender left alerts out of this request; raise its max_alerts');
      const { identity } = request;
      // What one subject delivered must not make a repeat of what another delivers.
      const sender = identity ? `${source.key} of ${identity.subject}` : source.key;
      const { scoped, foreign } = await ours(scopedToHistory(scopeOf(parsed, { source, served: config.gateway.namespaces, identity }), { store, identity }));
      const rejected = parsed.rejected.map(({ fingerprint, reason }): SignalResult => ({ fingerprint, outcome: 'rejected', reason }));
      const results = [...(await ours(accept(scoped, sender, deliveryId))), ...(await ours(intake.ignore(scoped.ignored ?? []))), ...foreign, ...rejected];
      refuseWhenAllRejected(results, foreign.length > 0 || parsed.rejected.some((r) => r.isForeign));
      const isTaken = results.some((r) => r.outcome === 'started' || r.outcome === 'joined');
      return { status: isTaken ? 202 : 200, body: { request_id: request.id, results, ...(parsed.truncated > 0 ? { truncated_alerts: parsed.truncated } : {}) } };
    },
  };
}

/** Compiled once per source. */
function schemaChecks(): (source: Source) => TypeCheck<TSchema> {
  const checks = new Map<string, TypeCheck<TSchema>>();
  return (source) => {
    const check = checks.get(source.id) ?? TypeCompiler.Compile(source.body);
    checks.set(source.id, check);
    return check;
  };
}

function requireType(request: FastifyRequest, source: Source): void {
  const [type, ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';').map((s) => s.trim());
  const charset = parameters.find((p) => p.startsWith('charset='))?.slice(8).replaceAll('"', '');
  if (source.contentTypes.includes(type!) && (charset === undefined || charset === 'utf-8' || charset === 'utf8')) return;
  throw new KubernautError('UnsupportedMediaType', `source ${source.id} takes ${source.contentTypes.join(' or ')} in UTF-8; set the Content-Type header`);
}

const tooMany = (count: number): KubernautError => new KubernautError('PayloadTooLarge', `${count} alerts in one request; send at most ${MAX_ALERTS} (max_alerts of the receiver)`);

function requireFit(body: unknown, check: TypeCheck<TSchema>): void {
  const { alerts, items } = (body ?? {}) as { alerts?: unknown; items?: unknown };
  const long = [body, alerts, items].find((list) => Array.isArray(list) && list.length > MAX_ALERTS) as unknown[] | undefined;
  if (long) throw tooMany(long.length);
  if (check.Check(body)) return;
  const first = check.Errors(body).First();
  throw new KubernautError('InvalidParams', `the body does not fit this source: ${(first?.path || 'body').slice(0, 200)}: ${first?.message ?? 'is wrong'}`);
}

/** Lists that are not where every sender has them. */
function requireCount({ signals, rejected }: ParsedSignals): void {
  if (signals.length + rejected.length > MAX_ALERTS) throw tooMany(signals.length + rejected.length);
}

function refuseWhenAllRejected(results: SignalResult[], isForeign: boolean): void {
  if (results.length === 0 || results.some((r) => r.outcome !== 'rejected')) return;
  const message = `none of the ${results.length} alerts can be used: ${results[0]!.reason}`;
  throw new KubernautError(isForeign ? 'NotAllowed' : 'BadRequest', { message, results });
}
