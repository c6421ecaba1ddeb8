import type { SimilarIncident } from './evidence.js';
import { lessonOf, mayTeach, type Incident } from './incident.js';

export interface Neighbour {
  remediationId: string;
  /** 0..1, 1 is the same. */
  similarity: number;
}

const MOST_LESSONS = 5;
/** The same workload with the same ending, again and again, is one experience: it must not crowd out all others. */
const MOST_ALIKE = 2;
const YEAR_MS = 365 * 86_400_000;
/** After half a year an equal incident counts as much as a fresh one of half its similarity. */
const HALF_LIFE_MS = YEAR_MS / 2;

/**
 * From what is near to what teaches. `facts` are the rows of our own database: what an index says of an incident, beyond how near
 * it is, is not believed, so one that is stale or was tampered with cannot make a lesson. Older than a year teaches no more.
 */
export function chooseLessons(near: readonly Neighbour[], facts: readonly Incident[], nowMs: number): SimilarIncident[] {
  const byId = new Map(facts.filter(mayTeach).map((f) => [f.remediationId, f]));
  const weighed = near.flatMap(({ remediationId, similarity }) => {
    const fact = byId.get(remediationId);
    const ageMs = fact ? Math.max(0, nowMs - Date.parse(fact.at)) : Infinity;
    return fact && ageMs <= YEAR_MS ? [{ fact, similarity, weight: similarity * 2 ** (-ageMs / HALF_LIFE_MS) }] : [];
  });
  const ordered = weighed.sort((a, b) => b.weight - a.weight || (a.fact.remediationId < b.fact.remediationId ? -1 : 1));
  return withoutCrowds(ordered).slice(0, MOST_LESSONS).map(({ fact, similarity }) => toSimilar(fact, similarity));
}

function withoutCrowds<T extends { fact: Incident }>(ordered: readonly T[]): T[] {
  const seen = new Map<string, number>();
  return ordered.filter(({ fact: { cluster, namespace, kind, alert, action, outcome } }) => {
    const key = JSON.stringify([cluster, namespace, kind, alert, action, outcome]);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count <= MOST_ALIKE;
  });
}

const toSimilar = (fact: Incident, similarity: number): SimilarIncident => ({
  remediationId: fact.remediationId,
  summary: fact.summary,
  ...(fact.action === undefined ? {} : { action: fact.action }),
  outcome: fact.outcome,
  lesson: lessonOf(fact.outcome)!,
  isVerified: true,
  similarity,
  at: fact.at,
});
