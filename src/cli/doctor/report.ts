import { printable } from '../output.js';
import type { Check } from './check.js';

/** Details are sentences: they end the line, and the next move stands below its check. */
export function doctorReport(checks: readonly Check[]): string {
  const width = Math.max(...checks.map((c) => c.check.length), 5);
  return checks.flatMap(({ check, state, detail, next }) => [
    printable(`${state.padEnd(4)}  ${check.padEnd(width)}  ${detail}`).trimEnd(),
    ...(next === undefined ? [] : [printable(`${' '.repeat(width + 8)}→ ${next}`)]),
  ]).join('\n');
}
