import type { Metrics } from '../adapters/telemetry/metrics.js';
import { circuitBreaker, type BreakerSettings } from '../domain/circuit-breaker.js';
import { formatDuration } from '../domain/duration.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { Model, ModelAnswer } from '../domain/ports.js';

const STATE = { closed: 0, open: 1, half_open: 2 } as const;
const SERVICE = 'model';

export interface WatchedModelOptions {
  metrics: Pick<Metrics, 'aiRequests' | 'modelTokens' | 'breakerState'>;
  breaker: BreakerSettings;
  nowMs?: () => number;
}

/**
 * Counts requests and tokens, and stops asking a model that failed too often in a row. While the breaker is open it throws
 * ModelRejected, which nobody retries: the rules decide at once instead of after the model's timeout.
 */
export function watchedModel(model: Model, { metrics, breaker: settings, nowMs = Date.now }: WatchedModelOptions): Model {
  const provider = model.id.split('/')[0]!;
  const breaker = circuitBreaker(settings, nowMs);
  const show = (): void => metrics.breakerState.set({ service: SERVICE }, STATE[breaker.state()]);
  const settled = (status: string, isFailure: boolean): void => {
    if (isFailure) breaker.failed();
    else breaker.succeeded();
    metrics.aiRequests.inc({ status, provider });
    show();
  };
  show();
  return {
    id: model.id,
    async answer(request) {
      if (!breaker.enter()) {
        metrics.aiRequests.inc({ status: 'not_asked', provider });
        throw new KubernautError('ModelRejected', `model ${model.id} failed ${settings.threshold} times in a row; it is asked again in ${formatDuration(breaker.waitMs())}`);
      }
      show();
      try {
        const answer = await model.answer(request);
        settled('success', false);
        countTokens(metrics, provider, answer);
        return answer;
      } catch (error) {
        // Refused or unusable: the provider itself is there.
        settled(isKubernautError(error) ? error.code : 'Internal', isKubernautError(error, 'ModelUnavailable'));
        throw error;
      }
    },
  };
}

function countTokens(metrics: WatchedModelOptions['metrics'], provider: string, { usage }: ModelAnswer): void {
  metrics.modelTokens.inc({ provider, kind: 'input' }, usage.inputTokens ?? 0);
  metrics.modelTokens.inc({ provider, kind: 'output' }, usage.outputTokens ?? 0);
}
