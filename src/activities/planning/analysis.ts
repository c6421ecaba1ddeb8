import type { Finding } from '../../domain/plan.js';
import type { Ranking } from '../../domain/ranking.js';
import type { Analysis } from '../contract.js';

/** What is thought to be wrong, as people read it. */
export function analysisOf(ranking: Ranking, findings: readonly Finding[]): Analysis {
  const edit = findings.find((f) => f.edit !== undefined)?.edit;
  const best = ranking.candidates[0];
  return {
    source: best?.source ?? 'rules',
    cause: ranking.cause,
    confidence: best?.confidence ?? findings[0]?.confidence ?? 0,
    reasoning: ranking.reasoning,
    ...(edit ? { edit } : {}),
  };
}
