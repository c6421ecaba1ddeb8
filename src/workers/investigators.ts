import { holmes } from '../adapters/holmes/client.js';
import { prometheus } from '../adapters/prometheus/client.js';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import type { Config } from '../config/schema.js';
import { durationMs } from '../domain/duration.js';
import type { MetricsReader, Model } from '../domain/ports.js';
import { strictSchema } from '../models/strict-schema.js';
import { watchedModel } from './watched-model.js';

type Settings = Pick<Config, 'investigation' | 'circuitBreaker'>;

/** HolmesGPT behind the port of a model, counted and with a breaker like one; undefined where it is not configured. */
export function holmesOf({ investigation: { holmes: h }, circuitBreaker: b }: Settings, metrics: Metrics): Model | undefined {
  if (!h.url) return undefined;
  const own = holmes({ url: h.url, model: h.model, apiKey: h.apiKey?.reveal(), headers: h.headers.map((line) => line.reveal()), strict: strictSchema });
  return watchedModel(own, { metrics, service: 'model:holmes', breaker: { threshold: b.threshold, openMs: durationMs(b.timeout), successes: b.successes } });
}

export const metricsReaderOf = ({ prometheus: p }: Pick<Config, 'prometheus'>): MetricsReader | undefined =>
  p.url ? prometheus({ url: p.url, token: p.token?.reveal(), timeoutMs: durationMs(p.timeout) }) : undefined;
