import type { Pause } from '../../domain/policy.js';
import type { Clock, Store } from '../../domain/ports.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

type Scope = Pick<Pause, 'cluster' | 'namespace' | 'action'>;

const LIST = `
  select cluster, namespace, action, paused_by, reason, until from pauses
  where until is null or until > $1::timestamptz order by cluster nulls first, namespace nulls first, action nulls first`;

const SET = `
  insert into pauses (cluster, namespace, action, paused_by, reason, until) values ($1, $2, $3, $4, $5, $6)
  on conflict (coalesce(cluster, ''), coalesce(namespace, ''), coalesce(action, '')) do update set
    paused_by = excluded.paused_by, reason = excluded.reason, until = excluded.until`;

/** Exactly this scope: lifting the pause of a namespace leaves the one of its cluster. */
const REMOVE = `
  delete from pauses
  where cluster is not distinct from $1 and namespace is not distinct from $2 and action is not distinct from $3`;

interface Row {
  cluster: string | null;
  namespace: string | null;
  action: string | null;
  paused_by: string;
  reason: string;
  until: Date | null;
}

export const pauseMethods = (query: Query, clock: Clock): Pick<Store, 'pauses' | 'setPause'> => ({
  /** Those that still hold. */
  async pauses() {
    const rows = await query<Row>('reading the kill switch', LIST, [clock.now()]);
    return rows.map(toPause);
  },

  async setPause(pause) {
    if ('remove' in pause) {
      await query('lifting a pause', REMOVE, scopeValues(pause.remove));
      return;
    }
    await query('setting a pause', SET, [...scopeValues(pause), cleanText(pause.by), cleanText(pause.reason), pause.until ?? null]);
  },
});

/** An empty text means "any", like an absent member. */
const scopeValues = ({ cluster, namespace, action }: Scope): (string | null)[] =>
  [cluster, namespace, action].map((text) => (text ? cleanText(text) : null));

const toPause = (row: Row): Pause => ({
  ...(row.cluster === null ? {} : { cluster: row.cluster }),
  ...(row.namespace === null ? {} : { namespace: row.namespace }),
  ...(row.action === null ? {} : { action: row.action }),
  by: row.paused_by,
  reason: row.reason,
  ...(row.until === null ? {} : { until: row.until.toISOString() }),
});
