import type { Replay } from '../contracts/replay.js';
import type { TranscriptEntry } from '../domain/investigation.js';
import type { ReplayInput } from '../domain/messages.js';
import type { Finding, Proposal } from '../domain/plan.js';
import type { Policy } from '../domain/policy.js';
import type { Model, Store } from '../domain/ports.js';
import { hashOf } from '../domain/sha256.js';
import { createAnalyze, type AnalyzeDeps } from './analyze.js';
import { createDiagnose } from './diagnose.js';
import { differencesOf, viewOf } from './planning/compare.js';
import { createDecide, type Rules } from './planning/decide.js';
import { recalledDecision, redactedRequest } from './planning/record.js';
import { redecide } from './planning/redecide.js';

export interface ReplayDeps extends Rules {
  store: Pick<Store, 'getArtifact'>;
  /** The configured provider with another model. Throws ConfigInvalid or InvalidParams when there is none. */
  model(name: string): Promise<Model>;
  timeoutMs?: number;
}

interface Said {
  proposals: Proposal[];
  isAnswered?: boolean;
  template?: string;
  tokens?: number;
}

/**
 * Decides a recorded incident again from what is stored of it: today's analyzers and rules over the evidence of then, the
 * answers of then or of another model, the policy of then or another one. There is no cluster here to ask, and the store is only
 * read. Throws NotFound where a part is past its retention.
 */
export function createReplay(deps: ReplayDeps) {
  const decide = createDecide(deps);
  const store = readOnly(deps.store);
  const diagnose = createDiagnose({ store });
  return async ({ remediationId, decisionRef, model, policy, transcript = [] }: ReplayInput): Promise<Replay> => {
    const { input, record } = await recalledDecision(store, decisionRef);
    const { evidenceRef } = input.request;
    const { findings } = await diagnose({ evidenceRef });
    const { tokens, ...said } = model === undefined ? answersOf(input.request) : await askedAnew(deps, { store, name: model, evidenceRef, findings, transcript });
    const { template: _template, isAnswered: _isAnswered, ...request } = input.request;
    const again = { ...input, request: redactedRequest({ ...request, findings, ...said }), ...(policy ? { policy: withPauses(policy as Policy, input.policy) } : {}) };
    const { answer, unknown } = redecide(decide, again);
    const [before, after] = [viewOf(input, record.answer), viewOf(again, answer)];
    const differences = differencesOf(before, after);
    return {
      remediation_id: remediationId, decided_at: record.now, decision_ref: decisionRef, is_same: differences.length === 0,
      differences, unknown, before, after, ...(model === undefined ? {} : { model, tokens: tokens ?? 0 }),
    };
  };
}

const answersOf = ({ proposals, isAnswered, template }: { proposals: Proposal[]; isAnswered?: boolean; template?: string }): Said => ({
  proposals, ...(isAnswered === undefined ? {} : { isAnswered }), ...(template === undefined ? {} : { template }),
});

/** Pauses are the moment's, not the file's. */
const withPauses = (policy: Policy, { pauses }: Policy): Policy => ({ ...policy, pauses });

interface Anew {
  store: AnalyzeDeps['store'];
  name: string;
  evidenceRef: string;
  findings: Finding[];
  transcript: readonly string[];
}

/** It sees what the looks of then found, not what another model said of it, and can look at nothing else: there is no cluster here. */
async function askedAnew(deps: ReplayDeps, { store, name, evidenceRef, findings, transcript }: Anew): Promise<Said> {
  const model = await deps.model(name);
  const analyze = createAnalyze({ store, model, ...(deps.timeoutMs === undefined ? {} : { timeoutMs: deps.timeoutMs }) });
  const entries = await Promise.all(transcript.map(async (ref) => ({ ref, entry: (await store.getArtifact(ref)) as TranscriptEntry })));
  const looks = entries.filter(({ entry }) => entry.kind === 'tool').map(({ ref }) => ref);
  const { proposals, template, tokens } = await analyze({ evidenceRef, findings, transcript: looks, mostAsks: 0 });
  return { proposals, isAnswered: true, ...(template ? { template } : {}), tokens };
}

/** What the stages would keep is only named. */
const readOnly = (store: Pick<Store, 'getArtifact'>): AnalyzeDeps['store'] => ({
  getArtifact: (ref) => store.getArtifact(ref),
  putArtifact: (_kind, content) => Promise.resolve(`sha256:${hashOf(content)}`),
});
