import { Ajv, type ValidateFunction } from 'ajv';
import { actions as allActions, type Action } from '../../actions/index.js';
import { parametersFor, proposalSchema } from '../../actions/proposal-schema.js';
import { KubernautError } from '../../domain/errors.js';
import type { Proposal } from '../../domain/plan.js';
import type { PromptTarget } from '../../domain/prompt.js';
import { parseStrictJson } from '../../domain/strict-json.js';

const MOST_PROPOSALS = 5;

/** An arrangement that a model may choose for its proposals. */
export interface TemplateChoice {
  id: string;
  summary: string;
}

export interface Answer {
  proposals: Proposal[];
  template?: string;
}

interface Item {
  action: string;
  target_id: string;
  parameters: Record<string, unknown>;
  confidence: number;
  reason: string;
}

/** The closed schema of a whole answer, narrowed to the targets of this remediation. */
export function answerSchema(members: readonly Action[], targets: readonly PromptTarget[], templates: readonly TemplateChoice[] = []): Record<string, unknown> {
  const item = proposalSchema(members, targets.map((t) => t.id));
  return {
    type: 'object',
    additionalProperties: false,
    required: ['reasoning', 'proposals'],
    properties: {
      reasoning: { type: 'string', maxLength: 4000 },
      proposals: { type: 'array', maxItems: MOST_PROPOSALS, items: item },
      ...(templates.length > 0 ? { template: { type: 'string', enum: templates.map((t) => t.id), description: templates.map((t) => `${t.id}: ${t.summary}`).join(' ') } } : {}),
    },
  };
}

/** Throws ModelAnswerInvalid with the reason alone: it goes back to the model once, and must not carry its text. */
export function answerFrom(text: string, schema: Record<string, unknown>, targets: readonly PromptTarget[], by: string): Answer {
  const answer = withoutNulls(parseStrictJson(text));
  const validate = compiled(schema);
  if (!validate(answer)) throw new KubernautError('ModelAnswerInvalid', { message: `the answer does not fit the schema: ${problemsOf(validate)}`, why: problemsOf(validate) });
  const { proposals, template } = answer as { proposals: Item[]; template?: string };
  return { proposals: proposals.map((item) => proposalOf(item, targets, by)), ...(template ? { template } : {}) };
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
  return { action: item.action, target: target.ref, parameters, confidence: item.confidence, reason: item.reason.slice(0, 500), source: 'model', by };
}

/** Strict schemas have no optional members: models then say null for "not given". */
function withoutNulls(given: unknown): unknown {
  const { template, ...answer } = (given ?? {}) as { template?: unknown; proposals?: unknown };
  const proposals = answer.proposals;
  if (!Array.isArray(proposals)) return given;
  const cleaned = proposals.map((p: { parameters?: unknown } | null) =>
    p !== null && typeof p === 'object' && p.parameters !== null && typeof p.parameters === 'object'
      ? { ...p, parameters: Object.fromEntries(Object.entries(p.parameters).filter(([, v]) => v !== null)) }
      : p,
  );
  return { ...answer, ...(template === null || template === undefined ? {} : { template }), proposals: cleaned };
}

function compiled(schema: Record<string, unknown>): ValidateFunction {
  return new Ajv({ strict: false, allErrors: false, coerceTypes: false, validateFormats: false }).compile(schema);
}

/** Paths and rules, never values. */
const problemsOf = (validate: ValidateFunction): string =>
  (validate.errors ?? []).slice(-4).map((e) => `${e.instancePath || 'answer'}: ${e.keyword}`).join('; ') || 'unknown';
