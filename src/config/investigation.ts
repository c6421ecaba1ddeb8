import { Type } from '@sinclair/typebox';
import { durationMs } from '../domain/duration.js';
import { INVESTIGATION_LIMITS as STANDARD, type InvestigationLimits } from '../domain/investigation.js';
import { count, duration, list, section, secret, text } from './fields.js';
import type { Config } from './schema.js';

const holmes = section('HolmesGPT as the investigator, with tools of its own. It is asked first; where it gives no usable answer the model of `llm` is, and else the rules decide alone.', {
  url: Type.Optional(text('base URL of its server', 'http://holmes.holmes.svc:80')),
  model: Type.Optional(text("a key of its server's model list", 'gpt-4o')),
  apiKey: Type.Optional(secret('sent as a bearer token, where a proxy before it wants one')),
  headers: list(secret('Name: value'), 'headers of every request', [], ['(a secret)']),
  timeout: duration('one answer; minutes are normal', '300s'),
});

export const investigationSection = section('How far a model looks for the cause, per remediation. Whatever is used up, its last answer stands.', {
  turns: count('answers; 1: it decides on what enrichment read, without looking further', STANDARD.turns, 1, 20),
  tools: count('looks at the cluster it may ask for', STANDARD.tools, 0, 100),
  tokens: count('tokens of all its answers, in and out', STANDARD.tokens, 2000, 100_000_000),
  promptTokens: count('tokens of one prompt', STANDARD.promptTokens, 2000, 1_000_000),
  cost: Type.Optional(Type.Number({ minimum: 0, description: 'USD of all its answers, where the price is known', examples: [0.5] })),
  time: duration('wall clock of all of it', '10m'),
  holmes,
});

export const prometheusSection = section('Where the `metrics` tool of an investigation reads. Without a URL the tool is not offered.', {
  url: Type.Optional(text('base URL of a Prometheus, or of what answers its query API', 'http://prometheus.monitoring.svc:9090')),
  token: Type.Optional(secret('bearer token')),
  timeout: duration('one query', '10s'),
});

/** What every remediation is started with: it is decided at its start, and holds to its end. */
export function investigationLimitsOf({ investigation: i, llm }: Pick<Config, 'investigation' | 'llm'>): InvestigationLimits {
  const hasModel = llm.provider !== undefined || llm.endpoint !== undefined || llm.fallbacks.length > 0;
  return {
    turns: i.turns,
    tools: i.tools,
    tokens: i.tokens,
    promptTokens: i.promptTokens,
    ...(i.cost === undefined ? {} : { cost: i.cost }),
    timeMs: durationMs(i.time),
    turnMs: durationMs(llm.timeout),
    investigators: [...(i.holmes.url ? (['holmes'] as const) : []), ...(hasModel ? (['model'] as const) : [])],
    holmesMs: durationMs(i.holmes.timeout),
  };
}
