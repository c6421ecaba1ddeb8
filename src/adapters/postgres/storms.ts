import type { Clock, Store } from '../../domain/ports.js';
import type { Storm } from '../../domain/storm.js';
import { cleanJson, cleanText } from './clean-text.js';
import type { Query } from './query.js';

/** A minute ahead as well: gateways' clocks differ a little. Further ahead is a clock that was put back since. */
const READ = `
  select s.since, s.why, s.calm_since, s.read_at, coalesce(s.version, 0)::text as version, (
      select count(*)::int from remediations r
      where r.cluster = $1 and r.started_at > $2::timestamptz - interval '1 minute' and r.started_at <= $2::timestamptz + interval '1 minute'
    ) as started
  from (select $1::text as cluster) as asked left join storms s using (cluster)`;

/** Only on top of the version that was read: of two workers the second reads again and finds what the first kept. Its audit entry stands or falls with it. */
const KEEP = `
  with kept as (
    insert into storms (cluster, version, since, why, calm_since, read_at) values ($1, 1, $3, $4, $5, $6)
    on conflict (cluster) do update set
      version = storms.version + 1, since = excluded.since, why = excluded.why, calm_since = excluded.calm_since, read_at = excluded.read_at
      where storms.version = $2::bigint
    returning cluster
  ), told as (
    insert into audit (at, actor, verb, subject, details) select $6::timestamptz, 'kubernaut', $7::text, 'cluster ' || cluster, $8::jsonb from kept where $7::text is not null
  )
  select cluster from kept`;

interface Row {
  since: Date | null;
  why: string | null;
  calm_since: Date | null;
  read_at: Date | null;
  version: string;
  started: number;
}

export const stormMethods = (query: Query, clock: Clock): Pick<Store, 'readStorm' | 'keepStorm'> => ({
  async readStorm(cluster) {
    const at = clock.now();
    const [row] = await query<Row>('reading storm mode', READ, [cleanText(cluster), at]);
    const storm = stormOf(row!);
    return { at, version: row!.version, remediations: row!.started, ...(storm ? { storm } : {}) };
  },

  async keepStorm({ cluster, version, at, storm, told }) {
    const state = storm ? [storm.since, cleanText(storm.why), storm.calmSince ?? null, storm.readAt] : [null, null, null, at];
    const values = [cleanText(cluster), version, ...state, told?.verb ?? null, told ? cleanJson(told.details) : null];
    return (await query('keeping storm mode', KEEP, values)).length > 0;
  },
});

const stormOf = ({ since, why, calm_since, read_at }: Row): Storm | undefined =>
  since === null ? undefined : { since: since.toISOString(), why: why!, readAt: read_at!.toISOString(), ...(calm_since ? { calmSince: calm_since.toISOString() } : {}) };
