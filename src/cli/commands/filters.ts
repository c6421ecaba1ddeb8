import { Command } from 'commander';
import type { FilterList, FilterRuleInfo } from '../../contracts/filters.js';
import { isKubernautError } from '../../domain/errors.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import type { TestedAlert } from '../filter-test.js';
import { clientFor } from '../globals.js';
import { readJsonFile } from '../client.js';
import { instant } from '../option-values.js';
import { age, outputOption, print, printable, printDocument, remark, table, writeLine, type Column, type Format } from '../output.js';

const COLUMNS: readonly Column<FilterRuleInfo>[] = [
  { title: 'NAME', value: (r) => r.name },
  { title: 'ORIGIN', value: (r) => r.origin },
  { title: 'STATE', value: (r) => r.state },
  { title: 'HITS', value: (r) => (r.hits === undefined ? '-' : String(r.hits)) },
  { title: 'LAST', value: (r) => (r.last_hit === undefined ? '-' : age(r.last_hit)) },
  { title: 'OWNER', value: (r) => r.owner ?? '-', isWide: true },
  { title: 'DOES', value: (r) => r.does },
  { title: 'WHEN', value: (r) => r.when, isWide: true },
];

export function filtersCommand(): Command {
  const command = new Command('filters')
    .description('the filter rules in force, in order, and what they did; test: what a file would do')
    .addOption(outputOption())
    .action(async ({ output }: { output: Format }, self: Command) => {
      const list = await clientFor(self).get<FilterList>('/api/v1/filters');
      print(list.items, output, COLUMNS, (r) => r.name, list);
      if (output === 'table' || output === 'wide') list.issues.forEach((issue) => remark(`issue: ${printable(issue)}`));
    })
    .addCommand(testCommand());
  return withExamples(command, 'kubernaut filters', 'kubernaut filters -o wide', 'kubernaut filters test filters.yaml -f alert.json');
}

interface TestOptions {
  file?: string;
  at?: string;
  output: Format;
}

const RULE_COLUMNS = COLUMNS.filter((c) => !['HITS', 'LAST'].includes(c.title)).map((c) => ({ ...c, isWide: false }));

/** Without a gateway: what a file says, and what it would do with alerts. */
function testCommand(): Command {
  const command = new Command('test')
    .description('check a filters.yaml with the shipped rules; with alerts: what each rule does with each of them')
    .argument('<rules>', 'filters.yaml')
    .option('-f, --file <file>', 'JSON: a webhook body, one alert or a list of alerts; - reads standard input')
    .option('--at <time>', 'as if it were then: an RFC 3339 time', instant)
    .addOption(outputOption())
    .action(async (rules: string, own: TestOptions, self: Command) => {
      // Both have -o; whichever level it was given to.
      const { output } = self.optsWithGlobals<TestOptions>();
      const now = own.at ?? new Date().toISOString();
      const { filtersOf, testAlerts } = await import('../filter-test.js');
      const filters = goodOrFailed(() => filtersOf(rules));
      if (own.file === undefined) return printRules(filters.list(now), output);
      const tested = testAlerts(filters, { given: readJsonFile(own.file), file: own.file, now });
      if (output === 'json' || output === 'yaml') return printDocument({ items: tested }, output);
      writeLine(tested.map((t) => (output === 'name' ? `${printable(t.fingerprint)} ${t.verdict}` : pageOf(t))).join(output === 'name' ? '\n' : '\n\n'));
    });
  return withExamples(command, 'kubernaut filters test filters.yaml', 'kubernaut filters test filters.yaml -f alert.json', 'kubectl get configmap kubernaut-filters -o jsonpath={.data.filters\\.yaml} | kubernaut filters test /dev/stdin');
}

/** The file is what was asked about: its mistakes are the answer, not a wrong use of the command. */
function goodOrFailed<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw isKubernautError(error, 'ConfigInvalid') ? new Exit(EXIT.failed, error.message) : error;
  }
}

function printRules(list: FilterList, output: Format): void {
  print(list.items, output, RULE_COLUMNS, (r) => r.name, list);
  list.issues.forEach((issue) => remark(`issue: ${printable(issue)}`));
}

/** One alert for a person. */
function pageOf({ alert, fingerprint, status, rules, verdict, reason, signal }: TestedAlert): string {
  const rows = rules.map((r) => [r.name, r.result, r.result === 'matched' ? r.does : (r.note ?? '')].map(printable));
  const classified = Object.entries(signal).map(([key, value]) => `${key} ${value}`).join(', ');
  return [
    printable(`${alert} ${fingerprint} (${status})`),
    table([['RULE', 'RESULT', ''], ...rows]).split('\n').map((line) => `  ${line}`).join('\n'),
    printable(`  => ${verdict}${reason ? `: ${reason}` : ''}${verdict === 'goes on' || verdict === 'held' ? ` (${classified})` : ''}`),
  ].join('\n');
}
