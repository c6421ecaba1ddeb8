/** Control, bidirectional and zero-width characters can hide text from the person who reads the prompt later. */
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/gu;

/** Of one text and one object. */
const MOST_TEXT = 300;
const MOST_MEMBERS = 60;
const MOST_KEY = 120;
const MOST_DEPTH = 16;

/** Texts, keys included, without what cannot be seen: before masking, since a secret's name may be split by it. */
export function visible<T>(value: T): T {
  const shown = (v: unknown): unknown => {
    if (typeof v === 'string') return v.replace(INVISIBLE, '');
    if (Array.isArray(v)) return v.map(shown);
    return v !== null && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, inner]) => [k.replace(INVISIBLE, ''), shown(inner)])) : v;
  };
  return shown(value) as T;
}

/** Cut to what is read, every cut marked with what is missing. */
export function capped(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cappedText(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth >= MOST_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((v) => capped(v, depth + 1));
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  const kept = entries.slice(0, MOST_MEMBERS).map(([k, v]) => [k.slice(0, MOST_KEY), capped(v, depth + 1)]);
  return Object.fromEntries([...kept, ...(entries.length > MOST_MEMBERS ? [['…', `${entries.length - MOST_MEMBERS} more members`]] : [])]);
}

const cappedText = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}… (${text.length - MOST_TEXT} more characters)` : text);

/** `<`, `>` and `&` never appear in the block, so no text in it can close it or open another. */
export const escaped = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A list and how many of it there were. */
export interface Part {
  shown: readonly unknown[];
  of: number;
}

/** The last or the first so many, and how many there were. */
export const some = (list: readonly unknown[], most: number, end: 'first' | 'last' = 'first'): Part => ({
  shown: end === 'first' ? list.slice(0, most) : list.slice(Math.max(0, list.length - most)),
  of: list.length,
});

export interface FitOptions {
  /** What is given up first, first. */
  order: readonly string[];
  /** What to do with a part that is too much: default a quarter of it. */
  thinner?: Partial<Record<string, (list: readonly unknown[]) => readonly unknown[]>>;
  fits(text: string): boolean;
}

/**
 * The block as text, with as much of the parts as fits: first each is thinned, then each is left out, in order.
 * Whatever is missing is said: `truncated: true` and, by part, how many are shown of how many.
 */
export function fitted(fixed: Record<string, unknown>, parts: Record<string, Part>, { order, thinner = {}, fits }: FitOptions): string {
  const now: Record<string, Part> = { ...parts };
  const text = (): string => escaped({ ...fixed, ...listsOf(now), ...leftOut(now) });
  const thin = (name: string, list: readonly unknown[]): readonly unknown[] => thinner[name]?.(list) ?? list.slice(0, Math.ceil(list.length / 4));
  for (const step of [thin, () => []]) {
    for (const name of order) {
      const part = now[name];
      if (!part) continue;
      const whole = text();
      if (fits(whole)) return whole;
      now[name] = { shown: step(name, part.shown), of: part.of };
    }
  }
  return text();
}

const listsOf = (parts: Record<string, Part>): Record<string, unknown> => Object.fromEntries(Object.entries(parts).map(([name, { shown }]) => [name, shown]));

function leftOut(parts: Record<string, Part>): Record<string, unknown> {
  const cut = Object.entries(parts).filter(([, { shown, of }]) => shown.length < of);
  return cut.length === 0 ? {} : { truncated: true, shown_of: Object.fromEntries(cut.map(([name, { shown, of }]) => [name, `${shown.length} of ${of}`])) };
}
