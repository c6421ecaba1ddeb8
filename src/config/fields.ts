import { Type, type TObject, type TProperties, type TSchema } from '@sinclair/typebox';
import type { Secret } from './secret.js';

/** Building blocks of the configuration schema. `examples[0]` is what a wrong value is answered with. */

export const DURATION_PATTERN = '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$';

export const text = (description: string, example: string, more: object = {}) => Type.String({ description, examples: [example], minLength: 1, ...more });

export const duration = (description: string, standard: string) =>
  Type.String({ description, default: standard, examples: [standard], pattern: DURATION_PATTERN, expected: 'a duration like 30s, 5m or 1h30m' });

export const secret = (description: string) => Type.Unsafe<Secret>({ type: 'string', format: 'secret', minLength: 1, description, examples: ['(a secret)'] });

export const port = (description: string, standard?: number) =>
  Type.Integer({ description, minimum: 0, maximum: 65535, examples: [standard ?? 8080], ...(standard === undefined ? {} : { default: standard }) });

export const count = (description: string, standard: number, minimum = 1, maximum = 1_000_000) =>
  Type.Integer({ description, default: standard, examples: [standard], minimum, maximum });

export const flag = (description: string, standard: boolean) => Type.Boolean({ description, default: standard, examples: [!standard] });

export const oneOf = <const T extends readonly string[]>(values: T, description: string, standard?: T[number]) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description, examples: [standard ?? values[0]], ...(standard === undefined ? {} : { default: standard }) });

export const list = <T extends TSchema>(items: T, description: string, standard: unknown[], example: unknown[] = standard) =>
  Type.Array(items, { description, default: standard, examples: [example] });

export const section = <P extends TProperties>(description: string, properties: P): TObject<P> =>
  Type.Object(properties, { description, additionalProperties: false, default: {} });
