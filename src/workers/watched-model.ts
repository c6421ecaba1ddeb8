import type { Metrics } from '../adapters/telemetry/metrics.js';
import { circuitBreaker, type BreakerSettings, type CircuitBreaker } from '../domain/circuit-breaker.js';
import { formatDuration } from '../domain/duration.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { isBrokenProvider } from '../domain/failover.js';
import { costOf, type Price } from '../domain/model-budget.js';
import type { Model, ModelAnswer } from '../domain/ports.js';

const STATE = { closed: 0, open: 1, half_open: 2 } as const;

export interface WatchedModelOptions {
  metrics: Pick<Metrics, 'aiRequests' | 'modelTokens' | 'modelCost' | 'breakerState'>;
  breaker: BreakerSettings;
  /** Label of its breaker. */
  service: string;
  nowMs?: () => number;
}

/** Models watched with one breaker. Without a price the cost of an answer is unknown. */
export type Watch = (model: Model, price?: Price) => Model;

/**
 * Counts requests, tokens and cost, and stops asking a model that failed too often in a row. While the breaker is open it throws
 * ModelRejected, which nobody retries: the rules decide at once instead of after the model's timeout.
 */
export function watcher({ metrics, breaker: settings, service, nowMs = Date.now }: WatchedModelOptions): Watch {
  const breaker = circuitBreaker(settings, nowMs);
  const show = (): void => metrics.breakerState.set({ service }, STATE[breaker.state()]);
  show();
  return (model, price) => watched(model, { metrics, threshold: settings.threshold, breaker, show, ...(price ? { price } : {}) });
}

interface Watched extends Pick<WatchedModelOptions, 'metrics'> {
  threshold: number;
  breaker: CircuitBreaker;
  show(): void;
  price?: Price;
}

function watched(model: Model, { metrics, threshold, breaker, show, price }: Watched): Model {
  const provider = model.id.split('/')[0]!;
  const settled = (status: string, isFailure: boolean): void => {
    if (isFailure) breaker.failed();
    else breaker.succeeded();
    metrics.aiRequests.inc({ status, provider });
    show();
  };
  const gaveUp = (): void => {
    breaker.gaveUp();
    metrics.aiRequests.inc({ status: 'given_up', provider });
    show();
  };
  return {
    id: model.id,
    async answer(request) {
      if (!breaker.enter()) {
        metrics.aiRequests.inc({ status: 'not_asked', provider });
        throw new KubernautError('ModelRejected', `model ${model.id} failed ${threshold} times in a row; it is asked again in ${formatDuration(breaker.waitMs())}`);
      }
      show();
      try {
        const answer = priced(await model.answer(request), price);
        settled('success', false);
        countUse(metrics, provider, answer);
        return answer;
      } catch (error) {
        if (request.signal?.aborted) gaveUp();
        // Refused, or a bad answer of the model: the provider itself is there.
        else settled(isKubernautError(error) ? error.code : 'Internal', isKubernautError(error, 'ModelUnavailable') || isBrokenProvider(error));
        throw error;
      }
    },
  };
}

function priced(answer: ModelAnswer, price: Price | undefined): ModelAnswer {
  const cost = costOf(answer.usage, price);
  return cost === undefined ? answer : { ...answer, usage: { ...answer.usage, cost } };
}

function countUse(metrics: WatchedModelOptions['metrics'], provider: string, { usage }: ModelAnswer): void {
  metrics.modelTokens.inc({ provider, kind: 'input' }, usage.inputTokens ?? 0);
  metrics.modelTokens.inc({ provider, kind: 'output' }, usage.outputTokens ?? 0);
  if (usage.cost !== undefined) metrics.modelCost.inc({ provider }, usage.cost);
}
