import type { Logger } from '../adapters/telemetry/logger.js';
import { isKubernautError } from '../domain/errors.js';
import { mostTelling, passesOn } from '../domain/failover.js';
import type { Model, ModelAnswer } from '../domain/ports.js';
import { within } from '../models/within.js';

/** An SDK ends its request itself; this is for what does not. */
const GRACE_MS = 1000;

/**
 * Asks the models in order until one answers, and says in the answer who did. All share the time of one answer: each gets its
 * part of what is left, so that a first one that hangs leaves time for the others.
 */
export function failoverModel(models: readonly Model[], logger: Pick<Logger, 'warn'>): Model {
  return {
    id: models[0]!.id,
    async answer(request): Promise<ModelAnswer> {
      const endsAtMs = performance.now() + request.timeoutMs;
      const failures: { id: string; error: unknown }[] = [];
      for (const [i, model] of models.entries()) {
        const timeoutMs = Math.max(1, Math.floor((endsAtMs - performance.now()) / (models.length - i)));
        try {
          const answer = await within({ timeoutMs: timeoutMs + GRACE_MS, signal: request.signal }, `model ${model.id}`, () => model.answer({ ...request, timeoutMs }));
          return { ...answer, by: model.id };
        } catch (error) {
          if (!passesOn(error) || request.signal?.aborted) throw error;
          failures.push({ id: model.id, error });
          const next = models[i + 1];
          if (next) logger.warn({ model: model.id, next: next.id, code: isKubernautError(error) ? error.code : 'Internal' }, 'a model cannot answer; the next one is asked');
        }
      }
      throw mostTelling(failures);
    },
  };
}
