import type { Known } from '../../domain/occurrence.js';
import type { Clock, Store } from '../../domain/ports.js';
import type { Signal } from '../../domain/signal.js';
import { cleanJson } from './clean-text.js';
import { keyText } from './key-text.js';
import type { Query } from './query.js';

/**
 * An end that does not say when is when we heard of it; one in the future is now: a wrong clock must not make an alert deaf.
 * `open`: the occurrence that a resolved signal names, else the newest that began before its end.
 */
const KNOWN = `
  with given as (
    select * from jsonb_to_recordset($1::jsonb)
      as g(n int, cluster text, fingerprint text, starts_at timestamptz, status text, ends_at timestamptz)
  )
  select g.n, s.outcome, s.workflow_id, s.remediation_id, s.reason,
    ended.starts_at as ended_start, ended.ended_at, ended.seen_at, open.starts_at as open_since, open.outcome as open_outcome,
    case when g.status = 'firing' then (
      select count(*) from signals f where f.cluster = g.cluster and f.fingerprint = g.fingerprint and f.status = 'firing'
        and f.starts_at < g.starts_at and f.starts_at >= g.starts_at - $2 * interval '1 millisecond') else 0 end as starts
  from given g
  left join signals s using (cluster, fingerprint, starts_at, status)
  left join lateral (
    select e.starts_at, e.at as seen_at,
      least(greatest(e.starts_at, coalesce((e.signal ->> 'endsAt')::timestamptz, e.at)), e.at) as ended_at
    from signals e
    where g.status = 'firing' and e.cluster = g.cluster and e.fingerprint = g.fingerprint and e.status = 'resolved'
    order by ended_at desc limit 1
  ) ended on true
  left join lateral (
    select f.starts_at, f.outcome from signals f
    where g.status = 'resolved' and f.cluster = g.cluster and f.fingerprint = g.fingerprint and f.status = 'firing'
      and f.starts_at <= greatest(g.ends_at, g.starts_at)
      and not exists (
        select from signals e where e.cluster = f.cluster and e.fingerprint = f.fingerprint and e.starts_at = f.starts_at and e.status = 'resolved')
    order by (f.starts_at = g.starts_at) desc, f.starts_at desc limit 1
  ) open on true
  order by g.n`;

const ENTER = `
  insert into signals (cluster, fingerprint, starts_at, status, outcome, at, signal)
  select g.cluster, g.fingerprint, g.starts_at, g.status, 'received', $2, g.signal
  from jsonb_to_recordset($1::jsonb) as g(cluster text, fingerprint text, starts_at timestamptz, status text, signal jsonb)
  on conflict (cluster, fingerprint, starts_at, status) do nothing`;

/** `at` stays as it is: what comes back has waited long enough. */
const RELEASE = `
  with due as (
    select s.cluster, s.fingerprint, s.starts_at, exists (
      select from signals e where e.cluster = s.cluster and e.fingerprint = s.fingerprint and e.starts_at = s.starts_at and e.status = 'resolved') as is_over
    from signals s
    where s.outcome = 'joined' and s.held_until is not null and s.status = 'firing'
      and (s.held_until <= $1 or exists (select from remediations r where r.id = s.remediation_id and r.phase = 'closed'))
    for update skip locked
  ), updated as (
    update signals s set
      held_until = null,
      outcome = case when d.is_over then s.outcome else 'received' end,
      workflow_id = case when d.is_over then s.workflow_id end,
      remediation_id = case when d.is_over then s.remediation_id end,
      signal = case when d.is_over then s.signal else (s.signal - 'symptomOn') || '{"isOwn": true}' end
    from due d where s.cluster = d.cluster and s.fingerprint = d.fingerprint and s.starts_at = d.starts_at and s.status = 'firing'
    returning d.is_over
  )
  select count(*) filter (where not is_over) as released from updated`;

/**
 * What has waited in the inbox, oldest first. Whoever takes it moves its time on, so that nobody else takes it meanwhile,
 * and so that it is taken again if nothing comes of it.
 */
const CLAIM = `
  with waiting as (
    select cluster, fingerprint, starts_at, status from signals
    where outcome = 'received' and at <= $2::timestamptz
    order by at, status limit $3 for update skip locked
  )
  update signals s set at = $1 from waiting w
  where s.cluster = w.cluster and s.fingerprint = w.fingerprint and s.starts_at = w.starts_at and s.status = w.status
  returning s.signal`;

interface KnownRow {
  outcome: string | null;
  workflow_id: string | null;
  remediation_id: string | null;
  reason: string | null;
  ended_start: Date | null;
  ended_at: Date | null;
  seen_at: Date | null;
  open_since: Date | null;
  open_outcome: string | null;
  starts: string;
}

const keyOf = (s: Signal) => ({ cluster: keyText(s.cluster), fingerprint: keyText(s.fingerprint), starts_at: s.startsAt, status: s.status });

export const inboxMethods = (query: Query, clock: Clock): Pick<Store, 'knownOf' | 'enterSignals' | 'releaseSymptoms' | 'claimWaiting'> => ({
  async knownOf(signals, startsWithinMs) {
    const given = signals.map((s, n) => ({ n, ...keyOf(s), ends_at: s.endsAt ?? null }));
    return (await query<KnownRow>('looking for known signals', KNOWN, [JSON.stringify(given), startsWithinMs])).map(knownOf);
  },

  async enterSignals(signals) {
    const given = signals.map((s) => ({ ...keyOf(s), signal: s }));
    await query('taking signals into the inbox', ENTER, [cleanJson(given), clock.now()]);
  },

  async releaseSymptoms() {
    const [row] = await query<{ released: string }>('looking for symptoms that go on', RELEASE, [clock.now()]);
    return Number(row!.released);
  },

  async claimWaiting({ olderThanMs, limit }) {
    const now = clock.now();
    const before = new Date(Date.parse(now) - olderThanMs).toISOString();
    const rows = await query<{ signal: Signal }>('looking what waits in the inbox', CLAIM, [now, before, limit]);
    return rows.map((row) => row.signal);
  },
});

function knownOf(row: KnownRow): Known {
  const { outcome, workflow_id: workflowId, remediation_id: remediationId, reason } = row;
  const fate = outcome === null ? undefined : { outcome, ...present({ workflowId, remediationId, reason }) };
  return {
    ...(fate ? { fate } : {}),
    ...(row.ended_at ? { lastEnd: { startsAt: row.ended_start!.toISOString(), at: row.ended_at.toISOString(), seenAt: row.seen_at!.toISOString() } } : {}),
    ...(row.open_since ? { open: { since: row.open_since.toISOString(), outcome: row.open_outcome! } } : {}),
    ...(Number(row.starts) > 0 ? { starts: Number(row.starts) } : {}),
  };
}

const present = (members: Record<string, string | null>): Record<string, string> =>
  Object.fromEntries(Object.entries(members).filter((e): e is [string, string] => e[1] !== null));
