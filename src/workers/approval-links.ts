import { createApprovalLinks } from '../adapters/links/approval-link.js';
import { linkSecretsOf } from '../config/link-secrets.js';
import type { Config } from '../config/schema.js';
import type { Remediation } from '../contracts/remediation.js';

/** Links to the page that decides one question, for those who are asked. None without a public address of the gateway and a key. */
export function approvalLinkFor(config: Pick<Config, 'gateway'>): ((r: Remediation, channel: string) => string | undefined) | undefined {
  const links = createApprovalLinks(linkSecretsOf(config));
  const base = config.gateway.publicUrl?.replace(/\/+$/, '');
  if (!links || !base) return undefined;
  return ({ id, plan, approval }, audience) => {
    if (!plan || approval?.state !== 'pending' || !approval.asked_at || !approval.expires_at) return undefined;
    return `${base}/approve/${links.sign({ remediationId: id, plan: plan.hash, askedAt: approval.asked_at, audience, expiresAt: approval.expires_at })}`;
  };
}
