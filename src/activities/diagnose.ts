import { diagnoseAll } from '../analyzers/index.js';
import { KubernautError } from '../domain/errors.js';
import type { Evidence } from '../domain/evidence.js';
import type { Finding } from '../domain/plan.js';
import type { Clock, Store } from '../domain/ports.js';

const MOST_TEXT = 600;

/** The deterministic analyzers over recorded evidence: no cluster in reach, so a past incident can be diagnosed again. */
export function createDiagnose({ store }: { store: Pick<Store, 'getArtifact'>; clock?: Clock }) {
  return async ({ evidenceRef }: { evidenceRef: string }): Promise<{ findings: Finding[] }> => {
    const evidence = await evidenceOf(store, evidenceRef);
    return { findings: diagnoseAll(evidence).map(bounded) };
  };
}

export async function evidenceOf(store: Pick<Store, 'getArtifact'>, ref: string): Promise<Evidence> {
  const evidence = (await store.getArtifact(ref)) as Evidence | undefined;
  if (!evidence) throw new KubernautError('NotFound', `evidence ${ref} is not in the store; enrich again`);
  return evidence;
}

/** Findings travel through workflow history: texts are cut, an edit is left whole as long as it is a command and not a document. */
const bounded = (f: Finding): Finding => ({
  ...f,
  summary: f.summary.slice(0, MOST_TEXT),
  evidence: f.evidence.map((e) => e.slice(0, MOST_TEXT)),
  ...(f.edit === undefined ? {} : { edit: f.edit.slice(0, 2000) }),
});
