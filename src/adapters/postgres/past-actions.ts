import type { RemediationStep } from '../../contracts/remediation.js';
import type { PastAction } from '../../domain/evidence.js';
import type { Store } from '../../domain/ports.js';
import type { Target } from '../../domain/target.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

/**
 * Writing actions (tier 0 reads) that took place, by the object they wrote to, which need not be the target of their
 * remediation. A dry run's steps (outcome observed) wrote nothing.
 */
const PAST = `
  select s.remediation_id, s.at, s.doc from steps s join remediations r on r.id = s.remediation_id
  where s.cluster = $1 and s.namespace is not distinct from $2 and s.kind = $3 and s.name = $4 and s.at >= $5::timestamptz
    and s.tier > 0 and s.status in ('applied', 'already_applied', 'failed', 'undone', 'undo_refused')
    and r.outcome is distinct from 'observed'
  order by s.at desc, s.rung desc, s.ordinal desc`;

interface Row {
  remediation_id: string;
  at: Date;
  doc: RemediationStep;
}

export const pastActionMethods = (query: Query): Pick<Store, 'pastActions'> => ({
  async pastActions({ cluster, namespace, kind, name }, since) {
    const values = [cleanText(cluster), namespace === undefined ? null : cleanText(namespace), kind, cleanText(name), since];
    const rows = await query<Row>('reading past actions', PAST, values);
    return rows.map(toPastAction);
  },
});

const toPastAction = ({ remediation_id, at, doc }: Row): PastAction => ({
  remediationId: remediation_id,
  action: doc.action,
  target: doc.target as Target,
  at: at.toISOString(),
  result: resultOf(doc),
  wasUndone: doc.status === 'undone',
  wrote: doc.wrote ?? [],
});

const RESULTS: Record<string, PastAction['result']> = {
  effective: 'effective',
  // Some pods more are Ready but the condition was still there: neither a success to repeat nor a failure to count.
  improving: 'inconclusive',
  ineffective: 'ineffective',
  harmful: 'harmful',
  inconclusive: 'inconclusive',
};

function resultOf(step: RemediationStep): PastAction['result'] {
  if (step.status === 'failed') return 'failed';
  return step.effect === undefined ? undefined : RESULTS[step.effect];
}
