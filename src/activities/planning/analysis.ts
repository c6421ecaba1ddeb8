import type { Ranking } from '../../domain/ranking.js';
import { reasonsFor } from '../../domain/reasoning.js';
import type { Analysis } from '../contract.js';
import type { DecisionInput } from './input.js';

/** What is thought to be wrong, as people read it. */
export function analysisOf({ request: { findings, problems }, evidence, measured }: DecisionInput, ranking: Ranking): Analysis {
  const best = ranking.candidates[0];
  // What a lesser finding would have a person do must not stand beside the action that was chosen.
  const edit = ranking.edit ?? (best ? undefined : findings.find((f) => f.edit !== undefined)?.edit);
  const cause = findings.find((f) => f.cause === ranking.cause);
  return {
    source: best?.source ?? 'rules',
    cause: ranking.cause,
    ...(ranking.analyzer === undefined ? {} : { analyzer: ranking.analyzer }),
    confidence: best?.confidence ?? findings[0]?.confidence ?? 0,
    reasoning: ranking.reasoning,
    ...(edit ? { edit } : {}),
    ...reasonsFor({ ranking, evidence: { ...evidence, problems }, measured, ...(cause ? { cause } : {}) }),
  };
}
