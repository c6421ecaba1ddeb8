import { type ApprovalClaims, type ApprovalLinks, tokenIdOf } from '../../adapters/links/approval-link.js';
import type { Remediation } from '../../contracts/remediation.js';
import { isKubernautError } from '../../domain/errors.js';
import type { GatewayDeps } from '../deps.js';

/** A link that opens nothing (any more): what a person is told instead, with the way on. */
export interface Dead {
  status: 404 | 410;
  title: string;
  text: string;
}

export interface Question {
  claims: ApprovalClaims;
  remediation: Remediation;
  /** Of the link, for the database. */
  linkId: string;
}

type Deps = Pick<GatewayDeps, 'store' | 'temporal' | 'now'>;

/** The question that a link is about, while it is open. Throws when the store is out of reach. */
export async function questionOf(deps: Deps, links: ApprovalLinks, token: string): Promise<Question | Dead> {
  const claims = links.open(token);
  if (!claims) return dead(404, 'This link is not valid', 'It is incomplete or was not made by this installation. Open it again from the message, or see what waits with: kubernaut list --phase awaiting_approval');
  const { now = () => new Date().toISOString() } = deps;
  const see = `See how it stands with: kubernaut show ${claims.remediationId}`;
  const remediation = await openRemediation(deps, claims.remediationId);
  if (!remediation) return dead(410, 'There is nothing to decide any more', `This remediation is not known here any more. ${see}`);
  const linkId = tokenIdOf(token);
  const used = await deps.store.usedLink(linkId);
  if (used) return dead(410, 'This link was used', `It works once: ${used.decision} by ${used.by} at ${used.at}. ${see}`);
  const over = whyOver(remediation, claims, now());
  return over ? dead(410, over.title, `${over.text} ${see}`) : { claims, remediation, linkId };
}

const dead = (status: Dead['status'], title: string, text: string): Dead => ({ status, title, text });

async function openRemediation({ store, temporal }: Deps, id: string): Promise<Remediation | undefined> {
  try {
    const stored = await store.getRemediation(id);
    // A prefix of another id names another remediation.
    if (stored.id !== id) return undefined;
    if (stored.phase === 'closed') return stored;
    return (await temporal.status({ workflowId: stored.workflow_id, remediationId: id })) ?? stored;
  } catch (error) {
    if (isKubernautError(error, 'NotFound')) return undefined;
    throw error;
  }
}

type Why = Pick<Dead, 'title' | 'text'>;

function whyOver(r: Remediation, claims: ApprovalClaims, now: string): Why | undefined {
  if (r.phase === 'closed') return { title: 'This is over', text: `The remediation ended as ${[r.outcome, r.reason].filter(Boolean).join(': ')}.` };
  if (claims.expiresAt <= now) return { title: 'This link has expired', text: `It was good until ${claims.expiresAt}. Nothing was decided by that: silence is never consent.` };
  if (r.approval?.state !== 'pending') return whyNotPending(r);
  if (r.plan?.hash === claims.plan && r.approval.asked_at === claims.askedAt) return undefined;
  return { title: 'The plan has changed', text: 'This link is for an earlier plan and decides nothing. A new message with a link for the new plan went to the same channels.' };
}

function whyNotPending({ approval, phase }: Remediation): Why {
  if (!approval?.by) return { title: 'Nothing waits for a decision', text: `The remediation is ${phase.replaceAll('_', ' ')}.` };
  return { title: 'Somebody decided already', text: `It was ${approval.state} by ${[approval.by, approval.at].filter(Boolean).join(' at ')}.` };
}
