import { actions as allActions, type Action } from '../actions/index.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { MOST_CALLS_PER_TURN, type ToolCall, type TranscriptEntry, type TurnEntry } from '../domain/investigation.js';
import type { Proposal } from '../domain/plan.js';
import type { Clock, Model, ModelAnswer, Store } from '../domain/ports.js';
import { promptOf, type Prompt } from '../domain/prompt.js';
import { redactText } from '../domain/redact.js';
import { hashOf } from '../domain/sha256.js';
import { countTokens as countTokensOf } from '../models/tokens.js';
import { answerFrom, answerSchema, type Answer, type TemplateChoice } from './analysis/answer.js';
import { spentOn, type Spent } from './analysis/spent.js';
import type { TurnRequest } from './contract.js';
import { evidenceOf } from './diagnose.js';
import { askSchema } from './investigation/asks.js';
import type { ToolDefinition } from './investigation/define.js';
import { keptUnder } from './investigation/kept.js';
import { unattended, type Call, type Waiting } from './waiting.js';

export interface AnalyzeDeps {
  store: Pick<Store, 'getArtifact' | 'putArtifact'>;
  model?: Model;
  /** HolmesGPT, behind the same port: it looks around by itself and is asked once. */
  holmes?: Model;
  /** What may be proposed. Default: the whole catalogue. */
  actions?: readonly Action[];
  /** Arrangements it may choose from. Default: none. */
  templates?: readonly TemplateChoice[];
  /** What it may ask for. Default: nothing. */
  tools?: readonly ToolDefinition[];
  /** Unused: an analysis reads no clock. Accepted so that all stages are made alike. */
  clock?: Clock;
  /** One answer. Default 300 s (product.md 5). */
  timeoutMs?: number;
  /** The same of HolmesGPT. */
  holmesMs?: number;
  countTokens?: (text: string, model?: string) => number;
  waiting?: Waiting;
}

export interface AnalyzeReply extends Spent {
  proposals: Proposal[];
  /** Id of the template it chose. */
  template?: string;
  asks: ToolCall[];
  /** The model that answered; the references are artifacts. */
  model: string;
  promptRef: string;
  answerRef: string;
  /** The `TurnEntry` of this turn. */
  turnRef: string;
}

/** What is left of the activity's time when it gives up by itself, so that its own words arrive. */
const MARGIN_MS = 2000;

/**
 * One turn of an investigation, with one repair when the answer does not fit. The model picks ids and fills bounded parameters;
 * names, uids and everything it was not asked for come from evidence. Throws ModelUnavailable, ModelRejected or
 * ModelAnswerInvalid (its details say what was spent); a repeat after the worker died answers from the record.
 */
export function createAnalyze(deps: AnalyzeDeps) {
  const { store, waiting = unattended } = deps;
  return (request: TurnRequest): Promise<AnalyzeReply> =>
    waiting(async (call) => {
      const model = investigatorOf(deps, request);
      const asking = await askingOf(deps, request, model);
      const key = request.remediationId && `turn:${hashOf([request.remediationId, asking.promptRef, model.id])}`;
      const kept = key && (await keptUnder<AnalyzeReply>(store, key));
      if (kept) return kept;
      const { answer, answers, answerRef } = await askWithRepair(deps, asking, call);
      const entry: TurnEntry = {
        kind: 'turn', turn: request.turn ?? 1, model: answers.at(-1)!.model, promptRef: asking.promptRef, answerRef,
        reasoning: redactText(answer.reasoning), asks: answer.asks, proposals: answer.proposals, ...(answer.template ? { template: answer.template } : {}),
      };
      const { kind: _kind, turn: _turn, reasoning: _reasoning, ...told } = entry;
      const reply: AnalyzeReply = { ...told, ...spentOn(answers), turnRef: await store.putArtifact('answer', entry) };
      if (key) await store.putArtifact('answer', reply, key);
      return reply;
    });
}

function investigatorOf({ model, holmes }: AnalyzeDeps, { by }: TurnRequest): Model {
  const meant = by === 'holmes' ? holmes : model;
  if (!meant) throw new KubernautError('ModelRejected', by === 'holmes' ? 'HolmesGPT is not configured; set investigation.holmes.url' : 'no model is configured; the rules decide alone');
  return meant;
}

