import { diagnoseAll } from '../../analyzers/index.js';
import { chooseLessons } from '../../domain/choose-lessons.js';
import { isKubernautError } from '../../domain/errors.js';
import type { Evidence, PastAction, SimilarIncident } from '../../domain/evidence.js';
import { signatureOf } from '../../domain/incident-signature.js';
import type { Embedder, Store, VectorIndex } from '../../domain/ports.js';

const DAY_MS = 86_400_000;
/** More than are chosen: some will be too old, or no lesson any more. */
const NEIGHBOURS = 20;
/** Below it two incidents share little more than being incidents (test/integration/recall.test.ts measures it). */
const LEAST_SIMILARITY = 0.3;

export interface RecallDeps {
  store: Pick<Store, 'pastActions' | 'incidentsOf'>;
  embedder: Embedder;
  vectors: Pick<VectorIndex, 'nearest'>;
}

export interface Recalled {
  history: PastAction[];
  similar: SimilarIncident[];
  /** What was asked, and what this incident will be found by. */
  signature: string;
  missing: Evidence['missing'];
}

/** What was done to this target within a day, and what resembled this before. Throws StoreUnavailable for the former alone. */
export async function recall(deps: RecallDeps, evidence: Evidence): Promise<Recalled> {
  const nowMs = Date.parse(evidence.takenAt);
  const signature = signatureOf(evidence, diagnoseAll(evidence).map((f) => f.cause));
  const [history, similar] = await Promise.all([
    deps.store.pastActions(evidence.target, new Date(nowMs - DAY_MS).toISOString()),
    similarTo(deps, signature, nowMs),
  ]);
  return { history, signature, ...similar };
}

/** Memory is a help, not a condition: without it the rules still decide. */
async function similarTo({ store, embedder, vectors }: RecallDeps, signature: string, nowMs: number): Promise<Pick<Recalled, 'similar' | 'missing'>> {
  try {
    const near = await vectors.nearest(await embedder.embed(signature), { limit: NEIGHBOURS, minSimilarity: LEAST_SIMILARITY });
    const neighbours = near.map(({ incident, similarity }) => ({ remediationId: incident.remediationId, similarity }));
    const facts = await store.incidentsOf(neighbours.map((n) => n.remediationId));
    return { similar: chooseLessons(neighbours, facts, nowMs), missing: [] };
  } catch (error) {
    const why = isKubernautError(error) ? error.message : 'looking for them failed';
    return { similar: [], missing: [{ what: 'similar incidents', why }] };
  }
}
