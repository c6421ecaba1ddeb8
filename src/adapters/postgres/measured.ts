import type { Measured } from '../../domain/measured.js';
import type { Store } from '../../domain/ports.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

/**
 * One statement for all candidates, over `steps_measured`. What counts is what was measured in remediations that are closed:
 * an open one may still be undone. A dry run (outcome observed) wrote nothing, `already_applied` changed nothing.
 */
const MEASURED = `
  select s.action, s.cause_family as family,
    count(*) filter (where s.effect = 'effective')::int as helped,
    count(*) filter (where s.effect = 'ineffective')::int as failed,
    count(*) filter (where s.effect = 'harmful')::int as harmed,
    coalesce(sum(w.weight) filter (where s.effect = 'effective'), 0)::float8 as helped_lately,
    coalesce(sum(w.weight) filter (where s.effect = 'ineffective'), 0)::float8 as failed_lately,
    coalesce(sum(w.weight) filter (where s.effect = 'harmful'), 0)::float8 as harmed_lately,
    max(s.at) as last_at
  from steps s
  join remediations r on r.id = s.remediation_id
  cross join lateral (select power(0.5, greatest(0, extract(epoch from $5::timestamptz - s.at)) / $6::float8)::float8 as weight) w
  where s.cluster = $1 and s.cause_family = any($2) and s.action = any($3) and s.at >= $4::timestamptz and s.at <= $5::timestamptz
    and s.effect in ('effective', 'ineffective', 'harmful') and s.tier > 0 and s.status in ('applied', 'undone')
    and r.phase = 'closed' and r.outcome is distinct from 'observed'
  group by s.action, s.cause_family
  order by s.action, s.cause_family`;

interface Row extends Pick<Measured, 'action' | 'family' | 'helped' | 'failed' | 'harmed'> {
  helped_lately: number;
  failed_lately: number;
  harmed_lately: number;
  last_at: Date;
}

export const measuredMethods = (query: Query): Pick<Store, 'measuredEffects'> => ({
  async measuredEffects({ cluster, families, actions, since, now, halfLifeMs }) {
    if (families.length === 0 || actions.length === 0) return [];
    const rows = await query<Row>('reading what actions came to', MEASURED, [cleanText(cluster), families.map(cleanText), actions.map(cleanText), since, now, halfLifeMs / 1000]);
    return rows.map(toMeasured);
  },
});

const toMeasured = ({ action, family, helped, failed, harmed, helped_lately, failed_lately, harmed_lately, last_at }: Row): Measured => ({
  action, family, helped, failed, harmed, lately: { helped: rounded(helped_lately), failed: rounded(failed_lately), harmed: rounded(harmed_lately) }, lastAt: last_at.toISOString(),
});

/** It is recorded, and must read the same from every database. */
const rounded = (weight: number): number => Math.round(weight * 1000) / 1000;
