import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { Ajv, type ValidateFunction } from 'ajv';
import { models, type ModelId } from '../models/index.js';
import { count, duration, list, oneOf, secret, section, text } from './fields.js';
import { issueOf, type ConfigIssue } from './issues.js';

/** The scripted one is for tests: it is connected by them, not configured. */
export const PROVIDERS = models.ids.filter((id): id is Exclude<ModelId, 'scripted'> => id !== 'scripted');
/** An endpoint alone is a server that speaks chat completions. */
export const DEFAULT_PROVIDER = 'openai';

const limits = Type.Object(
  {
    requestsPerMinute: Type.Optional(Type.Integer({ minimum: 1, description: 'requests started in any minute', examples: [60] })),
    tokensPerMinute: Type.Optional(Type.Integer({ minimum: 1, description: 'tokens in and out in any minute', examples: [100_000] })),
    maxConcurrent: Type.Optional(Type.Integer({ minimum: 1, description: 'requests under way at the same time; more wait', examples: [8] })),
  },
  { additionalProperties: false, description: 'what this provider may be asked for, per process; over it the next one is asked', examples: [{ requestsPerMinute: 60, maxConcurrent: 8 }] },
);

/** What one provider is reached with. Which of it a provider takes is in its own schema (src/models). */
const target = {
  provider: Type.Optional(oneOf(PROVIDERS, 'id of the provider; an endpoint alone is openai')),
  endpoint: Type.Optional(text('base URL', 'http://localhost:11434/v1')),
  model: Type.Optional(text('model name; azure: the deployment; bedrock: model id or inference profile', 'gpt-4o')),
  apiKey: Type.Optional(secret('API key')),
  apiVersion: Type.Optional(text('azure: version of the dated API; without: the v1 API', '2024-10-21')),
  region: Type.Optional(text('bedrock: AWS region', 'eu-central-1')),
  accessKeyId: Type.Optional(secret('bedrock: id of an access key; without key and API key the usual places of AWS are looked in')),
  secretAccessKey: Type.Optional(secret('bedrock: the access key')),
  sessionToken: Type.Optional(secret('bedrock: token of temporary credentials')),
  reasoningEffort: Type.Optional(text('passed to models that know it', 'low')),
  limits: Type.Optional(limits),
};

const fallback = Type.Object({ ...target, maxTokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'tokens of one answer; default: llm.maxTokens', examples: [2048] })) }, { additionalProperties: false, description: 'a provider that is asked when those before it cannot answer', examples: [{ provider: 'ollama', model: 'llama3.2' }] });

const price = Type.Object(
  { input: Type.Number({ minimum: 0, description: 'USD per million tokens in', examples: [2.5] }), output: Type.Number({ minimum: 0, description: 'USD per million tokens out', examples: [10] }) },
  { additionalProperties: false, description: 'USD per million tokens', examples: [{ input: 2.5, output: 10 }] },
);

const budget = Type.Object(
  {
    tokensPerDay: Type.Optional(Type.Integer({ minimum: 1, description: 'tokens in and out', examples: [5_000_000] })),
    costPerDay: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'USD; wants llm.prices of every model', examples: [20] })),
    callsPerDay: Type.Optional(Type.Integer({ minimum: 1, description: 'requests', examples: [2000] })),
  },
  { additionalProperties: false, default: {}, description: 'what all processes may use together from midnight to midnight UTC; then the rules decide alone', examples: [{ tokensPerDay: 5_000_000, callsPerDay: 2000 }] },
);

/** `llm`. */
export const LlmSchema = section('A language model. Without provider and endpoint the deterministic analyzers decide alone.', {
  ...target,
  timeout: duration('one answer, whoever gives it', '300s'),
  maxTokens: count('tokens of one answer', 2048, 1, 1_000_000),
  fallbacks: list(fallback, 'providers that are asked in this order when the ones before cannot answer', [], [{ provider: 'ollama', model: 'llama3.2' }]),
  budget,
  prices: Type.Record(Type.String(), price, { default: {}, description: 'by model name, as configured; without one the cost of its answers is unknown', examples: [{ 'gpt-4o': { input: 2.5, output: 10 } }] }),
});
export type LlmConfig = Static<typeof LlmSchema>;
export type ModelLimits = Static<typeof limits>;
export type ModelPrice = Static<typeof price>;
export type ModelBudget = Static<typeof budget>;

type Tree = Record<string, unknown>;

/** Members of `llm` and of a fallback that are ours and not the provider's. */
const OURS = ['provider', 'limits', 'timeout', 'fallbacks', 'budget', 'prices'];

/** What a provider's own schema is given. */
export const providerConfigOf = (from: object): Tree => Object.fromEntries(Object.entries(from).filter(([key, value]) => !OURS.includes(key) && value !== undefined));

const validators = new Map<string, ValidateFunction>();

function validatorOf(id: ModelId): ValidateFunction {
  const known = validators.get(id) ?? new Ajv({ allErrors: true, verbose: true, strict: false, formats: { secret: true } }).compile(models.get(id).config as TSchema);
  validators.set(id, known);
  return known;
}

/** What the schema cannot say: each provider gets what it needs and nothing it would not take, and a budget in dollars has prices. */
export function llmIssues(llm: unknown): ConfigIssue[] {
  const tree = llm as Tree & { fallbacks: Tree[]; prices: Tree; budget: Tree };
  const isPrimary = tree['provider'] !== undefined || tree['endpoint'] !== undefined;
  const targets: [string, Tree][] = [...(isPrimary ? [['llm', tree] as [string, Tree]] : []), ...tree.fallbacks.map((f, i): [string, Tree] => [`llm.fallbacks.${i}`, { maxTokens: tree['maxTokens'], ...f }])];
  return [...targets.flatMap(([path, of]) => targetIssues(path, of)), ...priceIssues(tree, targets)];
}

function targetIssues(path: string, of: Tree): ConfigIssue[] {
  if (of['provider'] === undefined && of['endpoint'] === undefined) return [{ path: `${path}.provider`, got: 'nothing', expected: `one of ${PROVIDERS.join(', ')}, or an endpoint`, example: 'ollama' }];
  const validate = validatorOf((of['provider'] ?? DEFAULT_PROVIDER) as ModelId);
  const half = of['provider'] === 'bedrock' && (of['accessKeyId'] === undefined) !== (of['secretAccessKey'] === undefined);
  return [
    ...(validate(providerConfigOf(of)) ? [] : (validate.errors ?? []).map(issueOf).map((i) => ({ ...i, path: `${path}.${i.path}` }))),
    ...(half ? [{ path: `${path}.accessKeyId`, got: 'one half of an access key', expected: 'accessKeyId and secretAccessKey, or neither', example: '(a secret)' }] : []),
  ];
}

function priceIssues({ budget: { costPerDay }, prices }: { budget: Tree; prices: Tree }, targets: [string, Tree][]): ConfigIssue[] {
  if (costPerDay === undefined) return [];
  const unpriced = targets.map(([, of]) => of['model']).filter((model): model is string => typeof model === 'string' && !Object.hasOwn(prices, model));
  return [...new Set(unpriced)].map((model) => ({ path: `llm.prices.${model}`, got: 'nothing', expected: 'its price, since llm.budget.costPerDay cannot be kept without', example: '{"input":2.5,"output":10}' }));
}
