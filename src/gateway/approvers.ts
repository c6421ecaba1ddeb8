import type { FastifyRequest } from 'fastify';
import type { Remediation } from '../contracts/remediation.js';
import { KubernautError } from '../domain/errors.js';
import type { ApprovalVia } from '../domain/messages.js';

type Caller = Pick<FastifyRequest, 'identity' | 'caller'>;

/** As whom `policy.approvers` may list a caller: subject, name and roles of a token of the identity provider; the place of one of ours. */
export const principalsOf = ({ identity, caller }: Caller): string[] =>
  identity ? [identity.subject, identity.name, ...identity.groups.map((g) => `group:${g}`)] : caller === undefined ? [] : [caller];

export const viaOf = ({ identity, caller }: Caller): ApprovalVia => (identity ? 'identity' : caller === undefined ? 'claim' : 'token');

/** Saying no is open to everybody who may decide. Throws NotAllowed. */
export function requireApprover({ id, approval }: Pick<Remediation, 'id' | 'approval'>, principals: readonly string[], kind: 'approve' | 'reject'): void {
  const approvers = approval?.approvers;
  if (kind === 'reject' || !approvers || principals.some((p) => approvers.includes(p))) return;
  throw new KubernautError('NotAllowed', `${id} may be approved by ${approvers.join(', ')} only (policy.approvers); you came as ${principals.join(', ') || 'nobody that is known'}`);
}
