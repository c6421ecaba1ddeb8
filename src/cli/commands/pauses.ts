import { Command } from 'commander';
import type { PauseBody, PauseList } from '../../contracts/api.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { outputOption, print, printable, remark, type Column, type Format } from '../output.js';
import { scopeText } from './pause.js';

const COLUMNS: readonly Column<PauseBody>[] = [
  { title: 'SCOPE', value: scopeText },
  { title: 'BY', value: (p) => p.by },
  { title: 'UNTIL', value: (p) => p.until ?? 'resumed' },
  { title: 'REASON', value: (p) => p.reason },
];

const stormLine = ({ cluster, since, why }: NonNullable<PauseList['storm']>): string => `storm mode on cluster ${cluster} since ${since}, nothing new is written there: ${why}`;

export function pausesCommand(): Command {
  const command = new Command('pauses')
    .description('what is paused, by whom, why, until when; and storm mode')
    .addOption(outputOption())
    .action(async ({ output }: { output: Format }, self: Command) => {
      const list = await clientFor(self).get<PauseList>('/api/v1/pauses');
      print(list.items, output, COLUMNS, scopeText, list);
      if (list.storm && (output === 'table' || output === 'wide')) remark(printable(stormLine(list.storm)));
    });
  return withExamples(command, 'kubernaut pauses', 'kubernaut pauses -o json');
}
