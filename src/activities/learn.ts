import type { Remediation } from '../contracts/remediation.js';
import { isKubernautError } from '../domain/errors.js';
import type { Evidence } from '../domain/evidence.js';
import { identifierOr, isProved, nameOr, summaryOf, type Incident } from '../domain/incident.js';
import { readsLikeInstructions, untrustedTexts } from '../domain/instruction.js';
import type { Clock, Embedder, Store, VectorIndex } from '../domain/ports.js';

export interface LearnDeps {
  store: Pick<Store, 'getArtifact' | 'keepIncident' | 'incidentsDue' | 'markIndexed'>;
  embedder: Embedder;
  vectors: Pick<VectorIndex, 'name' | 'put'>;
  clock: Clock;
  /** The index could not take it now; it is tried again with what is learned next. */
  onMissed?: (error: unknown) => void;
}

/** Put into the index with each that is learned: what an outage left behind. */
const CATCH_UP = 5;

/**
 * Keeps what a closed remediation taught: the facts in our database, which must succeed, then the vector, which may come later.
 * Safe to repeat. Throws StoreUnavailable.
 */
export function createLearn(deps: LearnDeps): (remediation: Remediation) => Promise<void> {
  return async (remediation) => {
    const evidence = await evidenceOf(deps, remediation);
    // Nothing was read, so nothing can be compared later.
    if (evidence?.signature === undefined || evidence.signature === '') return;
    const incident = incidentOf(remediation, evidence, deps.clock.now());
    await deps.store.keepIncident(incident);
    try {
      await indexDue(deps, CATCH_UP);
    } catch (error) {
      if (isKubernautError(error, 'StoreUnavailable')) throw error;
      deps.onMissed?.(error);
    }
  };
}

/** Puts what the index does not have into it, oldest first; returns how many there were. Throws what embedder, index and store throw. */
export async function indexDue({ store, embedder, vectors }: Pick<LearnDeps, 'embedder' | 'vectors'> & { store: Pick<Store, 'incidentsDue' | 'markIndexed'> }, limit: number): Promise<number> {
  const due = await store.incidentsDue(vectors.name, limit);
  for (const incident of due) {
    await vectors.put(incident, await embedder.embed(incident.signature));
    await store.markIndexed(vectors.name, incident);
  }
  return due.length;
}

async function evidenceOf({ store }: LearnDeps, { analysis }: Remediation): Promise<(Evidence & { signature?: string }) | undefined> {
  if (analysis?.evidence_ref === undefined) return undefined;
  try {
    return (await store.getArtifact(analysis.evidence_ref)) as Evidence;
  } catch (error) {
    if (isKubernautError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Of identifiers only; an incident whose evidence talks to its reader is kept and does not teach (safety.md 2, poisoned memory). */
function incidentOf(r: Remediation, evidence: Evidence, now: string): Incident {
  const action = actionOf(r);
  const parts = {
    kind: identifierOr(r.target.kind, 'other'),
    cause: identifierOr(r.analysis?.cause ?? '', 'other'),
    alert: [...new Set(r.problems.filter((p) => p.symptom_on === undefined).map((p) => nameOr(p.alert, '')))].filter(Boolean).sort().slice(0, 3).join(' '),
    ...(action === undefined ? {} : { action }),
    outcome: r.outcome ?? 'failed',
  };
  return {
    remediationId: r.id,
    cluster: r.cluster,
    ...(r.target.namespace === undefined ? {} : { namespace: r.target.namespace }),
    ...parts,
    signature: evidence.signature ?? '',
    summary: summaryOf(parts),
    isVerified: isProved(r) && !untrustedTexts(evidence).some(readsLikeInstructions),
    at: r.closed_at ?? now,
  };
}

const DONE = ['applied', 'already_applied', 'undone', 'undo_refused'];

/** The last that took place: of a ladder it is the one the outcome is about. */
const actionOf = ({ plan }: Remediation): string | undefined => plan?.steps.findLast((s) => s.tier > 0 && DONE.includes(s.status))?.action;