interface Asking {
  model: Model;
  prompt: Prompt;
  promptRef: string;
  schema: Record<string, unknown>;
  remediationId: string | undefined;
  isHolmes: boolean;
}

async function askingOf(deps: AnalyzeDeps, request: TurnRequest, model: Model): Promise<Asking> {
  const { store, actions = allActions.members, templates = [], countTokens = countTokensOf } = deps;
  const most = Math.min(request.mostAsks ?? 0, MOST_CALLS_PER_TURN);
  const tools = most > 0 ? (deps.tools ?? []) : [];
  const prompt = promptOf({
    evidence: await evidenceOf(store, request.evidenceRef), findings: request.findings, catalogue: actions, tools,
    transcript: await transcriptOf(store, request.transcript ?? []), maxTokens: request.maxTokens, countTokens: (text) => countTokens(text, model.id),
  });
  if (prompt.targets.length === 0) throw new KubernautError('NotGrounded', 'nothing was read that an action could be proposed for');
  const item = askSchema(tools, [...prompt.targets, ...prompt.others]);
  const schema = answerSchema({ actions, targets: prompt.targets, templates, ask: item && { item, most } });
  const promptRef = await store.putArtifact('prompt', { system: prompt.system, prompt: prompt.prompt, targets: prompt.targets, others: prompt.others, most_asks: most });
  return { model, prompt, promptRef, schema, remediationId: request.remediationId, isHolmes: request.by === 'holmes' };
}

/** A reference that occurs twice is one entry, so that the prompt can point to where it was. */
async function transcriptOf(store: Pick<Store, 'getArtifact'>, refs: readonly string[]): Promise<TranscriptEntry[]> {
  const entries = new Map<string, TranscriptEntry>();
  for (const ref of new Set(refs)) entries.set(ref, (await store.getArtifact(ref)) as TranscriptEntry);
  return refs.map((ref) => entries.get(ref)!);
}

interface Answered {
  answer: Answer;
  answers: ModelAnswer[];
  answerRef: string;
}

/** Every answer is kept, the refused ones too: they were paid for, and somebody may want to know why. */
async function askWithRepair(deps: AnalyzeDeps, { model, prompt, schema, remediationId, isHolmes }: Asking, call: Call): Promise<Answered> {
  const answers: ModelAnswer[] = [];
  const keep = (): Promise<string> => deps.store.putArtifact('answer', answers.map((a) => ({ model: a.model, text: redactText(a.text.slice(0, 32_768)), usage: a.usage })));
  const tokens = deps.countTokens ?? countTokensOf;
  /** Where the other side says nothing of what it took, as HolmesGPT does, it is counted here: a budget must not be blind. */
  const counted = (answer: ModelAnswer): ModelAnswer => (answer.usage.inputTokens === undefined && answer.usage.outputTokens === undefined
    ? { ...answer, usage: { ...answer.usage, inputTokens: tokens(prompt.system + prompt.prompt, answer.model), outputTokens: tokens(answer.text, answer.model), isEstimated: true } }
    : answer);
  const untilMs = performance.now() + call.leftMs - MARGIN_MS;
  const ask = async (text: string): Promise<Answer> => {
    const timeoutMs = Math.min((isHolmes ? deps.holmesMs : deps.timeoutMs) ?? 300_000, untilMs - performance.now());
    if (timeoutMs <= 0) throw new KubernautError('ModelUnavailable', `no time is left to ask ${model.id}`);
    const answer = await model.answer({ system: prompt.system, prompt: text, schema, schemaName: 'remediation_proposals', timeoutMs, signal: call.signal, remediationId });
    answers.push(counted(answer));
    return answerFrom(answer.text, { schema, prompt, by: answer.by ?? model.id });
  };
  try {
    const answer = await ask(prompt.prompt).catch((error: unknown) => {
      if (!isKubernautError(error, 'ModelAnswerInvalid')) throw error;
      return ask(`${prompt.prompt}\nYour previous answer was refused (${String(error.details['why'])}). Answer again: one JSON object in the schema, nothing else.`);
    });
    return { answer, answers, answerRef: await keep() };
  } catch (error) {
    if (answers.length === 0 || !isKubernautError(error)) throw error;
    throw new KubernautError(error.code, { ...error.details, ...spentOn(answers), answerRef: await keep() }, error.cause);
  }
}
