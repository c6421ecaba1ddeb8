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

/**
 * Keeps a model within its provider's limits, per process. Over the limits of a minute it throws ModelUnavailable with the
 * time until there is room again, so that the next model is asked, or the activity tried again; over `maxConcurrent` it waits.
 */
export function limitedModel(model: Model, { limits, metrics, nowMs = Date.now }: LimitedModelOptions): Model {
  const requests = lastMinute(nowMs);
  const tokens = lastMinute(nowMs);
  const slots = limits.maxConcurrent ? bulkhead(limits.maxConcurrent, MOST_WAITING) : undefined;

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
