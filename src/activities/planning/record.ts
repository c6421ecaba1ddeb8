import type { Template } from '../../contracts/template.js';
import type { Evidence } from '../../domain/evidence.js';
import { KubernautError } from '../../domain/errors.js';
import type { Store } from '../../domain/ports.js';
import { redactText } from '../../domain/redact.js';
import { hashOf } from '../../domain/sha256.js';
import type { PlanAnswer, PlanRequest } from '../contract.js';
import type { DecisionInput } from './input.js';

/** Of the artifact; a reader that does not know it must not guess. */
const VERSION = 1;

/** A decision as it is kept: the input, with what is big and often the same behind references, and what came of it. */
export type DecisionRecord = Omit<DecisionInput, 'evidence' | 'templates'> & {
  version: typeof VERSION;
  /** Artifact with the templates. The evidence is `request.evidenceRef`. */
  templatesRef: string;
  /** SHA-256 over the policy without the kill switch: the same file, the same digest. */
  policyDigest: string;
  answer: PlanAnswer;
};

type Keeping = Pick<Store, 'putArtifact'>;

/** Keeps decisions; templates, which hardly ever change, are sent once per process. Throws StoreUnavailable: a decision that is not kept is none. */
export function createKeepDecision(store: Keeping): (input: DecisionInput, answer: PlanAnswer) => Promise<string> {
  let known: { templates: readonly Template[]; ref: Promise<string> } | undefined;
  const keptOnce = (templates: readonly Template[]): Promise<string> => {
    if (known?.templates !== templates) {
      const ref = store.putArtifact('templates', templates);
      ref.catch(() => (known = undefined));
      known = { templates, ref };
    }
    return known.ref;
  };
  return async ({ evidence: _evidence, templates, ...input }, answer) => {
    const { pauses: _pauses, ...file } = input.policy;
    const record: DecisionRecord = { version: VERSION, ...input, templatesRef: await keptOnce(templates), policyDigest: hashOf(file), answer };
    return store.putArtifact('decision', record);
  };
}

/** The input of a recorded decision and the answer of that time. Throws NotFound (past its retention) or Unsupported (a newer record). */
export async function recalledDecision(store: Pick<Store, 'getArtifact'>, ref: string): Promise<{ input: DecisionInput; record: DecisionRecord }> {
  const record = (await store.getArtifact(ref)) as DecisionRecord;
  if (record.version !== VERSION) throw new KubernautError('Unsupported', `decision ${ref} was kept in form ${String(record.version)}, and this version reads form ${VERSION}; use the version that made it`);
  const { version: _v, templatesRef, policyDigest: _d, answer: _a, ...input } = record;
  const [evidence, templates] = await Promise.all([store.getArtifact(record.request.evidenceRef), store.getArtifact(templatesRef)]);
  return { input: { ...input, evidence: evidence as Evidence, templates: templates as Template[] }, record };
}

/** What the decision reads of the request and what is kept of it is one and the same: masked before, not after. */
export const redactedRequest = (request: PlanRequest): PlanRequest => ({
  ...request,
  problems: request.problems.map((p) => ({ ...p, labels: maskedValues(p.labels), annotations: maskedValues(p.annotations) })),
  proposals: request.proposals.map((p) => ({ ...p, reason: redactText(p.reason) })),
});

const maskedValues = (texts: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, redactText(text)]));
