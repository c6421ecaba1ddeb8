import type { Logger } from '../adapters/telemetry/logger.js';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import { DEFAULT_PROVIDER, providerConfigOf, type ModelLimits, type ModelPrice } from '../config/llm-schema.js';
import type { Config } from '../config/schema.js';
import { revealed } from '../config/secret.js';
import { durationMs } from '../domain/duration.js';
import { KubernautError } from '../domain/errors.js';
import type { Clock, Model, Store } from '../domain/ports.js';
import { connectModel } from '../models/index.js';
import { budgetedModel } from './budgeted-model.js';
import { failoverModel } from './failover-model.js';
import { limitedModel } from './limited-model.js';
import { watchedModel } from './watched-model.js';

/** One provider as it was configured. `config` holds secrets in plain: for `connectModel` alone. */
export interface ModelTarget {
  /** `llm` or `llm.fallbacks.0`. */
  path: string;
  provider: string;
  model: string;
  config: Record<string, unknown>;
  limits: ModelLimits;
}

/** The providers in the order in which they are asked; none: the analyzers decide alone. */
export function modelTargetsOf({ llm }: Pick<Config, 'llm'>): ModelTarget[] {
  const { fallbacks, ...primary } = llm;
  const all = [{ path: 'llm', of: primary }, ...fallbacks.map((f, i) => ({ path: `llm.fallbacks.${i}`, of: { maxTokens: llm.maxTokens, ...f } }))];
  return all
    .filter(({ of }) => of.provider !== undefined || of.endpoint !== undefined)
    .map(({ path, of }) => ({ path, provider: of.provider ?? DEFAULT_PROVIDER, model: of.model ?? '', config: providerConfigOf(revealed(of)), limits: of.limits ?? {} }));
}

export interface ComposeModelOptions {
  config: Pick<Config, 'llm' | 'circuitBreaker'>;
  store: Pick<Store, 'recordModelCall' | 'modelUseSince'>;
  clock: Clock;
  metrics: Metrics;
  logger: Logger;
}

/** From the inside out: provider, breaker with metrics and price, its limits; then one after the other; then the budget of the day. */
export async function composeModel({ config, store, clock, metrics, logger }: ComposeModelOptions): Promise<Model | undefined> {
  const targets = modelTargetsOf(config);
  if (targets.length === 0) return undefined;
  const { threshold, timeout, successes } = config.circuitBreaker;
  const breaker = { threshold, openMs: durationMs(timeout), successes };
  const models = await Promise.all(
    targets.map(async (target) => {
      const price: ModelPrice | undefined = config.llm.prices[target.model];
      const watched = watchedModel(await connectModel(target.provider, target.config), { metrics, breaker, service: serviceOf(target, targets), ...(price ? { price } : {}) });
      return limitedModel(watched, { limits: target.limits, metrics });
    }),
  );
  return budgetedModel(failoverModel(models, logger), { budget: config.llm.budget, store, clock, metrics, logger });
}

/** Two targets of one provider have a breaker each. */
const serviceOf = ({ provider, model }: ModelTarget, all: readonly ModelTarget[]): string =>
  all.filter((t) => t.provider === provider).length > 1 ? `model:${provider}/${model}` : `model:${provider}`;

/**
 * What `kubernaut replay --model` asks: one of the configured models by its name, else the first provider with that model. It is
 * outside of breakers and limits, which are for the work itself. Throws InvalidParams where no provider is configured.
 */
export async function otherModel(config: Pick<Config, 'llm'>, name: string): Promise<Model> {
  const targets = modelTargetsOf(config);
  const target = targets.find((t) => t.model === name) ?? targets[0];
  if (!target) throw new KubernautError('InvalidParams', `no model provider is configured here, so that ${JSON.stringify(name).slice(0, 100)} cannot be asked; set llm.provider or llm.endpoint`);
  return connectModel(target.provider, { ...target.config, model: name });
}
