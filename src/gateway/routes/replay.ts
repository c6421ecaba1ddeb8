import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { loadConfig } from '../../config/load.js';
import { NamespaceQuery, Problem, RemediationId } from '../../contracts/api.js';
import type { Remediation } from '../../contracts/remediation.js';
import { Replay, ReplayBody } from '../../contracts/replay.js';
import { durationMs } from '../../domain/duration.js';
import { isKubernautError, KubernautError } from '../../domain/errors.js';
import type { Policy } from '../../domain/policy.js';
import { atOnce } from '../at-once.js';
import type { GatewayDeps } from '../deps.js';
import { currentRemediation } from '../find-remediation.js';
import { requireRight, storeFor } from '../identity.js';

const MOST_AT_ONCE = 20;

/**
 * `POST /api/v1/remediations/:id/replay` decides again from what was recorded. It only reads, so the right `read` is enough;
 * asking a model anew spends money on what nobody has to act on, and needs `decide`.
 */
export function replayRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  const limited = atOnce(MOST_AT_ONCE, 'replays');
  const withinMs = durationMs(deps.config.processing.timeout);
  const schema = { tags: ['remediations'], summary: 'Decide a recorded incident again and say what differs; changes nothing', params: RemediationId, querystring: NamespaceQuery, body: ReplayBody, response: { 200: Replay, '4xx': Problem, '5xx': Problem } };
  app.post<{ Params: { id: string }; Querystring: { namespace?: string }; Body: ReplayBody }>('/api/v1/remediations/:id/replay', { schema, config: { right: 'read' } }, async (request, reply) => {
    const { model, policy, decision } = request.body ?? {};
    if (model !== undefined && request.identity) requireRight(request.identity, 'decide');
    const remediation = await currentRemediation({ ...deps, store: storeFor(deps.store, request.identity) }, request.params.id, request.query.namespace);
    const transcript = remediation.analysis?.investigation?.transcript ?? [];
    const input = {
      remediationId: remediation.id, decisionRef: decisionOf(remediation, decision),
      ...(model === undefined ? {} : { model, ...(transcript.length > 0 ? { transcript } : {}) }), ...(policy === undefined ? {} : { policy: policyFrom(policy, deps) }),
    };
    reply.raw.setTimeout(withinMs + 30_000);
    return limited(() => deps.temporal.look({ type: 'replayDecision', id: `replay/${remediation.id}/${randomUUID()}`, summary: `decide ${remediation.id} again`, input }, withinMs));
  });
}

function decisionOf({ id, decisions = [] }: Remediation, wanted: number | undefined): string {
  const plans = decisions.filter((d) => d.kind === 'plan' && d.ref !== undefined);
  const chosen = wanted === undefined ? plans.at(-1) : plans[wanted];
  if (chosen?.ref !== undefined) return chosen.ref;
  throw new KubernautError('NotFound', plans.length === 0 ? `remediation ${id} has no recorded decision (yet); one that ended before it was planned has none` : `remediation ${id} has ${plans.length} recorded decisions, from 0 to ${plans.length - 1}; choose one of them`);
}

/** Read exactly as the file is at the start; what is wrong with it is the sender's business. */
function policyFrom(policy: Record<string, unknown>, { actions }: GatewayDeps): Policy {
  try {
    // a data folder that cannot be: the file of this installation must not be read beneath it
    return loadConfig({ env: {}, flags: { dataDir: '/dev/null', policy }, actionIds: actions.members.map((a) => a.id) }).policy;
  } catch (error) {
    throw isKubernautError(error, 'ConfigInvalid') ? new KubernautError('InvalidParams', error.message.slice(0, 2000), error) : error;
  }
}
