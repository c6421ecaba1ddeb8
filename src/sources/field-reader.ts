import { Type, type Static } from '@sinclair/typebox';

const pointer = (description: string, example: string) => Type.String({ pattern: '^(/.*)?$', maxLength: 512, description, examples: [example] });

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

/**
 * How one field of a signal is found. A bare text is a JSON pointer (RFC 6901) into the item. Another way to find it is one
 * more member here and one more case in `readerOf`; whoever maps fields knows readers alone.
 */
export const Field = Type.Union(
  [
    pointer('JSON pointer into the item', '/check/name'),
    Type.Object(
      {
        at: Type.Optional(pointer('JSON pointer', '/state')),
        from: Type.Optional(Type.Unsafe<'item' | 'body'>({ type: 'string', enum: ['item', 'body'], description: 'into what the pointer goes; default: the item', examples: ['body'] })),
        const: Type.Optional(Scalar),
        values: Type.Optional(Type.Record(Type.String(), Scalar, { description: 'what is there → what it means', examples: [{ CRITICAL: 'critical' }] })),
        default: Type.Optional(Scalar),
      },
      { additionalProperties: false },
    ),
  ],
  { description: 'a JSON pointer, or where and how to find it', examples: ['/check/name', { at: '/state', values: { OK: 'resolved' }, default: 'firing' }], expected: 'a JSON pointer like /check/name, or { at, const, values, default }' },
);
export type Field = Static<typeof Field>;

export const PointerSchema = pointer;

/** The value of a field; undefined when there is none. Pure. */
export type Reader = (item: unknown, body: unknown) => unknown;

export function readerOf(field: Field): Reader {
  if (typeof field === 'string') return (item) => valueAt(item, field);
  const { at, from = 'item', values = {}, default: standard } = field;
  return (item, body) => {
    const found = field.const ?? (at === undefined ? undefined : valueAt(from === 'body' ? body : item, at));
    const word = textOf(found);
    if (word !== undefined && Object.hasOwn(values, word)) return values[word];
    return found === undefined || found === null || found === '' ? standard : found;
  };
}

/** What a JSON pointer points to; members of prototypes are none. */
export function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const step of path.split('/').slice(1)) {
    if (value === null || typeof value !== 'object') return undefined;
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!Object.hasOwn(value, key) || (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(key))) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Texts, numbers and truth values as text; anything else is none. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
