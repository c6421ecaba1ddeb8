import { randomUUID } from 'node:crypto';
import type { Logger } from '../adapters/telemetry/logger.js';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { budgetUse, dayOf, type DailyBudget } from '../domain/model-budget.js';
import type { Clock, Model, ModelAnswer, ModelCall, ModelRequest, ModelUsage, Store } from '../domain/ports.js';
import { countTokens } from '../models/tokens.js';

export interface BudgetedModelOptions {
  budget: DailyBudget;
  store: Pick<Store, 'recordModelCall' | 'modelUseSince'>;
  clock: Clock;
  metrics: Pick<Metrics, 'aiRequests' | 'modelBudgetUsed'>;
  logger: Pick<Logger, 'warn'>;
}

/**
 * Counts every call in the database and asks no more when the budget of the day is used up by all processes together:
 * ModelRejected, which nobody retries, so that the rules decide at once. Calls that are under way at that moment still end;
 * so many it can be over. With a budget that cannot be read no model is asked (StoreUnavailable); without one, a call that
 * could not be counted is only logged.
 */
export function budgetedModel(model: Model, { budget, store, clock, metrics, logger }: BudgetedModelOptions): Model {
  const hasBudget = Object.values(budget).some((limit) => limit !== undefined);
  const check = async (at: string): Promise<void> => {
    const { start, end } = dayOf(at);
    const used = budgetUse(budget, await store.modelUseSince(start));
    for (const [name, part] of Object.entries(used)) metrics.modelBudgetUsed.set({ budget: name }, part);
    const over = Object.keys(used).filter((name) => used[name as keyof typeof used]! >= 1);
    if (over.length === 0) return;
    metrics.aiRequests.inc({ status: 'over_budget', provider: model.id.split('/')[0]! });
    throw new KubernautError('ModelRejected', `the models' budget of the day is used up (${over.join(', ')}); it is reset at ${end}, until then the rules decide alone; raise llm.budget to change that`);
  };
  const keep = (call: ModelCall): Promise<void> => store.recordModelCall(call).catch((error: unknown) => logger.warn({ code: isKubernautError(error) ? error.code : 'Internal' }, 'the use of a model could not be counted'));
  return {
    id: model.id,
    async answer(request) {
      const call = { id: randomUUID(), at: clock.now(), model: model.id };
      if (hasBudget) {
        await check(call.at);
        await store.recordModelCall(call);
      }
      try {
        const answer = await model.answer(request);
        const { inputTokens, outputTokens, cost } = usageOf(answer, request);
        await keep({ ...call, model: answer.by ?? model.id, ...(inputTokens === undefined ? {} : { inputTokens }), ...(outputTokens === undefined ? {} : { outputTokens }), ...(cost === undefined ? {} : { cost }) });
        return answer;
      } catch (error) {
        // what was refused or cut off has been read and is paid for
        if (isKubernautError(error, 'ModelAnswerInvalid')) await keep({ ...call, inputTokens: countTokens(request.system) + countTokens(request.prompt) });
        throw error;
      }
    },
  };
}

/** One that does not say what it took, as HolmesGPT does not, is counted by what was sent and what came back: less than it was, more than nothing. */
function usageOf({ usage, text }: ModelAnswer, { system, prompt }: ModelRequest): ModelUsage {
  if (usage.inputTokens !== undefined || usage.outputTokens !== undefined) return usage;
  return { ...usage, inputTokens: countTokens(system) + countTokens(prompt), outputTokens: countTokens(text) };
}
