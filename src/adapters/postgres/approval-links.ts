import type { Store } from '../../domain/ports.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

/** A claim that nobody settled or gave back belongs to a process that died: the workflow itself takes no second decision. */
const CLAIM_S = 60;

/** One statement decides who is first. */
const CLAIM = `
  insert into approval_links (id, remediation_id, plan, audience, claimed_at) values ($1, $2, $3, $4, $5)
  on conflict (id) do update set claimed_at = excluded.claimed_at
    where approval_links.decision is null and approval_links.claimed_at < excluded.claimed_at - interval '${CLAIM_S} seconds'
  returning id`;
const READ = 'select decision, decided_by, decided_at from approval_links where id = $1';
const SETTLE = 'update approval_links set decision = $2, decided_by = $3, decided_at = $4 where id = $1';
const RELEASE = 'delete from approval_links where id = $1 and decision is null';

interface Row {
  decision: string | null;
  decided_by: string | null;
  decided_at: Date | null;
}

export const approvalLinkMethods = (query: Query): Pick<Store, 'claimLink' | 'usedLink' | 'settleLink' | 'releaseLink'> => ({
  async claimLink({ id, remediationId, plan, audience, at }) {
    const rows = await query('claiming an approval link', CLAIM, [id, ...[remediationId, plan, audience].map(cleanText), at]);
    return rows.length > 0;
  },

  async usedLink(id) {
    const [row] = await query<Row>('reading an approval link', READ, [id]);
    if (!row?.decision) return undefined;
    return { decision: row.decision, by: row.decided_by ?? '', at: row.decided_at!.toISOString() };
  },

  async settleLink({ id, decision, by, at }) {
    await query('keeping what an approval link decided', SETTLE, [id, decision, cleanText(by), at]);
  },

  async releaseLink(id) {
    await query('giving an approval link back', RELEASE, [id]);
  },
});
