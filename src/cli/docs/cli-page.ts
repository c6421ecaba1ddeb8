import type { Command } from 'commander';
import { fenced, generated, page } from './markdown.js';

const WIDTH = 110;

/** From the help of the commands themselves. `isHidden` ones are those that `up` calls. */
export function renderCli(program: Command): string {
  return page(
    generated('Command line'),
    'In a checkout: `npx kubernaut …`. Read commands take `-o table|wide|json|yaml|name`; off a terminal there is no colour and no animation.',
    `Every command finds the installation of the data folder (\`--data-dir\`, default \`.kubernaut\`) by its \`run.json\`, or takes \`--gateway\` and \`--token\`.`,
    fenced('text', helpOf(program)),
    ...visible(program).flatMap((command) => sections(command, 'kubernaut')),
  );
}

function sections(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  return [`## ${name}`, fenced('text', helpOf(command)), ...visible(command).flatMap((child) => sections(child, name))];
}

const visible = (command: Command): Command[] => command.createHelp().visibleCommands(command).filter((c) => c.name() !== 'help');

function helpOf(command: Command): string {
  for (const option of command.options) if (option.long === '--by') option.defaultValueDescription = 'whoever runs it';
  let text = '';
  command.configureOutput({ writeOut: (line) => void (text += line), getOutHelpWidth: () => WIDTH, getOutHasColors: () => false });
  command.outputHelp();
  return text.replace(/[ \t]+$/gm, '');
}
