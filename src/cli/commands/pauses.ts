import { Command } from 'commander';
import type { PauseBody } from '../../contracts/api.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { outputOption, print, type Column, type Format } from '../output.js';
import { scopeText } from './pause.js';

const COLUMNS: readonly Column<PauseBody>[] = [
  { title: 'SCOPE', value: scopeText },
  { title: 'BY', value: (p) => p.by },
  { title: 'UNTIL', value: (p) => p.until ?? 'resumed' },
  { title: 'REASON', value: (p) => p.reason },
];

export function pausesCommand(): Command {
  const command = new Command('pauses')
    .description('what is paused, by whom, why, until when')
    .addOption(outputOption())
    .action(async ({ output }: { output: Format }, self: Command) => {
      const list = await clientFor(self).get<{ items: PauseBody[] }>('/api/v1/pauses');
      print(list.items, output, COLUMNS, scopeText, list);
    });
  return withExamples(command, 'kubernaut pauses', 'kubernaut pauses -o json');
}
