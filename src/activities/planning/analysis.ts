import type { Finding } from '../../domain/plan.js';
import type { Ranking } from '../../domain/ranking.js';
import { reasonsFor } from '../../domain/reasoning.js';
import type { Analysis } from '../contract.js';
import type { DecisionInput } from './input.js';

/** What is thought to be wrong, as people read it. */
export function analysisOf({ request: { findings, problems }, evidence, measured }: DecisionInput, ranking: Ranking): Analysis {
  const edit = editOf(ranking, findings);
  const cause = findings.find((f) => f.cause === ranking.cause);
  return {
    ...decidedBy(ranking, findings),
    cause: ranking.cause,
    ...(ranking.analyzer === undefined ? {} : { analyzer: ranking.analyzer }),
    reasoning: ranking.reasoning,
    ...(edit ? { edit } : {}),
    ...reasonsFor({ ranking, evidence: { ...evidence, problems }, measured, ...(cause ? { cause } : {}) }),
  };
}

const decidedBy = ({ candidates: [best] }: Ranking, findings: readonly Finding[]): Pick<Analysis, 'source' | 'confidence'> =>
  best ? { source: best.source, confidence: best.confidence } : { source: 'rules', confidence: findings[0]?.confidence ?? 0 };

/** What a lesser finding would have a person do must not stand beside the action that was chosen. */
const editOf = ({ edit, candidates }: Ranking, findings: readonly Finding[]): string | undefined =>
  edit ?? (candidates.length > 0 ? undefined : findings.find((f) => f.edit !== undefined)?.edit);
