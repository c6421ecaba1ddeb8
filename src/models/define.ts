import type { Static, TObject } from '@sinclair/typebox';
import type { KubernautError } from '../domain/errors.js';
import type { Model } from '../domain/ports.js';

export interface ModelDefinition<Id extends string = string, C extends TObject = TObject> {
  id: Id;
  summary: string;
  /** Closed schema; secrets are marked `format: "secret"`. */
  config: C;
  connect(config: Static<C>): Promise<Model>;
  /** Any error of `answer` → ModelUnavailable (retry, with retryAfterMs when told), ModelRejected or ModelAnswerInvalid. */
  classify(error: unknown): KubernautError;
}

export const defineModel = <const Id extends string, C extends TObject>(definition: ModelDefinition<Id, C>): ModelDefinition<Id, C> => definition;
