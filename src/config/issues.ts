import type { ErrorObject } from 'ajv';
import { KubernautError } from '../domain/errors.js';

/** One wrong key. `got` never shows a secret. */
export interface ConfigIssue {
  path: string;
  got: string;
  expected: string;
  example: string;
  /** `KUBERNAUT_GATEWAY_PORT`, `kubernaut.yaml`, `--gateway.port`. */
  origin?: string;
}

type Schema = Record<string, unknown> & { examples?: unknown[]; default?: unknown; enum?: unknown[]; expected?: string; description?: string; properties?: Record<string, unknown> };

export function issueOf(error: ErrorObject): ConfigIssue {
  const parent = error.parentSchema as Schema;
  const { additionalProperty: extra, missingProperty: missing } = error.params as { additionalProperty?: string; missingProperty?: string };
  const path = pathOf(error.instancePath, extra ?? missing);
  if (extra !== undefined && !parent.properties) return { path, got: 'a name that is not allowed', expected: parent.expected ?? 'another name', example: exampleOf(parent) };
  if (extra !== undefined) return { path, got: 'an unknown key', ...suggestion(extra, Object.keys(parent.properties ?? {})) };
  if (missing === undefined) return { path, got: shown(error.data, parent), expected: expectedBy(error, parent), example: exampleOf(parent) };
  return { path, ...absent((parent.properties?.[missing] ?? {}) as Schema) };
}

const absent = (schema: Schema): Pick<ConfigIssue, 'got' | 'expected' | 'example'> => ({
  got: 'nothing', expected: schema.description ?? WORDS[String(schema.type)] ?? 'a value', example: exampleOf(schema),
});

function pathOf(pointer: string, last: string | undefined): string {
  const at = pointer.split('/').slice(1).map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
  return [...at, ...(last === undefined ? [] : [last])].join('.') || 'the file';
}

function suggestion(key: string, known: string[]): Pick<ConfigIssue, 'expected' | 'example'> {
  const near = known.map((k) => ({ k, d: distance(key.toLowerCase(), k.toLowerCase()) })).sort((a, b) => a.d - b.d)[0];
  const example = near && near.d <= Math.max(2, key.length / 3) ? near.k : (known[0] ?? 'no key here');
  return { expected: `one of ${known.join(', ')}`, example };
}

/** Levenshtein distance of two short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

const WORDS: Record<string, string> = { integer: 'a whole number', number: 'a number', boolean: 'true or false', string: 'text', array: 'a list', object: 'a map' };

function expectedBy(error: ErrorObject, schema: Schema): string {
  if (schema.expected !== undefined) return schema.expected;
  if (schema.enum) return `one of ${schema.enum.join(', ')}`;
  const word = WORDS[String(schema.type)] ?? 'another value';
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  if (minimum !== undefined && maximum !== undefined) return `${word} from ${minimum} to ${maximum}`;
  return error.keyword === 'minLength' ? `${word} that is not empty` : word;
}

const exampleOf = (schema: Schema): string => brief(schema.examples?.[0] ?? schema.default ?? schema.enum?.[0] ?? (schema.format === 'secret' ? '(a secret)' : ''));

const shown = (value: unknown, schema: Schema): string => (schema.format === 'secret' || holdsSecrets(schema) ? '***' : brief(value));

const holdsSecrets = (schema: Schema): boolean => JSON.stringify(schema).includes('"format":"secret"');

const brief = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

/** One error for all wrong keys, readable as it is. */
export const configInvalid = (issues: readonly ConfigIssue[]): KubernautError =>
  new KubernautError('ConfigInvalid', {
    message: [
      `${issues.length === 1 ? 'one setting is' : `${issues.length} settings are`} wrong; correct and start again:`,
      ...issues.map((i) => `  ${i.path}${i.origin ? ` (from ${i.origin})` : ''}: got ${i.got}; expected ${i.expected}; example: ${i.example}`),
    ].join('\n'),
    issues: [...issues],
  });
