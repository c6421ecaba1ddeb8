import { KubernautError } from '../domain/errors.js';

/**
 * Whose fault an unusable answer is: `provider` = what came is not the provider's format at all (a proxy's page, a cut body);
 * another provider may do better. `model` = the model answered, but refused, was cut off or said nothing; that is its answer.
 */
export type Fault = 'provider' | 'model';

/** `why` goes back to a model in a repair and must never carry its text. */
export const invalidAnswer = (why: string, fault: Fault = 'model'): KubernautError =>
  new KubernautError('ModelAnswerInvalid', { message: `the model gave no usable answer: ${why}`, why, fault });
