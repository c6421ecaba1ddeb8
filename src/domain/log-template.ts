/** Volatile parts first, most specific first. All linear: single classes, bounded repeats. */
const VOLATILE: readonly [RegExp, string][] = [
  [/(?<!\d)\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?/g, '<time>'],
  [/(?<!\d)\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2}(?: [+-]\d{4})?/g, '<time>'],
  [/(?<![\d:])\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?![\d:])/g, '<time>'],
  [/(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w-])/gi, '<uuid>'],
  [/(?<![\w])0x[0-9a-f]{1,32}(?!\w)/gi, '<hex>'],
  [/(?<![\w-])(?=[a-f]{0,31}\d)[0-9a-f]{8,128}(?![\w-])/gi, '<hex>'],
  [/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g, '<ip>'],
  [/(?<![\d.])\d{1,12}(?:\.\d{1,12})?(?:ns|us|µs|ms|s)(?![\w])/g, '<duration>'],
];

const NUMBER = /(?<![\w<])[+-]?\d{1,30}(?:\.\d{1,30})?(?![\w>])|\d{5,}/g;

const scrub = (line: string): string => VOLATILE.reduce((text, [pattern, name]) => text.replace(pattern, name), line);

/** `GET /items/<n> <n> in <duration>`: the same for every line that one log statement writes. */
export const templateOf = (line: string): string => scrub(line).replace(NUMBER, '<n>').trim();

export interface CollapseOptions {
  /** Newest templates win. Default 60. */
  maxLines?: number;
  /** Default 300. */
  maxLength?: number;
}

interface Group {
  example: string;
  template: string;
  isUniform: boolean;
  count: number;
  last: number;
}

/**
 * Log lines reduced to one line per template with a count, in order of their last appearance. Numbers stay while they are
 * the same each time (`exit code 137`, `:5432`); where they vary they say nothing.
 */
export function collapseLines(lines: readonly string[], { maxLines = 60, maxLength = 300 }: CollapseOptions = {}): string[] {
  const groups = new Map<string, Group>();
  lines.forEach((raw, i) => {
    const example = scrub(raw.slice(0, maxLength)).trim();
    if (example === '') return;
    const template = templateOf(example);
    const group = groups.get(template);
    if (!group) return void groups.set(template, { example, template, isUniform: true, count: 1, last: i });
    group.isUniform &&= group.example === example;
    group.count++;
    group.last = i;
  });
  return [...groups.values()]
    .sort((a, b) => a.last - b.last)
    .slice(-maxLines)
    .map((g) => (g.isUniform ? g.example : g.template) + (g.count > 1 ? ` (×${g.count})` : ''));
}
