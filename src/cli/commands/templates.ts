import { Command } from 'commander';
import { stringify } from 'yaml';
import { actions } from '../../actions/index.js';
import { loadConfig } from '../../config/load.js';
import { loadTemplates, type LoadedTemplate } from '../../config/templates.js';
import type { TemplateStep } from '../../contracts/template.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { outputOption, print, table, writeLine, type Column, type Format } from '../output.js';

const COLUMNS: readonly Column<LoadedTemplate>[] = [
  { title: 'ID', value: (t) => t.id },
  { title: 'VERSION', value: (t) => String(t.version) },
  { title: 'ORIGIN', value: (t) => t.origin },
  { title: 'CAUSES', value: (t) => t.causes.join(',') || '-' },
  { title: 'SUMMARY', value: (t) => t.summary },
  { title: 'ACTIONS', value: (t) => [...new Set(t.rungs.flatMap((r) => r.steps.map((s) => s.action)))].join(','), isWide: true },
];

/** The shipped templates and those of `templates.path` or `--path`: works without a gateway, and checks a folder before it is used. */
export function templatesCommand(): Command {
  const command = new Command('templates')
    .description('arrangements of actions for a kind of trouble; with an id: its rungs and steps')
    .argument('[id]', 'id of a template')
    .option('--path <folder>', 'a folder of templates, instead of the configured one')
    .addOption(outputOption())
    .action((id: string | undefined, { output, path }: { output: Format; path?: string }) => {
      const all = loadTemplates(path ?? loadConfig().templates.path, actions.members);
      if (id === undefined) return print(all, output, COLUMNS, (t) => t.id, { items: all });
      const template = all.find((t) => t.id === id);
      if (!template) throw new Exit(EXIT.failed, `there is no template ${id}; see: kubernaut templates`);
      if (output === 'table') return writeLine(templatePage(template));
      if (output === 'yaml') return writeLine(stringify(fileOf(template), { lineWidth: 0 }).trimEnd());
      print([template], output, COLUMNS, (t) => t.id, template);
    });
  return withExamples(command, 'kubernaut templates', 'kubernaut templates storage-issue', 'kubernaut templates high-memory -o yaml > my-templates/high-memory.yaml');
}

/** As it stands in a file. */
const fileOf = ({ origin: _origin, ...file }: LoadedTemplate): object => file;

/** One template for a person. */
export function templatePage(t: LoadedTemplate): string {
  const parameters = Object.entries(t.parameters ?? {}).map(([name, p]) => [name, p.type, p.default === undefined ? '-' : String(p.default), p.description]);
  return [
    `${t.id} version ${t.version} (${t.origin})\n  ${t.summary}`,
    `Chosen for\n  ${t.causes.join(', ') || 'no cause: a model or a person chooses it'}`,
    ...(parameters.length > 0 ? [`Parameters\n${indent(table([['NAME', 'TYPE', 'DEFAULT', ''], ...parameters]))}`] : []),
    ...t.rungs.map((rung, i) => `Rung ${i + 1}: ${rung.title}\n${indent(table([['STEP', 'ACTION', 'ON', 'AFTER', ''], ...rung.steps.map(rowOf)]))}`),
  ].join('\n\n');
}

const rowOf = (s: TemplateStep): string[] => [s.id, s.action, s.on ?? 'proposal', (s.needs ?? []).join(', ') || '-', s.optional ? 'optional' : ''];

const indent = (text: string): string => text.split('\n').map((line) => `  ${line}`).join('\n');
