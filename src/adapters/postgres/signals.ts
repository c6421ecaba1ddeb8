import type { Clock, SignalRow, Store } from '../../domain/ports.js';
import type { Signal } from '../../domain/signal.js';
import { cleanJson, cleanText } from './clean-text.js';
import { keyText } from './key-text.js';
import type { Query } from './query.js';

/** More than anybody reads of one alert. */
const HISTORY_LIMIT = 100;
/** Far more than one cluster reports at once. */
const MOST_OPEN = 20_000;
const FIND = `
  select remediation_id, outcome from signals
  where cluster = $1 and fingerprint = $2 and starts_at = $3::timestamptz and status = $4`;

/** A row that names a remediation is final: a late repeat must not detach the signal from what became of it. */
const RECORD = `
  insert into signals (cluster, fingerprint, starts_at, status, outcome, workflow_id, remediation_id, reason, at, signal, rules, held_until)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
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

export const signalMethods = (query: Query, clock: Clock): Pick<Store, 'findSignal' | 'recordSignal' | 'signalsOf' | 'openSignals'> => ({
  async findSignal({ cluster, fingerprint, startsAt, status }) {
    const [row] = await query<Row>('looking for a duplicate signal', FIND, [keyText(cluster), keyText(fingerprint), startsAt, status]);
    return row && { remediationId: row.remediation_id ?? undefined, outcome: row.outcome };
  },

  async recordSignal({ signal, outcome, workflowId, remediationId, reason, rules, heldUntil }) {
    const key = [keyText(signal.cluster), keyText(signal.fingerprint), signal.startsAt, signal.status];
    const fate = [outcome, workflowId, remediationId, reason].map((text) => (text === undefined ? null : cleanText(text)));
    await query('recording a signal', RECORD, [...key, ...fate, clock.now(), cleanJson(signal), rules?.length ? [...rules] : null, heldUntil ?? null]);
  },

  async signalsOf(fingerprint) {
    const rows = await query<Row>('reading the signals of a fingerprint', OF_FINGERPRINT, [keyText(fingerprint)]);
    return rows.map(rowOf);
  },

  async openSignals(source, cluster) {
    return (await query<Row>('reading what has not ended', OPEN, [source, keyText(cluster)])).map(rowOf);
  },
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
