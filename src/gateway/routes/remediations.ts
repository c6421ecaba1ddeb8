import type { TSchema } from '@sinclair/typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  ApproveBody, DecisionAccepted, DecisionBody, NamespaceQuery, Problem, RemediationId, RemediationPage, RemediationQuery,
  type ApproveBody as Approved, type DecisionBody as Decided, type RemediationQuery as Query,
} from '../../contracts/api.js';
import { Remediation } from '../../contracts/remediation.js';
import { KubernautError } from '../../domain/errors.js';
import type { Decision } from '../../domain/messages.js';
import { principalsOf, requireApprover, viaOf } from '../approvers.js';
import { audited } from '../audited.js';
import type { GatewayDeps } from '../deps.js';
import { currentRemediation, findRemediation } from '../find-remediation.js';
import { actorOf, storeFor } from '../identity.js';
import { timeFrom } from '../time-from.js';

interface ById {
  Params: { id: string };
  Querystring: { namespace?: string };
}

const errors = { '4xx': Problem, '5xx': Problem };

/** What happened, what is happening, and what a person decides about it. */
export function remediationRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  const tags = ['remediations'];
  app.get<{ Querystring: Query }>(
    '/api/v1/remediations',
    { schema: { tags, summary: 'List remediations, newest first', querystring: RemediationQuery, response: { 200: RemediationPage, ...errors } } },
    async ({ query, identity }) => storeFor(deps.store, identity).listRemediations({ ...query, ...(query.since ? { since: timeFrom(query.since, Date.now(), 'back') } : {}) }),
  );
  app.get<ById>(
    '/api/v1/remediations/:id',
    { schema: { tags, summary: 'One remediation, live while it is open', params: RemediationId, querystring: NamespaceQuery, response: { 200: Remediation, ...errors } } },
    async ({ params, query, identity }) => currentRemediation({ ...deps, store: storeFor(deps.store, identity) }, params.id, query.namespace),
  );
  decisionRoutes(app, deps);
}

/** approve and reject are updates that the workflow's validator answers; cancel and undo are signals to the run that is open. */
function decisionRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  const schema = (summary: string, body: TSchema = DecisionBody) => ({
    tags: ['remediations'], summary, params: RemediationId, querystring: NamespaceQuery, body, response: { 200: DecisionAccepted, 202: DecisionAccepted, ...errors },
  });
  for (const kind of ['approve', 'reject'] as const) {
    app.post<ById & { Body: Approved }>(`/api/v1/remediations/:id/${kind}`, { schema: schema(`${kind} the plan that waits`, kind === 'approve' ? ApproveBody : DecisionBody) }, async (request) => {
      const { stored, ref, decision } = await subject(deps, request);
      const current = (await deps.temporal.status(ref)) ?? stored;
      requireApprover(current, principalsOf(request), kind);
      const plan = decision.plan ?? current.plan?.hash;
      const reply = await deps.temporal.decide(ref, kind, { ...decision, via: viaOf(request), ...(plan ? { plan } : {}) });
      const { picked, waits } = reply;
      await audited(deps, request, { verb: kind, id: stored.id, details: { ...decision, via: viaOf(request), plan: reply.planHash, ...(picked ? { picked } : {}) } });
      return { accepted: true, remediation_id: stored.id, plan_hash: reply.planHash, ...(picked ? { picked } : {}), ...(waits ? { waits } : {}), request_id: request.id };
    });
  }
  for (const what of ['cancel', 'undo'] as const) {
    const summary = what === 'cancel' ? 'stop and undo what was applied' : 'undo the applied steps while they are being verified';
    app.post<ById & { Body: Decided }>(`/api/v1/remediations/:id/${what}`, { schema: schema(summary) }, async (request, reply) => {
      const { stored, ref, decision } = await subject(deps, request);
      if (stored.phase === 'closed') throw closed(stored, what);
      await deps.temporal.tell(ref, what, decision);
      await audited(deps, request, { verb: what, id: stored.id, details: decision });
      return reply.code(202).send({ accepted: true, remediation_id: stored.id, request_id: request.id });
    });
  }
}

async function subject<B extends Decided>(deps: GatewayDeps, request: FastifyRequest<ById & { Body: B }>) {
  const stored = await findRemediation({ store: storeFor(deps.store, request.identity) }, request.params.id, request.query.namespace);
  const ref = { workflowId: stored.workflow_id, remediationId: stored.id };
  const decision: Decision = { ...(request.body as Decided), by: actorOf(request, (request.body as Decided)?.by) };
  return { stored, ref, decision };
}

const closed = (stored: Remediation, what: 'cancel' | 'undo'): KubernautError =>
  new KubernautError(
    'Conflict',
    what === 'cancel'
      ? `remediation ${stored.id} is closed (${stored.outcome}); there is nothing to cancel`
      : `remediation ${stored.id} is closed (${stored.outcome}); only an open one can be undone from here. Each write and its undo: temporal workflow query --workflow-id ${stored.workflow_id} --run-id ${stored.run_id} --type plan`,
  );
