import type { Schema } from '../protocol.js';
import type { Random } from '../random.js';
import { anyDate, anyDuration, anyText, DATES, letters } from './text.js';

/** What members and parameters of these names usually hold; everything else comes from the schema alone. */
type ByName = Readonly<Record<string, (random: Random) => string>>;

type Make = (schema: Schema, random: Random, names: ByName, name: string) => unknown;

const BY_TYPE: Readonly<Record<string, Make>> = {
  object: (schema, random, names) => objectOf(schema, random, names),
  array: (schema, random, names, name) => Array.from({ length: random.between(schema.minItems ?? 0, 3) }, () => valueOf(schema.items ?? {}, random, names, name)),
  integer: ({ minimum = 0, maximum = 1000 }, random) => random.between(minimum, Math.min(maximum, 1_000_000)),
  number: ({ minimum = 0, maximum = 1 }, random) => random.pick([minimum, maximum, (minimum + maximum) / 2]),
  boolean: (_schema, random) => random.chance(0.5),
  null: () => null,
  string: (schema, random, names, name) => textOf(schema, random, names, name),
};
const ANYTHING: Make = (_schema, random) => random.pick([{}, 'text', 1, null]);

/** A value that fits the schema, texts by what their name says. */
export function valueOf(schema: Schema, random: Random, names: ByName, name = ''): unknown {
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return random.pick(schema.enum as unknown[]);
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (choices) return valueOf(random.pick(choices), random, names, name);
  return (BY_TYPE[schema.type as string] ?? ANYTHING)(schema, random, names, name);
}

function objectOf(schema: Schema, random: Random, names: ByName): object {
  const required = new Set((schema.required ?? []) as string[]);
  const members = Object.entries((schema.properties ?? {}) as Record<string, Schema>).filter(([key]) => required.has(key) || random.chance(0.6));
  return Object.fromEntries(members.map(([key, member]) => [key, valueOf(member, random, names, key)]));
}

function textOf({ minLength = 0, maxLength = 400 }: Schema, random: Random, names: ByName, name: string): string {
  const text = Object.hasOwn(names, name) && random.chance(0.85) ? names[name]!(random) : random.chance(0.5) ? anyText(random) : letters(random, 8);
  return text.slice(0, maxLength).padEnd(minLength, 'x');
}

export const COMMON_NAMES: ByName = {
  namespace: (random) => random.pick(['shop', 'bank', 'monitoring', 'nowhere']),
  cluster: (random) => random.pick(['prod', 'staging']),
  action: (random) => random.pick(['scale_deployment', 'restart_pod', 'drain_node']),
  since: (random) => random.weighted([[2, () => random.pick(DATES)], [2, () => random.pick(['24h', '30s', '7d'])], [1, () => anyDate(random)], [1, () => anyDuration(random)]])(),
  until: (random) => random.weighted([[3, () => random.pick(['2h', '30s', '7d', '2099-01-01T00:00:00Z'])], [1, () => anyDate(random)], [1, () => anyDuration(random)]])(),
  cursor: (random) => Buffer.from(`${random.pick(['1772332200000000', '-1', '0', '999999999999999999', '-999999999999999999', '9'.repeat(30), 'x'])} ${random.pick(['r-0000abcdef', anyText(random)])}`).toString('base64url'),
  plan: (random) => random.pick(['abcdef0123', 'abcdef', 'ffffff']),
  by: (random) => random.pick(['ana@example.com', 'oncall', '田中']),
  reason: () => 'the canary is rebuilt',
};
