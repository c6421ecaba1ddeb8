import type { Result } from './run-scenario.js';

const COLUMNS = ['id', 'outcome', 'action', 'target', 'seconds', 'verdict', 'why'] as const;

/** The results as a table, one line each; `why` last, since it is long. */
export function tableOf(results: readonly Result[]): string {
  const rows = [COLUMNS.map((c) => c.toUpperCase()), ...results.map((r) => COLUMNS.map((c) => String(r[c]).replace(/\s+/g, ' ')))];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => row.map((cell, i) => (i === COLUMNS.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  ').trimEnd()).join('\n');
}

/** `14 scenarios: 12 pass, 2 fail`. */
export function summaryOf(results: readonly Result[]): string {
  const counts = (['pass', 'fail', 'error'] as const).map((v) => [v, results.filter((r) => r.verdict === v).length] as const);
  return `${results.length} scenario${results.length === 1 ? '' : 's'}: ${counts.filter(([, n]) => n > 0).map(([v, n]) => `${n} ${v}`).join(', ')}`;
}
