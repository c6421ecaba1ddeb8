import { actions as allActions, type Action } from '../actions/index.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { Finding, Proposal } from '../domain/plan.js';
import type { Clock, Model, ModelAnswer, Store } from '../domain/ports.js';
import { promptOf, type Prompt } from '../domain/prompt.js';
import { redactText } from '../domain/redact.js';
import { answerFrom, answerSchema, type Answer, type TemplateChoice } from './analysis/answer.js';
import { evidenceOf } from './diagnose.js';

export interface AnalyzeDeps {
  store: Pick<Store, 'getArtifact' | 'putArtifact'>;
  model: Model;
  /** What may be proposed. Default: the whole catalogue. */
  actions?: readonly Action[];
  /** Arrangements it may choose from. Default: none. */
  templates?: readonly TemplateChoice[];
  /** Unused: an analysis reads no clock. Accepted so that all stages are made alike. */
  clock?: Clock;
  /** One answer. Default 300 s (product.md 5). */
  timeoutMs?: number;
}

export interface AnalyzeReply {
  proposals: Proposal[];
  /** Id of the template it chose. */
  template?: string;
  tokens: number;
  /** The model that answered; `promptRef` and `answerRef` are artifacts. */
  model: string;
  promptRef: string;
  answerRef: string;
}

/**
 * Asks the model once, with one repair when its answer does not fit. The model picks ids and fills bounded parameters;
 * names, uids and everything it was not asked for come from evidence. Throws ModelUnavailable, ModelRejected or ModelAnswerInvalid.
 */
export function createAnalyze({ store, model, actions = allActions.members, templates = [], timeoutMs = 300_000 }: AnalyzeDeps) {
  return async ({ evidenceRef, findings }: { evidenceRef: string; findings: Finding[] }): Promise<AnalyzeReply> => {
    const evidence = await evidenceOf(store, evidenceRef);
    const prompt = promptOf(evidence, findings, actions);
    if (prompt.targets.length === 0) throw new KubernautError('NotGrounded', 'nothing was read that an action could be proposed for');
    const promptRef = await store.putArtifact('prompt', { system: prompt.system, prompt: prompt.prompt, targets: prompt.targets });
    const schema = answerSchema(actions, prompt.targets, templates);
    const ask = (text: string) => model.answer({ system: prompt.system, prompt: text, schema, schemaName: 'remediation_proposals', timeoutMs });
    const { answer, answers } = await askWithRepair(ask, prompt, schema, model.id);
    const answerRef = await store.putArtifact('answer', answers.map((a) => ({ model: a.model, text: redactText(a.text.slice(0, 32_768)), usage: a.usage })));
    return { ...answer, tokens: answers.reduce((sum, a) => sum + tokensOf(a), 0), model: answers.at(-1)!.model, promptRef, answerRef };
  };
}

async function askWithRepair(ask: (text: string) => Promise<ModelAnswer>, prompt: Prompt, schema: Record<string, unknown>, by: string): Promise<{ answer: Answer; answers: ModelAnswer[] }> {
  const first = await ask(prompt.prompt);
  try {
    return { answer: answerFrom(first.text, schema, prompt.targets, by), answers: [first] };
  } catch (error) {
    if (!isKubernautError(error, 'ModelAnswerInvalid')) throw error;
    const again = `${prompt.prompt}\nYour previous answer was refused (${String(error.details['why'])}). Answer again: one JSON object in the schema, nothing else.`;
    const second = await ask(again);
    return { answer: answerFrom(second.text, schema, prompt.targets, by), answers: [first, second] };
  }
}

const tokensOf = (a: ModelAnswer): number => (a.usage.inputTokens ?? 0) + (a.usage.outputTokens ?? 0);
