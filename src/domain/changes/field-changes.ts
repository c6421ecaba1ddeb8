import { canonicalJson } from '../sha256.js';

/** One field that two versions of an object do not have alike. Values as compact JSON. */
export interface FieldChange {
  /** Dotted; items of lists that have names by name: `spec.ports[http].targetPort`. */
  path: string;
  from?: string;
  to?: string;
}

const MOST_FIELDS = 12;
/** Longer values are cut and end in `…`: they tell that something changed, and cannot be put back from here. */
const MOST_TEXT = 300;
const MAX_DEPTH = 12;

/** What differs, in the order of the paths; the most specific path that tells it. At most twelve. */
export function fieldChanges(before: unknown, after: unknown, path = ''): FieldChange[] {
  const found: FieldChange[] = [];
  collect({ before, after, path, depth: 0 }, found);
  return found.sort((a, b) => a.path.localeCompare(b.path)).slice(0, MOST_FIELDS);
}

interface Pair {
  before: unknown;
  after: unknown;
  path: string;
  depth: number;
}

function collect({ before, after, path, depth }: Pair, found: FieldChange[]): void {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return;
  const parts = depth < MAX_DEPTH ? partsOf(before, after) : undefined;
  if (!parts) return void found.push({ path, ...textOf('from', before), ...textOf('to', after) });
  for (const [key, one, other] of parts) collect({ before: one, after: other, path: joined(path, key), depth: depth + 1 }, found);
}

type Part = [key: string, before: unknown, after: unknown];

/** The members of two records, or of two lists whose items have names; undefined for what is compared as a whole. */
function partsOf(before: unknown, after: unknown): Part[] | undefined {
  const a = membersOf(before);
  const b = membersOf(after);
  if (!a || !b || Array.isArray(before) !== Array.isArray(after)) return undefined;
  return [...new Set([...a.keys(), ...b.keys()])].map((key): Part => [key, a.get(key), b.get(key)]);
}

function membersOf(value: unknown): Map<string, unknown> | undefined {
  if (Array.isArray(value)) return hasNames(value) ? new Map(value.map((item) => [`[${item.name}]`, item])) : undefined;
  return value !== null && typeof value === 'object' ? new Map(Object.entries(value)) : undefined;
}

const hasNames = (list: unknown[]): list is { name: string }[] => {
  const names = list.map((item) => (item as { name?: unknown } | null)?.name);
  return list.length > 0 && names.every((n) => typeof n === 'string') && new Set(names).size === list.length;
};

const joined = (path: string, key: string): string => (key.startsWith('[') || path === '' ? `${path}${key}` : `${path}.${key}`);

function textOf(side: 'from' | 'to', value: unknown): Partial<FieldChange> {
  if (value === undefined || value === null) return {};
  const text = JSON.stringify(value);
  return { [side]: text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text };
}

/** Whether this value can be written back as it stands. */
export const isWhole = (text: string | undefined): text is string => text !== undefined && !text.endsWith('…') && !text.includes('<redacted');
