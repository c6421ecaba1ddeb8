import type { Signal } from '../../domain/signal.js';
import type { Store } from '../../domain/ports.js';
import { cleanText } from './clean-text.js';
import { keyText } from './key-text.js';
import type { Query } from './query.js';

/** More than one arrival should hand over; the rest come with their next repeat. */
const MOST_HELD = 200;

const COUNT = `select count_for_rule($1, $2, $3, $4, $5::timestamptz, $6 * interval '1 millisecond') as n`;

/** Firing, held by this rule, and not over since. */
const HELD = `
  select s.signal from filter_counts c
    join signals s on s.cluster = c.cluster and s.fingerprint = c.fingerprint and s.starts_at = c.starts_at and s.status = 'firing'
  where c.rule = $1 and c.key = $2 and c.starts_at between $3::timestamptz - $4 * interval '1 millisecond' and $3::timestamptz + $4 * interval '1 millisecond'
    and s.outcome = 'suppressed' and s.remediation_id is null and s.rules @> array[$1]
    and not exists (
      select from signals e where e.cluster = s.cluster and e.fingerprint = s.fingerprint and e.starts_at = s.starts_at and e.status = 'resolved')
  order by s.starts_at limit ${MOST_HELD}`;

const HITS = `
  select rule, count(*) as hits, max(at) as last from signals, unnest(rules) as rule
  where at >= $1::timestamptz and rules is not null group by rule`;

export const filterMethods = (query: Query): Pick<Store, 'countForRule' | 'heldByRule' | 'filterHits'> => ({
  async countForRule({ rule, key, withinMs }, { cluster, fingerprint, startsAt }) {
    const values = [rule, keyText(key), keyText(cluster), keyText(fingerprint), startsAt, withinMs];
    const [row] = await query<{ n: string }>('counting for a filter rule', COUNT, values);
    return Number(row!.n);
  },

  async heldByRule({ rule, key, withinMs }, { startsAt }) {
    const rows = await query<{ signal: Signal }>('looking for what a filter rule held', HELD, [cleanText(rule), keyText(key), startsAt, withinMs]);
    return rows.map((row) => row.signal);
  },

  async filterHits(since) {
    const rows = await query<{ rule: string; hits: string; last: Date }>('counting what filter rules did', HITS, [since]);
    return rows.map(({ rule, hits, last }) => ({ rule, hits: Number(hits), lastAt: last.toISOString() }));
  },
});
