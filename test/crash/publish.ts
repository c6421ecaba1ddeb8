import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../sandbox/launch/package-root.js';

const FILE = join(packageRoot(), 'docs', 'crash-matrix.md');

const FRAME = `# Every action, made to misbehave by machine

Written by \`npm run test:crash\` on a real API server and a real Temporal; the last full run. \`npm test\` plays a sample of both tables.

<!-- faults -->
<!-- /faults -->

<!-- crashes -->
<!-- /crashes -->
`;

export interface Matrix {
  title: string;
  /** What a cell says, in sentences. */
  about: string[];
  columns: readonly string[];
  rows: { name: string; cells: (string | undefined)[] }[];
}

/** Puts the table into its section of docs/crash-matrix.md. */
export function publish(section: 'faults' | 'crashes', matrix: Matrix): void {
  const page = existsSync(FILE) ? readFileSync(FILE, 'utf8') : FRAME;
  const between = new RegExp(`<!-- ${section} -->[^]*<!-- /${section} -->`);
  writeFileSync(FILE, page.replace(between, () => `<!-- ${section} -->\n${pageOf(matrix)}\n<!-- /${section} -->`));
}

function pageOf({ title, about, columns, rows }: Matrix): string {
  const cells = rows.flatMap((row) => row.cells).filter((cell) => cell !== undefined);
  const good = cells.filter((cell) => isGood(cell)).length;
  const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
  const counted = `${new Date().toISOString().slice(0, 10)}: ${String(good)} of ${String(cells.length)} cells ok.`;
  const table = [line(['action', ...columns]), line(['---', ...columns.map(() => '---')]), ...rows.map(({ name, cells: own }) => line([name, ...own.map(shown)]))];
  return `## ${title}\n\n${[...about, counted].join('\n')}\n\n${table.join('\n')}`;
}

const isGood = (cell: string): boolean => cell.startsWith('ok');

/** A table takes neither a bar nor a line break. */
const shown = (cell: string | undefined): string => (cell === undefined ? '·' : cell.replace(/[|\n]/g, ' ').slice(0, 120));

/** `--globals '{"only":"drain_node"}'` narrows a run while something is mended; such a run publishes nothing. */
export const only = (): string | undefined => (globalThis as { only?: string }).only;
