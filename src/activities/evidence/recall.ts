import type { EventLine, Evidence, PastAction, Problem, SimilarIncident } from '../../domain/evidence.js';
import type { Embedder, Store } from '../../domain/ports.js';
import { redactText } from '../../domain/redact.js';
import type { Target } from '../../domain/target.js';

const DAY_MS = 86_400_000;
const SIMILAR = 5;

export interface Recalled {
  history: PastAction[];
  similar: SimilarIncident[];
  missing: Evidence['missing'];
}

/** What was done to this target within a day, and what resembled this before. */
export async function recall(
  deps: { store: Pick<Store, 'pastActions' | 'similarIncidents'>; embedder: Embedder },
  about: { target: Target; problems: readonly Problem[]; events: readonly EventLine[]; nowMs: number },
): Promise<Recalled> {
  const since = new Date(about.nowMs - DAY_MS).toISOString();
  const [history, similar] = await Promise.all([deps.store.pastActions(about.target, since), similarTo(deps, descriptionOf(about))]);
  return { history, ...similar };
}

/** Memory is a help, not a condition: without it the rules still decide. */
async function similarTo(deps: { store: Pick<Store, 'similarIncidents'>; embedder: Embedder }, text: string): Promise<Pick<Recalled, 'similar' | 'missing'>> {
  let embedding: number[];
  try {
    embedding = await deps.embedder.embed(text);
  } catch (error) {
    return { similar: [], missing: [{ what: 'similar incidents', why: `embedding failed: ${error instanceof Error ? error.message : 'unknown'}` }] };
  }
  return { similar: await deps.store.similarIncidents(embedding, SIMILAR), missing: [] };
}

/** Alert and cause in words, without names of pods: the same trouble elsewhere shall read alike. */
export function descriptionOf({ target, problems, events }: { target: Target; problems: readonly Problem[]; events: readonly EventLine[] }): string {
  const alerts = problems.map((p) => [p.alert, p.annotations.summary ?? p.annotations.description ?? ''].join(' '));
  const reasons = [...new Set(events.filter((e) => e.type === 'Warning').map((e) => e.reason))];
  const causes = events.filter((e) => e.type === 'Warning').slice(-3).map((e) => e.message);
  return redactText([target.kind, ...alerts, ...reasons, ...causes].join('\n').slice(0, 4000));
}
