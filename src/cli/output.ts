import { Option } from 'commander';
import { stringify } from 'yaml';

export const FORMATS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof FORMATS)[number];

export const outputOption = (): Option => new Option('-o, --output <format>', 'how to print').choices([...FORMATS]).default('table');

export interface Column<T> {
  title: string;
  value: (row: T) => string;
  isWide?: boolean;
}

export const writeLine = (text = ''): void => void process.stdout.write(`${text}\n`);

/** For remarks that a script reading standard output must not see. */
export const remark = (text: string): void => void process.stderr.write(`${text}\n`);

/** One writer for every read command. `name` gives one id a line, for scripts. */
export function print<T>(rows: readonly T[], format: Format, columns: readonly Column<T>[], nameOf: (row: T) => string, whole: unknown = rows): void {
  if (format === 'json' || format === 'yaml') return printDocument(whole, format);
  if (format === 'name') return rows.forEach((row) => writeLine(printable(nameOf(row))));
  if (rows.length === 0) return remark('nothing found');
  const shown = columns.filter((c) => format === 'wide' || !c.isWide);
  writeLine(table([shown.map((c) => c.title), ...rows.map((row) => shown.map((c) => printable(c.value(row))))]));
}

/** The whole document, unchanged in meaning; characters that a terminal would obey are escaped. */
export function printDocument(document: unknown, format: 'json' | 'yaml'): void {
  if (format === 'json') return writeLine(JSON.stringify(document, null, 2).replace(OBEYED_BY_TERMINALS, escaped));
  writeLine(stringify(JSON.parse(JSON.stringify(document), visible)).trimEnd());
}

/** Columns as wide as their widest cell, three spaces apart, like kubectl. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((r) => r[i]?.length ?? 0)));
  return rows.map((r) => r.map((cell, i) => (i === r.length - 1 ? cell : cell.padEnd(widths[i]!))).join('   ').trimEnd()).join('\n');
}

/** Beyond C0: DEL, C1 (U+009B starts a sequence as ESC [ does), line separators, and what turns the direction of text around. */
const OBEYED_BY_TERMINALS = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const escaped = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
const visible = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replace(OBEYED_BY_TERMINALS, '\ufffd').replace(/[\u0000-\u0008\u000b-\u001f]/g, '\ufffd') : value;

/** Alert names and object texts are untrusted: no terminal escape may get through. One line. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f]/g, ' ').replace(OBEYED_BY_TERMINALS, ' ');

/** The same for texts of several lines (a diff, a command), which stay lines. */
export const printableLines = (text: string): string[] => text.split(/\r?\n/).map(printable);

export function age(from: string, now: number = Date.now()): string {
  const s = Math.max(0, Math.round((now - Date.parse(from)) / 1000));
  if (s < 120) return `${s}s`;
  if (s < 7200) return `${Math.floor(s / 60)}m`;
  return s < 172_800 ? `${Math.floor(s / 3600)}h` : `${Math.floor(s / 86_400)}d`;
}
