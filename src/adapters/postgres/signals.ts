import type { Clock, SignalRow, Store } from '../../domain/ports.js';
import type { Signal } from '../../domain/signal.js';
import { cleanJson } from './clean-text.js';
import { keyText } from './key-text.js';
import type { Query } from './query.js';

/** More than anybody reads of one alert. */
const HISTORY_LIMIT = 100;
/** Far more than one cluster reports at once. */
const MOST_OPEN = 20_000;
const FIND = `
  select remediation_id, outcome from signals
  where cluster = $1 and fingerprint = $2 and starts_at = $3::timestamptz and status = $4`;

/**
 * A row that names a remediation is final: a late repeat must not detach the signal from what became of it.
 * `distinct on` because one statement may not touch a row twice: the last mention wins.
 */
const RECORD = `
  insert into signals (cluster, fingerprint, starts_at, status, outcome, workflow_id, remediation_id, reason, at, signal, rules, held_until)
  select distinct on (g.cluster, g.fingerprint, g.starts_at, g.status)
    g.cluster, g.fingerprint, g.starts_at, g.status, g.outcome, g.workflow_id, g.remediation_id, g.reason, $2::timestamptz, g.signal, g.rules, g.held_until
  from jsonb_to_recordset($1::jsonb) as g(n int, cluster text, fingerprint text, starts_at timestamptz, status text, outcome text,
    workflow_id text, remediation_id text, reason text, signal jsonb, rules text[], held_until timestamptz)
  order by g.cluster, g.fingerprint, g.starts_at, g.status, g.n desc
  on conflict (cluster, fingerprint, starts_at, status) do update set
    outcome = excluded.outcome, workflow_id = excluded.workflow_id, remediation_id = excluded.remediation_id,
    reason = excluded.reason, at = excluded.at, signal = excluded.signal, rules = excluded.rules, held_until = excluded.held_until
  where signals.remediation_id is null`;

const OF_FINGERPRINT = `
  select signal, outcome, workflow_id, remediation_id, reason, at, rules, held_until from signals
  where fingerprint = $1 order by at desc, starts_at desc limit ${HISTORY_LIMIT}`;

/** Newest first. */
const OPEN = `
  select f.signal, f.outcome, f.workflow_id, f.remediation_id, f.reason, f.at, f.rules, f.held_until from signals f
  where f.status = 'firing' and f.signal ->> 'source' = $1 and f.cluster = $2 and not exists (
    select from signals e where e.cluster = f.cluster and e.fingerprint = f.fingerprint and e.starts_at = f.starts_at and e.status = 'resolved')
  order by f.starts_at desc limit ${MOST_OPEN}`;

interface Row {
  signal: Signal;
  outcome: SignalRow['outcome'];
  workflow_id: string | null;
  remediation_id: string | null;
  reason: string | null;
  at: Date;
  rules: string[] | null;
  held_until: Date | null;
}

export const signalMethods = (query: Query, clock: Clock): Pick<Store, 'findSignal' | 'recordSignal' | 'recordSignals' | 'signalsOf' | 'openSignals'> => ({
  async findSignal({ cluster, fingerprint, startsAt, status }) {
    const [row] = await query<Row>('looking for a duplicate signal', FIND, [keyText(cluster), keyText(fingerprint), startsAt, status]);
    return row && { remediationId: row.remediation_id ?? undefined, outcome: row.outcome };
  },

  async recordSignal(row) {
    await query('recording a signal', RECORD, [cleanJson([givenOf(row, 0)]), clock.now()]);
  },

  async recordSignals(rows) {
    await query('recording signals', RECORD, [cleanJson(rows.map(givenOf)), clock.now()]);
  },

  async signalsOf(fingerprint) {
    const rows = await query<Row>('reading the signals of a fingerprint', OF_FINGERPRINT, [keyText(fingerprint)]);
    return rows.map(rowOf);
  },

  async openSignals(source, cluster) {
    return (await query<Row>('reading what has not ended', OPEN, [source, keyText(cluster)])).map(rowOf);
  },
});

const givenOf = ({ signal, outcome, workflowId, remediationId, reason, rules, heldUntil }: SignalRow, n: number) => ({
  n, cluster: keyText(signal.cluster), fingerprint: keyText(signal.fingerprint), starts_at: signal.startsAt, status: signal.status,
  outcome, workflow_id: workflowId, remediation_id: remediationId, reason, signal, rules: rules?.length ? rules : null, held_until: heldUntil,
});

const rowOf = (row: Row): SignalRow & { at: string } => ({
  signal: row.signal,
  outcome: row.outcome,
  workflowId: row.workflow_id ?? undefined,
  remediationId: row.remediation_id ?? undefined,
  reason: row.reason ?? undefined,
  at: row.at.toISOString(),
  ...(row.rules ? { rules: row.rules } : {}),
  ...(row.held_until ? { heldUntil: row.held_until.toISOString() } : {}),
});
