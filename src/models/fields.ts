import { Type } from '@sinclair/typebox';

/** The largest answer that is read at all; a whole answer of ours has 32 KiB (safety.md 2). */
export const MAX_ANSWER_BYTES = 1_048_576;

const text = (description: string) => Type.String({ minLength: 1, description });
const secret = (description: string) => Type.String({ minLength: 1, format: 'secret', description });

/** What every provider takes. */
export const commonFields = {
  model: text('model name'),
  maxTokens: Type.Optional(Type.Integer({ minimum: 1, description: 'tokens of one answer' })),
  reasoningEffort: Type.Optional(text('passed to models that know it')),
};

export const optionalEndpoint = (standard: string) => Type.Optional(text(`base URL; default ${standard}`));
export const requiredText = text;
export const optionalText = (description: string) => Type.Optional(text(description));
export const optionalSecret = (description: string) => Type.Optional(secret(description));
export const requiredSecret = secret;
