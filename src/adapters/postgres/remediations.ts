import type { Remediation } from '../../contracts/remediation.js';
import { KubernautError } from '../../domain/errors.js';
import type { RemediationStanding, Store } from '../../domain/ports.js';
import { cleanJson, cleanText } from './clean-text.js';
import type { Query } from './query.js';

/** How many candidates an ambiguous prefix names. */
const CANDIDATES = 5;

/**
 * One round trip: the document goes over once and every column comes from it. When a newer revision is stored, `saved` is
 * empty and nothing else is written. `distinct on` because one statement may not touch a row twice: the last mention wins.
 */
const SAVE = `
  with given as (select $1::jsonb as d),
  saved as (
    insert into remediations
      (id, workflow_id, run_id, cluster, namespace, kind, name, phase, outcome, severity, started_at, closed_at, revision, doc)
    select d->>'id', d->>'workflow_id', d->>'run_id', d->>'cluster', d->'target'->>'namespace', d->'target'->>'kind', d->'target'->>'name',
      d->>'phase', d->>'outcome', d->>'severity', (d->>'started_at')::timestamptz, (d->>'closed_at')::timestamptz, (d->>'revision')::bigint, d
    from given
    on conflict (id) do update set
      run_id = excluded.run_id, phase = excluded.phase, outcome = excluded.outcome, severity = excluded.severity,
      closed_at = excluded.closed_at, revision = excluded.revision, doc = excluded.doc,
      namespace = excluded.namespace, kind = excluded.kind, name = excluded.name
    where remediations.revision <= excluded.revision
    returning id, doc, started_at
  ),
  saved_steps as (
    insert into steps (remediation_id, rung, ordinal, action, cluster, namespace, kind, name, tier, status, effect, at, doc)
    select distinct on (rung, ordinal) id, rung, ordinal, s->>'action', t->>'cluster', t->>'namespace', t->>'kind', t->>'name',
      (s->>'tier')::int, s->>'status', s->>'effect', coalesce((s->>'started_at')::timestamptz, (s->>'ended_at')::timestamptz, started_at), s
    from saved,
      jsonb_array_elements(case when jsonb_typeof(doc->'plan'->'steps') = 'array' then doc->'plan'->'steps' else '[]' end)
        with ordinality as listed(s, place),
      lateral (select s->'target' as t, coalesce((s->>'rung')::int, 0) as rung, (s->>'ordinal')::int as ordinal) as parts
    order by rung, ordinal, place desc
    on conflict (remediation_id, rung, ordinal) do update set
      action = excluded.action, cluster = excluded.cluster, namespace = excluded.namespace, kind = excluded.kind, name = excluded.name,
      tier = excluded.tier, status = excluded.status, effect = excluded.effect, at = excluded.at, doc = excluded.doc
  )
  insert into assessments (remediation_id, rung, horizon, due_at, at, verdict, evidence)
  select distinct on (rung, a->>'horizon') id, rung, a->>'horizon', (a->>'due_at')::timestamptz, (a->>'at')::timestamptz, a->>'verdict', a->'evidence'
  from saved,
    jsonb_array_elements(doc->'assessments') with ordinality as listed(a, place),
    lateral (select coalesce((a->>'rung')::int, 0) as rung) as parts
  order by rung, a->>'horizon', place desc
  on conflict (remediation_id, rung, horizon) do update set
    due_at = excluded.due_at, at = excluded.at, verdict = excluded.verdict, evidence = excluded.evidence`;

/** Without steps and assessments, which it has none of; what is there is newer. */
const SAVE_FIRST = `
  insert into remediations (id, workflow_id, run_id, cluster, namespace, kind, name, phase, severity, started_at, revision, doc)
  select d->>'id', d->>'workflow_id', d->>'run_id', d->>'cluster', d->'target'->>'namespace', d->'target'->>'kind', d->'target'->>'name',
    d->>'phase', d->>'severity', (d->>'started_at')::timestamptz, (d->>'revision')::bigint, d
  from jsonb_array_elements($1::jsonb) as d
  on conflict (id) do nothing`;

const BY_PREFIX = `select id, doc from remediations where id ^@ $1 order by id limit ${CANDIDATES + 1}`;
const LATEST = `select doc from remediations where workflow_id = $1 order by started_at desc, id desc limit 1`;

const STANDING = `
  select w.id as workflow_id, r.* from unnest($1::text[]) with ordinality as w(id, n)
  left join lateral (
    select id as remediation_id, phase, outcome, started_at, closed_at, jsonb_path_query_array(doc, '$.problems[*].alert') as alerts
    from remediations where workflow_id = w.id order by started_at desc, id desc limit 1
  ) r on true
  order by w.n`;

interface StandingRow {
  remediation_id: string | null;
  phase: string;
  outcome: string | null;
  started_at: Date;
  closed_at: Date | null;
  alerts: string[];
}

export const remediationMethods = (query: Query): Pick<Store, 'saveRemediation' | 'saveFirst' | 'getRemediation' | 'latestOf' | 'standingOf'> => ({
  async saveRemediation(remediation) {
    await query('saving a remediation', SAVE, [cleanJson(remediation)]);
  },

  async saveFirst(remediations) {
    await query('saving remediations that started', SAVE_FIRST, [cleanJson(remediations)]);
  },

  async getRemediation(idOrPrefix) {
    const wanted = cleanText(idOrPrefix);
    if (wanted === '') throw notFound(wanted);
    const rows = await query<{ id: string; doc: Remediation }>('reading a remediation', BY_PREFIX, [wanted]);
    const found = rows.find((row) => row.id === wanted) ?? rows[0];
    if (!found) throw notFound(wanted);
    if (found.id !== wanted && rows.length > 1) throw ambiguous(wanted, rows.map((row) => row.id));
    return found.doc;
  },

  async latestOf(workflowId) {
    const [row] = await query<{ doc: Remediation }>('reading the latest remediation of a workflow', LATEST, [cleanText(workflowId)]);
    return row?.doc;
  },

  async standingOf(workflowIds) {
    const rows = await query<StandingRow>('reading what remediations came to', STANDING, [workflowIds.map(cleanText)]);
    return rows.map(standingFrom);
  },
});

const standingFrom = ({ remediation_id: id, phase, outcome, started_at, closed_at, alerts }: StandingRow): RemediationStanding | undefined =>
  id === null
    ? undefined
    : { id, isOpen: phase !== 'closed', ...(outcome ? { outcome } : {}), startedAt: started_at.toISOString(), ...(closed_at ? { closedAt: closed_at.toISOString() } : {}), alerts };

const notFound = (wanted: string): KubernautError =>
  new KubernautError('NotFound', `there is no remediation "${wanted}"; list them to find its id`);

function ambiguous(wanted: string, ids: readonly string[]): KubernautError {
  const candidates = ids.slice(0, CANDIDATES);
  const more = ids.length > CANDIDATES ? ' and more' : '';
  return new KubernautError('Conflict', { message: `"${wanted}" begins ${candidates.join(', ')}${more}; write more of the id`, candidates });
}
