import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createApprovalLinks, type ApprovalLinks } from '../../adapters/links/approval-link.js';
import { ERRORS, isKubernautError, KubernautError } from '../../domain/errors.js';
import type { DecisionReply } from '../../domain/messages.js';
import { answerIn, formIn, type FormAnswer } from '../approve-page/answer-form.js';
import { messagePage, PAGE_HEADERS, questionPage } from '../approve-page/html.js';
import { questionOf, type Dead, type Question } from '../approve-page/question.js';
import { pageViewOf } from '../approve-page/view.js';
import { requireApprover } from '../approvers.js';
import { audited } from '../audited.js';
import type { GatewayDeps } from '../deps.js';
import { problemOf } from '../problem.js';
import { linkSecretsOf } from '../../config/link-secrets.js';

const FORM = 'application/x-www-form-urlencoded';
const FORM_BYTES = 16 * 1024;
/** Per address: a person looks a few times; guessing needs 2^128 tries. */
const LIMIT = { max: 60, timeWindow: 60_000 };

interface ByToken {
  Params: { token: string };
}

/**
 * The signed page: whoever holds the link decides this one question, once, without any other credential. GET never decides,
 * since mail scanners and chat previews follow links.
 */
export function approvePage(app: FastifyInstance, deps: GatewayDeps): void {
  const links = createApprovalLinks(linkSecretsOf(deps.config));
  if (!links) return;
  const config = { isPublic: true, rateLimit: LIMIT };
  void app.register(async (pages) => {
    pages.removeAllContentTypeParsers();
    pages.addContentTypeParser(FORM, { parseAs: 'buffer', bodyLimit: FORM_BYTES }, (_request, raw, done) => done(null, raw));
    pages.setErrorHandler((error, request, reply) => failed(error, request, reply));
    pages.get<ByToken>('/approve/:token', { config, schema: { hide: true } }, async ({ params }, reply) => {
      const question = await questionOf(deps, links, params.token);
      if ('status' in question) return gone(reply, question);
      return page(reply, 200, questionPage(pageViewOf(question.remediation)));
    });
    pages.post<ByToken>('/approve/:token', { config, bodyLimit: FORM_BYTES, schema: { hide: true } }, async (request, reply) => decide(deps, links, request, reply));
  });
}

const page = (reply: FastifyReply, status: number, html: string): FastifyReply => reply.code(status).headers(PAGE_HEADERS).send(html);
const gone = (reply: FastifyReply, { status, title, text }: Dead): FastifyReply => page(reply, status, messagePage(title, text));

async function decide(deps: GatewayDeps, links: ApprovalLinks, request: FastifyRequest<ByToken>, reply: FastifyReply): Promise<FastifyReply> {
  requireOwnForm(request);
  const answer = answerIn(formIn(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)));
  const { token } = request.params;
  const question = await questionOf(deps, links, token);
  if ('status' in question) return gone(reply, question);
  requireApprover(question.remediation, [`link:${question.claims.audience}`], answer.kind);
  const { now = () => new Date().toISOString() } = deps;
  const { claims, linkId } = question;
  const isMine = await deps.store.claimLink({ id: linkId, remediationId: claims.remediationId, plan: claims.plan, audience: claims.audience, at: now() });
  if (!isMine) return page(reply, 410, messagePage('This link was used', `It works once, and is being used at this moment. See: kubernaut show ${claims.remediationId}`));
  const decision = await sent(deps, question, answer).catch(async (error: unknown) => {
    await deps.store.releaseLink(linkId);
    throw error;
  });
  const by = whoOf(answer, question);
  // The workflow took it: a store that is down now must not turn it into an error.
  await deps.store.settleLink({ id: linkId, decision: DONE[answer.kind], by, at: now() }).catch((error: unknown) => request.log.error({ err: error }, 'a used approval link could not be kept'));
  await audited(deps, request, { verb: answer.kind, id: claims.remediationId, details: { ...decision.said, by, plan: decision.reply.planHash, via: 'link' } });
  return page(reply, 200, messagePage(...words(answer, decision.reply)));
}

/** A form of another site is refused; whoever sends no such header still needs the token in the address. */
function requireOwnForm(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new KubernautError('NotAllowed', 'this came from another site; open the link itself');
}

/** A name that somebody typed says who claims it; the link says where it was sent. */
const whoOf = ({ by }: FormAnswer, { claims }: Question): string => `${by} (link in ${claims.audience})`;

async function sent({ temporal }: GatewayDeps, question: Question, answer: FormAnswer): Promise<{ said: object; reply: DecisionReply }> {
  const { remediation: r, claims } = question;
  const { reason, candidate } = answer;
  const said = { ...(reason ? { reason } : {}), ...(candidate ? { candidate } : {}) };
  const decision = { by: whoOf(answer, question), plan: claims.plan, via: 'link' as const, ...said };
  return { said, reply: await temporal.decide({ workflowId: r.workflow_id, remediationId: r.id }, answer.kind, decision) };
}

const DONE = { approve: 'approved', reject: 'rejected' } as const;

function words({ kind }: FormAnswer, { remediationId, waits }: DecisionReply): [title: string, text: string] {
  if (kind === 'reject') return ['Rejected', `Nothing is written. See: kubernaut show ${remediationId}`];
  if (waits) return ['Picked, and one more look is needed', `${waits}. A new message shows the plan in full.`];
  return ['Approved', `The cluster is read once more; if nothing moved, it is done now. Follow it with: kubernaut watch ${remediationId}`];
}

/** As a page: a person is looking at it. */
function failed(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, retryAfterS, body } = problemOf(error, { endpoint: '/approve', requestId: request.id, timestamp: new Date().toISOString() });
  if (status >= 500) request.log.error({ err: error, code: body.error.code }, 'request failed');
  if (retryAfterS !== undefined) reply.header('retry-after', String(retryAfterS));
  const title = status === 429 || status === 503 ? 'Please try again in a moment' : status >= 500 ? ERRORS.Internal.meaning : 'That did not work';
  const text = `${isKubernautError(error) || status < 500 ? body.error.message : 'Something went wrong on our side.'} Nothing was decided. (request ${request.id})`;
  return page(reply, status, messagePage(title, text, request.method === 'POST'));
}
