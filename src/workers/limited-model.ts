import { bulkhead } from 'cockatiel';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import type { ModelLimits } from '../config/llm-schema.js';
import { KubernautError } from '../domain/errors.js';
import type { Model, ModelRequest } from '../domain/ports.js';
import { countTokens } from '../models/tokens.js';
import { within } from '../models/within.js';

const MINUTE_MS = 60_000;
/** Requests that wait for one of the slots; more than a minute's worth of a large storm. */
const MOST_WAITING = 200;

export interface LimitedModelOptions {
  limits: ModelLimits;
  metrics: Pick<Metrics, 'aiRequests'>;
  nowMs?: () => number;
}

interface Used {
  requests: ReturnType<typeof lastMinute>;
  tokens: ReturnType<typeof lastMinute>;
  slots: ReturnType<typeof bulkhead> | undefined;
}

/**
 * Keeps models within their provider's limits, per process; all that one limiter is given share them. Over the limits of a
 * minute a model throws ModelUnavailable with the time until there is room again, so that the next one is asked, or the activity
 * tried again; over `maxConcurrent` it waits.
 */
export function limiter({ limits, metrics, nowMs = Date.now }: LimitedModelOptions): (model: Model) => Model {
  const used: Used = { requests: lastMinute(nowMs), tokens: lastMinute(nowMs), slots: limits.maxConcurrent ? bulkhead(limits.maxConcurrent, MOST_WAITING) : undefined };
  return (model) => limited(model, { limits, metrics }, used);
}

function limited(model: Model, { limits, metrics }: LimitedModelOptions, { requests, tokens, slots }: Used): Model {
  const refuse = (what: string, retryAfterMs: number): never => {
    metrics.aiRequests.inc({ status: 'limited', provider: model.id.split('/')[0]! });
    throw new KubernautError('ModelUnavailable', { message: `model ${model.id} has had its ${what}; it is asked again when there is room`, retryAfterMs });
  };
  const ask = async (request: ModelRequest) => {
    if (limits.requestsPerMinute && requests.sum() >= limits.requestsPerMinute) refuse(`${limits.requestsPerMinute} requests of the minute`, requests.untilBelowMs(limits.requestsPerMinute));
    if (limits.tokensPerMinute && tokens.sum() > 0) {
      const room = limits.tokensPerMinute - countTokens(request.system) - countTokens(request.prompt);
      if (tokens.sum() > room) refuse(`${limits.tokensPerMinute} tokens of the minute`, tokens.untilBelowMs(room + 1));
    }
    requests.add(1);
    const answer = await model.answer(request);
    tokens.add((answer.usage.inputTokens ?? 0) + (answer.usage.outputTokens ?? 0));
    return answer;
  };
  /** What is spent waiting is missing for the answer. */
  const askInTurn = async (request: ModelRequest) => {
    const endsAtMs = performance.now() + request.timeoutMs;
    let isGone = false;
    const turn = slots!.execute(() => {
      if (isGone) throw new Error('nobody waits for this answer any more');
      return ask({ ...request, timeoutMs: Math.max(1, Math.floor(endsAtMs - performance.now())) });
    });
    try {
      return await within(request, `model ${model.id} (${limits.maxConcurrent} requests at the same time)`, () => turn);
    } catch (error) {
      if (error instanceof Error && 'isBulkheadRejectedError' in error) refuse(`${limits.maxConcurrent} requests under way and ${MOST_WAITING} more waiting`, 1000);
      throw error;
    } finally {
      isGone = true;
    }
  };
  return { id: model.id, answer: slots ? askInTurn : ask };
}

/** Amounts of the last 60 seconds. */
function lastMinute(nowMs: () => number) {
  let entries: { atMs: number; amount: number }[] = [];
  const current = () => (entries = entries.filter((e) => e.atMs > nowMs() - MINUTE_MS));
  return {
    add: (amount: number): void => void current().push({ atMs: nowMs(), amount }),
    sum: (): number => current().reduce((sum, e) => sum + e.amount, 0),
    /** Until so many have left that the rest is less than the limit; a minute at most. */
    untilBelowMs(limit: number): number {
      let sum = this.sum();
      const last = entries.find((e) => (sum -= e.amount) < limit) ?? entries.at(-1);
      return last ? Math.max(1, last.atMs + MINUTE_MS - nowMs()) : 1;
    },
  };
}
