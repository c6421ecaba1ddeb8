import { KubernautError } from '../../src/domain/errors.js';

type Selector =
  | { kind: 'key'; key: string }
  | { kind: 'index'; index: number }
  | { kind: 'slice'; from?: number; to?: number; step: number }
  | { kind: 'union'; of: Selector[] }
  | { kind: 'all' }
  | { kind: 'descend'; key?: string }
  | { kind: 'filter'; path: Selector[]; operator?: string; value?: unknown };

const bad = (path: string, why: string): KubernautError =>
  new KubernautError('InvalidParams', `"${path}" is not a path: ${why}; write it like .spec.containers[0].image or .metadata.annotations["a.b/c"]`);

/** Paths as kubectl's JSONPath writes them, without braces: dots, ["key"], indexes, slices, *, .. and ?() filters. */
export function parsePath(path: string): Selector[] {
  const text = path.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, '');
  const selectors: Selector[] = [];
  let rest = text.startsWith('.') || text.startsWith('[') || text === '' ? text : `.${text}`;
  while (rest !== '') {
    const [selector, length] = rest.startsWith('[') ? bracket(path, rest) : dot(path, rest);
    if (selector) selectors.push(selector);
    rest = rest.slice(length);
  }
  return selectors;
}

function dot(path: string, rest: string): [Selector | undefined, number] {
  const isDescent = rest.startsWith('..');
  const body = rest.slice(isDescent ? 2 : 1);
  // kubectl escapes a dot inside a key with a backslash
  const [raw = ''] = /^(?:\\.|[^.[\\])*/.exec(body) ?? [];
  const length = raw.length + (isDescent ? 2 : 1);
  const key = raw.replace(/\\(.)/g, '$1');
  if (key === '' && !isDescent && body !== '' && !body.startsWith('[')) throw bad(path, 'an empty key');
  return [isDescent ? descentOf(key) : keyOf(key), length];
}

const descentOf = (key: string): Selector => ({ kind: 'descend', ...(key && key !== '*' ? { key } : {}) });

function keyOf(key: string): Selector | undefined {
  if (key === '') return undefined;
  return key === '*' ? { kind: 'all' } : { kind: 'key', key };
}

/** The end of the bracket at the start of `rest`, minding quotes and nested brackets. */
function closingOf(path: string, rest: string): number {
  let depth = 0;
  let quote = '';
  for (let i = 0; i < rest.length; i += 1) {
    const c = rest[i]!;
    if (quote) {
      if (c === '\\') i += 1;
      else if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '[') depth += 1;
    else if (c === ']' && --depth === 0) return i;
  }
  throw bad(path, 'a bracket is not closed');
}

function bracket(path: string, rest: string): [Selector, number] {
  const end = closingOf(path, rest);
  const inner = rest.slice(1, end).trim();
  const filter = /^\?\((.*)\)$/s.exec(inner);
  if (filter) return [filterOf(path, filter[1]!.trim()), end + 1];
  const parts = inner.match(/"(?:\\.|[^"])*"|'(?:\\.|[^'])*'|[^,]+/g) ?? [];
  const of = parts.map((part) => partOf(path, part.trim()));
  if (of.length === 0) throw bad(path, 'an empty bracket');
  return [of.length === 1 ? of[0]! : { kind: 'union', of }, end + 1];
}

const unquoted = (text: string): string | undefined => (/^(["']).*\1$/s.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : undefined);

function partOf(path: string, part: string): Selector {
  const key = unquoted(part);
  if (key !== undefined) return { kind: 'key', key };
  if (part === '*') return { kind: 'all' };
  if (/^-?\d+$/.test(part)) return { kind: 'index', index: Number(part) };
  const slice = /^(-?\d+)?:(-?\d+)?(?::(\d+))?$/.exec(part);
  if (!slice) throw bad(path, `[${part}] is neither an index nor a quoted key`);
  const [, from, to, step] = slice;
  return { kind: 'slice', ...(from ? { from: Number(from) } : {}), ...(to ? { to: Number(to) } : {}), step: Number(step ?? 1) || 1 };
}

function filterOf(path: string, expression: string): Selector {
  const match = /^@((?:"[^"]*"|'[^']*'|[^=!<>])*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+))?$/s.exec(expression);
  if (!match) throw bad(path, `?(${expression}) does not start with @`);
  const [, inner = '', operator, value] = match;
  if (operator === undefined) return { kind: 'filter', path: parsePath(inner.trim()) };
  return { kind: 'filter', path: parsePath(inner.trim()), operator, value: literalOf(value!.trim()) };
}

function literalOf(text: string): unknown {
  const string = unquoted(text);
  if (string !== undefined) return string;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const childrenOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []);
const descendantsOf = (value: unknown): unknown[] => [value, ...childrenOf(value).flatMap(descendantsOf)];

function sliceOf(value: unknown[], { from, to, step }: { from?: number; to?: number; step: number }): unknown[] {
  return value.slice(from ?? 0, to ?? value.length).filter((_, i) => i % step === 0);
}

const COMPARE: Record<string, (a: unknown, b: unknown) => boolean> = {
  '==': (a, b) => a === b || String(a) === String(b),
  '!=': (a, b) => String(a) !== String(b),
  '<': (a, b) => Number(a) < Number(b),
  '<=': (a, b) => Number(a) <= Number(b),
  '>': (a, b) => Number(a) > Number(b),
  '>=': (a, b) => Number(a) >= Number(b),
};

function passes(item: unknown, { path, operator, value }: Extract<Selector, { kind: 'filter' }>): boolean {
  const found = walk([item], path);
  return operator === undefined ? found.length > 0 : found.some((one) => COMPARE[operator]!(one, value));
}

const at = (value: unknown, index: number): unknown[] => (Array.isArray(value) && value.at(index) !== undefined ? [value.at(index)] : []);
const member = (value: unknown, key: string): unknown[] => (isObject(value) && Object.hasOwn(value, key) ? [value[key]] : []);

function select(value: unknown, s: Selector): unknown[] {
  switch (s.kind) {
    case 'key':
      return member(value, s.key);
    case 'index':
      return at(value, s.index);
    case 'slice':
      return Array.isArray(value) ? sliceOf(value, s) : [];
    case 'union':
      return s.of.flatMap((one) => select(value, one));
    case 'all':
      return childrenOf(value);
    case 'descend':
      return s.key === undefined ? descendantsOf(value) : descendantsOf(value).flatMap((one) => member(one, s.key!));
    case 'filter':
      return childrenOf(value).filter((item) => passes(item, s));
  }
}

const walk = (values: unknown[], selectors: readonly Selector[]): unknown[] =>
  selectors.reduce<unknown[]>((found, s) => found.flatMap((value) => select(value, s)), values).filter((value) => value !== undefined);

/** All values at the path; empty when there are none. */
export const valuesAt = (object: unknown, path: string): unknown[] => walk([object], parsePath(path));

/** Can the path meet several values? Then an assertion compares the whole list unless exactly one was met. */
export const isPlural = (path: string): boolean => parsePath(path).some((s) => s.kind !== 'key' && s.kind !== 'index');
