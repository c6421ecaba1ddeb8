import { isKubernautError, KubernautError } from './errors.js';

/**
 * Should the next model be asked after this error? A provider that is away, refuses our request or sends what is not its
 * format: yes. A model that answered, and refused or was cut off: no. That is its answer: the layer above has it repaired,
 * and looking for a model that does not refuse would take the refusal's meaning away.
 */
export const passesOn = (error: unknown): boolean =>
  isKubernautError(error, 'ModelUnavailable', 'ModelRejected') || isBrokenProvider(error);

/** What came was not the provider's format at all: it counts like one that is away. */
export const isBrokenProvider = (error: unknown): boolean => isKubernautError(error, 'ModelAnswerInvalid') && error.details['fault'] === 'provider';

const TELLING = ['ModelUnavailable', 'ModelAnswerInvalid', 'ModelRejected'] as const;

/**
 * One error for all that were asked: the code for which most can be done (a retry can help while one of them is only away),
 * the words of all, and the shortest wait.
 */
export function mostTelling(failures: readonly { id: string; error: unknown }[]): unknown {
  if (failures.length === 1) return failures[0]!.error;
  const errors = failures.map((f) => f.error);
  const code = TELLING.find((c) => errors.some((e) => isKubernautError(e, c)));
  if (!code) return errors[0];
  const waits = errors.flatMap((e) => (isKubernautError(e, code) && e.details.retryAfterMs !== undefined ? [e.details.retryAfterMs] : []));
  const isAllWaiting = errors.filter((e) => isKubernautError(e, code)).length === waits.length;
  const said = failures.map(({ error }) => (error instanceof Error ? error.message : 'unknown error'));
  return new KubernautError(code, { message: `no model could answer: ${said.join('; ')}`, ...(isAllWaiting && waits.length > 0 ? { retryAfterMs: Math.min(...waits) } : {}) }, errors[0]);
}
