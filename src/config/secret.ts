import { inspect } from 'node:util';

const MASK = '***';
const values = new WeakMap<Secret, string>();

/**
 * A password or token that prints as `***` everywhere (logs, JSON, errors, console); `reveal()` is the one way to its value.
 * The value lives outside the object, so that no walk over its members finds it.
 */
export class Secret {
  readonly kind = 'secret';

  constructor(value: string) {
    values.set(this, value);
  }

  reveal(): string {
    return values.get(this)!;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** What a tree with secrets looks like once they are revealed. */
export type Revealed<T> = T extends Secret ? string : T extends (infer E)[] ? Revealed<E>[] : T extends object ? { [K in keyof T]: Revealed<T[K]> } : T;

/** The same tree with every secret as plain text, for the `connect` of a channel or model. Never log what this returns. */
export function revealed<T>(value: T): Revealed<T> {
  if (value instanceof Secret) return value.reveal() as Revealed<T>;
  if (Array.isArray(value)) return value.map((v) => revealed(v)) as Revealed<T>;
  if (value === null || typeof value !== 'object') return value as Revealed<T>;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, revealed(v)])) as Revealed<T>;
}
