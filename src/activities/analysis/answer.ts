import { actions as allActions, type Action } from '../../actions/index.js';
import { parametersFor, proposalSchema } from '../../actions/proposal-schema.js';
import { KubernautError } from '../../domain/errors.js';
import type { ToolCall } from '../../domain/investigation.js';
import type { Proposal } from '../../domain/plan.js';
import type { Prompt, PromptTarget } from '../../domain/prompt.js';
import { redactText } from '../../domain/redact.js';
import { parseStrictJson } from '../../domain/strict-json.js';
import { callOf } from '../investigation/asks.js';
import { misfitOf } from './fits.js';

const MOST_PROPOSALS = 5;

/** An arrangement that a model may choose for its proposals. */
export interface TemplateChoice {
  id: string;
  summary: string;
}

export interface Answer {
  reasoning: string;
  proposals: Proposal[];
  template?: string;
  /** What it wants to see before it decides; `[]`: this is its decision. */
  asks: ToolCall[];
}

export interface AnswerForm {
  actions: readonly Action[];
  targets: readonly PromptTarget[];
  templates?: readonly TemplateChoice[];
  /** What one item of `ask` looks like, and how many there may be. Absent: nothing may be asked. */
  ask?: { item: Record<string, unknown>; most: number };
}

interface Item {
  action: string;
  target_id: string;
  parameters: Record<string, unknown>;
  confidence: number;
  reason: string;
}

/** The closed schema of a whole answer, narrowed to the targets of this remediation. */
export function answerSchema({ actions, targets, templates = [], ask }: AnswerForm): Record<string, unknown> {
  const item = proposalSchema(actions, targets.map((t) => t.id));
  return {
    type: 'object',
    additionalProperties: false,
    required: ['reasoning', 'proposals'],
    properties: {
      reasoning: { type: 'string', maxLength: 4000 },
      proposals: { type: 'array', maxItems: MOST_PROPOSALS, items: item },
      ...(ask ? { ask: { type: 'array', maxItems: ask.most, items: ask.item, description: 'What to look at before the decision. Empty or absent: the proposals are final.' } } : {}),
      ...(templates.length > 0 ? { template: { type: 'string', enum: templates.map((t) => t.id), description: templates.map((t) => `${t.id}: ${t.summary}`).join(' ') } } : {}),
    },
  };
}

export interface AnswerReading {
  schema: Record<string, unknown>;
  /** Proposals are about targets; looks may be about others too. */
  prompt: Pick<Prompt, 'targets' | 'others'>;
  /** The model that answered. */
  by: string;
}

/** Throws ModelAnswerInvalid with the reason alone: it goes back to the model once, and must not carry its text. */
export function answerFrom(text: string, { schema, prompt: { targets, others }, by }: AnswerReading): Answer {
  const answer = withoutNulls(parseStrictJson(text));
  const why = misfitOf(schema, answer);
  if (why !== undefined) throw new KubernautError('ModelAnswerInvalid', { message: `the answer does not fit the schema: ${why}`, why });
  const { reasoning, proposals, template, ask = [] } = answer as { reasoning: string; proposals: Item[]; template?: string; ask?: Record<string, unknown>[] };
  return { reasoning, proposals: proposals.map((item) => proposalOf(item, targets, by)), ...(template ? { template } : {}), asks: ask.map((item) => callOf(item, [...targets, ...others])) };
}

function proposalOf(item: Item, targets: readonly PromptTarget[], by: string): Proposal {
  const action = allActions.get(item.action);
  const target = targets.find((t) => t.id === item.target_id);
  if (!target) throw new KubernautError('ModelAnswerInvalid', { message: 'the answer names a target that is not in the list', why: 'target_id is not in the list' });
  if (action.targets.length > 0 && !action.targets.includes(target.ref.kind)) {
    const why = `${action.id} acts on ${action.targets.join(', ')}, not on ${target.ref.kind}`;
    throw new KubernautError('ModelAnswerInvalid', { message: `the answer does not fit: ${why}`, why });
  }
  const parameters = parametersFor(action, target.ref, item.parameters);
  return { action: item.action, target: target.ref, parameters, confidence: item.confidence, reason: redactText(item.reason).slice(0, 500), source: 'model', by };
}

/** Strict schemas have no optional members: models then say null for "not given". */
function withoutNulls(given: unknown): unknown {
  if (!isRecord(given)) return given;
  const { template, ask, proposals, ...answer } = given;
  return {
    ...answer,
    ...unlessNull('template', template),
    ...unlessNull('ask', Array.isArray(ask) ? ask.map(present) : ask),
    ...('proposals' in given ? { proposals: Array.isArray(proposals) ? proposals.map((p: unknown) => (isRecord(p) ? { ...p, parameters: present(p.parameters) } : p)) : proposals } : {}),
  };
}

const unlessNull = (key: string, value: unknown): object => (value === null || value === undefined ? {} : { [key]: value });

const isRecord = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value);

const present = (value: unknown): unknown => (isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null)) : value);
