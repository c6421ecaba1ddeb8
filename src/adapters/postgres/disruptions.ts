import type { Store } from '../../domain/ports.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

/**
 * Disruptive steps (tier 2 and 3) that took place, and those of others that are about to: a plan is stored as `executing` before
 * its first write, so that two processes see each other. In doubt one too many is counted.
 */
const COUNT = `
  select count(*) filter (where s.namespace = $2 and (s.status = 'planned' or s.at >= $6::timestamptz - interval '1 hour'))::int as namespace_hour,
    count(*)::int as cluster_day,
    count(*) filter (where s.namespace is not distinct from $2 and s.kind = $3 and s.name = $4)::int as workload_day
  from steps s join remediations r on r.id = s.remediation_id
  where s.cluster = $1 and s.tier >= 2 and r.outcome is distinct from 'observed' and (
    (s.status in ('running', 'applied', 'already_applied', 'failed', 'undone', 'undo_refused') and s.at >= $6::timestamptz - interval '1 day')
    or (s.status = 'planned' and r.phase = 'executing' and r.id <> $5)
  )`;

interface Row {
  namespace_hour: number;
  cluster_day: number;
  workload_day: number;
}

export const disruptionMethods = (query: Query): Pick<Store, 'countDisruptions'> => ({
  async countDisruptions({ cluster, namespace, kind, name }, remediationId, now) {
    const values = [cleanText(cluster), namespace === undefined ? null : cleanText(namespace), kind, cleanText(name), remediationId, now];
    const [row] = await query<Row>('counting disruptive actions', COUNT, values);
    return { namespaceHour: row!.namespace_hour, clusterDay: row!.cluster_day, workloadDay: row!.workload_day };
  },
});
