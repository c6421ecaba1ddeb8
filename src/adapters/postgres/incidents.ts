import { mayTeach, type Incident } from '../../domain/incident.js';
import type { Store } from '../../domain/ports.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

const COLUMNS = 'remediation_id, cluster, namespace, kind, cause, alert, signature, summary, action, outcome, is_verified, at';
const MOST_AT_ONCE = 500;

/** A vector of another signature is no longer its vector; an index that has the old row does not have this one. */
const KEEP = `
  insert into incidents (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  on conflict (remediation_id) do update set
    cluster = excluded.cluster, namespace = excluded.namespace, kind = excluded.kind, cause = excluded.cause, alert = excluded.alert,
    signature = excluded.signature, summary = excluded.summary, action = excluded.action, outcome = excluded.outcome,
    is_verified = excluded.is_verified, at = excluded.at,
    embedding = case when incidents.signature = excluded.signature then incidents.embedding end,
    indexed_in = case when (incidents.signature, incidents.summary, incidents.action, incidents.outcome, incidents.is_verified)
      is not distinct from (excluded.signature, excluded.summary, excluded.action, excluded.outcome, excluded.is_verified) then incidents.indexed_in end`;

/** A remediation that came to something else since it was learned has nothing to teach until it is learned again. */
const OF = `
  select ${COLUMNS.split(', ').map((c) => `i.${c}`).join(', ')} from incidents i left join remediations r on r.id = i.remediation_id
  where i.remediation_id = any($1) and (r.id is null or r.outcome is null or r.outcome = i.outcome)`;

const DUE = `select ${COLUMNS} from incidents where indexed_in is distinct from $1 and signature <> '' order by at, remediation_id limit $2`;

/** Only when it is still what the index was given. */
const MARK = 'update incidents set indexed_in = $1 where remediation_id = $2 and outcome = $3 and is_verified = $4 and signature = $5';

export interface IncidentRow {
  remediation_id: string;
  cluster: string;
  namespace: string | null;
  kind: string;
  cause: string;
  alert: string;
  signature: string;
  summary: string;
  action: string | null;
  outcome: string;
  is_verified: boolean;
  at: Date;
}

export const incidentMethods = (query: Query): Pick<Store, 'keepIncident' | 'incidentsOf' | 'incidentsDue' | 'markIndexed' | 'forgetIndexed'> => ({
  async keepIncident(incident) {
    await query('keeping an incident', KEEP, incidentValues(incident));
  },

  async incidentsOf(remediationIds) {
    if (remediationIds.length === 0) return [];
    const rows = await query<IncidentRow>('reading incidents', OF, [remediationIds.slice(0, MOST_AT_ONCE).map(cleanText)]);
    return rows.map(toIncident);
  },

  async incidentsDue(index, limit) {
    const rows = await query<IncidentRow>('looking for incidents that are not in the index', DUE, [cleanText(index), Math.min(limit, MOST_AT_ONCE)]);
    return rows.map(toIncident);
  },

  async markIndexed(index, incident) {
    await query('marking an incident as indexed', MARK, [cleanText(index), cleanText(incident.remediationId), incident.outcome, mayTeach(incident), cleanText(incident.signature)]);
  },

  async forgetIndexed() {
    await query('emptying the index', 'update incidents set indexed_in = null where indexed_in is not null');
  },
});

/** In the order of the columns. Only what was proved is verified, whatever the caller says. */
export const incidentValues = (i: Incident): unknown[] => [
  ...[i.remediationId, i.cluster].map(cleanText),
  i.namespace === undefined ? null : cleanText(i.namespace),
  ...[i.kind, i.cause, i.alert, i.signature, i.summary].map(cleanText),
  i.action === undefined ? null : cleanText(i.action),
  cleanText(i.outcome), mayTeach(i), i.at,
];

export const toIncident = (row: IncidentRow): Incident => ({
  remediationId: row.remediation_id,
  cluster: row.cluster,
  ...(row.namespace === null ? {} : { namespace: row.namespace }),
  kind: row.kind,
  cause: row.cause,
  alert: row.alert,
  signature: row.signature,
  summary: row.summary,
  ...(row.action === null ? {} : { action: row.action }),
  outcome: row.outcome,
  isVerified: row.is_verified,
  at: row.at.toISOString(),
});
