import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { FilterRule } from '../domain/filter.js';
import { rulesFrom } from './filter-rules.js';
import { FilterFile } from './filter-schema.js';
import { configInvalid, issueOf, type ConfigIssue } from './issues.js';

/** The rules in force, in order, and the file that some of them come from. */
export interface LoadedFilters {
  rules: FilterRule[];
  file?: string;
}

const SHIPPED = fileURLToPath(new URL('../filters/shipped.yaml', import.meta.url));
const MAX_BYTES = 256 * 1024;

const validate = new Ajv({ allErrors: true, verbose: true, strict: false }).compile(FilterFile);

/** The shipped rules and those of a file. Throws ConfigInvalid with everything that is wrong at once, each with its line. */
export function loadFilters(file?: string): LoadedFilters {
  const shipped = readRules(SHIPPED, 'shipped').rules;
  if (file === undefined) return { rules: shipped };
  const own = readRules(file, 'file', shipped);
  const without = own.hasShipped ? own.without : shipped.map((r) => r.name);
  const base = shipped.filter((r) => !without.includes(r.name)).map((r) => own.rules.find((o) => o.name === r.name) ?? r);
  return { rules: [...base, ...own.rules.filter((o) => !base.includes(o))], file };
}

interface RuleSet {
  rules: FilterRule[];
  without: readonly string[];
  hasShipped: boolean;
}

function readRules(file: string, origin: FilterRule['origin'], shipped: readonly FilterRule[] = []): RuleSet {
  const { document, lines } = parse(file);
  const value: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  const issues = validate(value) ? [] : (validate.errors ?? []).map(issueOf);
  const { rules: given = [], without = [], shipped: hasShipped = true } = (issues.length > 0 ? {} : value) as FilterFile;
  const rules = rulesFrom(given, origin, issues);
  issues.push(...unknownNames(without, shipped));
  if (issues.length > 0) throw configInvalid(issues.map((issue) => withLine(issue, { file, document, lines })));
  return { rules, without, hasShipped };
}

function parse(file: string): { document: Document.Parsed; lines: LineCounter } {
  const wrong = (got: string, expected: string): Error => configInvalid([{ path: file, got, expected, example: 'rules: [{ name: watchdog, when: alert == "Watchdog", drop: { reason: it always fires } }]' }]);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw wrong((error as NodeJS.ErrnoException).code ?? 'an error', 'a file that can be read');
  }
  if (Buffer.byteLength(text) > MAX_BYTES) throw wrong(`${Buffer.byteLength(text)} bytes`, `at most ${MAX_BYTES}`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const bad = document.errors[0];
  if (bad) throw wrong(`invalid YAML at line ${bad.linePos?.[0].line ?? '?'} (${bad.code})`, 'valid YAML');
  return { document, lines };
}

const unknownNames = (without: readonly string[], shipped: readonly FilterRule[]): ConfigIssue[] =>
  without.flatMap((name, i) => (shipped.some((r) => r.name === name) ? [] : [{ path: `without.${i}`, got: name, expected: `a shipped rule: ${shipped.map((r) => r.name).join(', ')}`, example: shipped[0]?.name ?? 'watchdog' }]));

/** `filters.yaml line 7, rules.2.when` */
function withLine(issue: ConfigIssue, { file, document, lines }: { file: string; document: Document.Parsed; lines: LineCounter }): ConfigIssue {
  const keys = issue.path.split('.').map((k) => (/^\d+$/.test(k) ? Number(k) : k));
  for (let length = keys.length; length > 0; length--) {
    const { range } = (document.getIn(keys.slice(0, length), true) ?? {}) as { range?: [number, number, number] | null };
    if (range) return { ...issue, path: `${file} line ${lines.linePos(range[0]).line}, ${issue.path}` };
  }
  return { ...issue, path: `${file}: ${issue.path}` };
}
