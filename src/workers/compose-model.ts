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
import { limiter } from './limited-model.js';
import { watcher } from './watched-model.js';

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

/** What the work asks, and what a replay may ask instead. */
export interface Models {
  /** Undefined without a provider: the analyzers decide alone. */
  work: Model | undefined;
  /**
   * One of the configured models by its name, else the first provider with that model. It is paid and limited like the work
   * itself; a model that is not configured has a breaker apart, so that a wrong name stops no work. Throws InvalidParams where
   * no provider is configured, and where the budget is in dollars and nobody knows the price.
   */
  other(name: string): Promise<Model>;
}

/** From the inside out: provider, breaker with metrics and price, its limits; then one after the other; then the budget of the day. */
export async function composeModels({ config, store, clock, metrics, logger }: ComposeModelOptions): Promise<Models> {
  const targets = modelTargetsOf(config);
  const { threshold, timeout, successes } = config.circuitBreaker;
  const breaker = { threshold, openMs: durationMs(timeout), successes };
  const priceOf = (model: string): ModelPrice | undefined => config.llm.prices[model];
  const budgeted = (model: Model): Model => budgetedModel(model, { budget: config.llm.budget, store, clock, metrics, logger });
  const ready = await Promise.all(
    targets.map(async (target) => {
      const limit = limiter({ limits: target.limits, metrics });
      const watch = watcher({ metrics, breaker, service: serviceOf(target, targets) });
      return { target, limit, model: limit(watch(await connectModel(target.provider, target.config), priceOf(target.model))), elsewhere: once(() => watcher({ metrics, breaker, service: `model:${target.provider}:replay` })) };
    }),
  );
  return {
    work: ready.length === 0 ? undefined : budgeted(failoverModel(ready.map((r) => r.model), logger)),
    async other(name) {
      const configured = ready.find((r) => r.target.model === name);
      if (configured) return budgeted(configured.model);
      const [first] = ready;
      const quoted = JSON.stringify(name).slice(0, 100);
      if (!first) throw new KubernautError('InvalidParams', `no model provider is configured here, so that ${quoted} cannot be asked; set llm.provider or llm.endpoint`);
      const price = priceOf(name);
      if (!price && config.llm.budget.costPerDay !== undefined) throw new KubernautError('InvalidParams', `llm.budget.costPerDay cannot be kept with ${quoted}, whose price nobody knows; add it to llm.prices`);
      const { provider, config: own } = first.target;
      return budgeted(first.limit(first.elsewhere()(await connectModel(provider, { ...own, model: name }), price)));
    },
  };
}

/** A breaker that nobody needs shows no state. */
const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/** Two targets of one provider have a breaker each. */
const serviceOf = ({ provider, model }: ModelTarget, all: readonly ModelTarget[]): string =>
  all.filter((t) => t.provider === provider).length > 1 ? `model:${provider}/${model}` : `model:${provider}`;
