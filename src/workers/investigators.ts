import { holmes, type Holmes } from '../adapters/holmes/client.js';
import { prometheus } from '../adapters/prometheus/client.js';
import type { Logger } from '../adapters/telemetry/logger.js';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import type { Config } from '../config/schema.js';
import { durationMs } from '../domain/duration.js';
import type { Clock, MetricsReader, Model } from '../domain/ports.js';
import { strictSchema } from '../models/strict-schema.js';
import { budgetedModel, type BudgetedModelOptions } from './budgeted-model.js';
import { watcher } from './watched-model.js';

export interface HolmesParts {
  config: Pick<Config, 'investigation' | 'circuitBreaker' | 'llm'>;
  store: BudgetedModelOptions['store'];
  clock: Clock;
  metrics: Metrics;
  logger: Logger;
}

/** HolmesGPT behind the port of a model: counted, with a breaker, and against the same budget of the day. Undefined where it is not configured. */
export function holmesOf({ config, ...parts }: HolmesParts): Model | undefined {
  const { circuitBreaker: b, llm } = config;
  const own = holmesClientOf(config);
  if (!own) return undefined;
  const watched = watcher({ metrics: parts.metrics, service: 'model:holmes', breaker: { threshold: b.threshold, openMs: durationMs(b.timeout), successes: b.successes } })(own);
  return budgetedModel(watched, { ...parts, budget: llm.budget });
}

export function holmesClientOf({ investigation: { holmes: h } }: Pick<Config, 'investigation'>): Holmes | undefined {
  return h.url ? holmes({ url: h.url, model: h.model, apiKey: h.apiKey?.reveal(), headers: h.headers.map((line) => line.reveal()), strict: strictSchema }) : undefined;
}

export const metricsReaderOf = ({ prometheus: p }: Pick<Config, 'prometheus'>): MetricsReader | undefined =>
  p.url ? prometheus({ url: p.url, token: p.token?.reveal(), timeoutMs: durationMs(p.timeout) }) : undefined;
