import { Command } from 'commander';
import type { Remediation } from '../../contracts/remediation.js';
import { isKubernautError } from '../../domain/errors.js';
import type { PolicyView } from '../../domain/policy-rule.js';
import { readJsonFile } from '../client.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { clientFor } from '../globals.js';
import { instant } from '../option-values.js';
import { outputOption, printable, printDocument, table, writeLine, type Format } from '../output.js';
import type { TestedStep } from '../policy-test.js';

interface TestOptions {
  file?: string;
  remediation?: string;
  at?: string;
  output: Format;
}

export const policyCommand = (): Command =>
  withExamples(new Command('policy').description('what a policy file says, and would say of a step').addCommand(testCommand()), 'kubernaut policy test kubernaut.yaml');

/** Without a gateway, unless a remediation is asked about. */
function testCommand(): Command {
  const command = new Command('test')
    .description('check a kubernaut.yaml and list the rules in force; with a step: the levels, rules and windows that speak about it')
    .argument('<policy>', 'kubernaut.yaml')
    .option('-f, --file <file>', 'JSON: a step, or a list of steps, with the names that rules see (docs/guides/policy.md)')
    .option('--remediation <id>', 'the steps of a remediation')
    .option('--at <time>', 'as if it were then: an RFC 3339 time', instant)
    .addOption(outputOption())
    .action(async (file: string, own: TestOptions, self: Command) => {
      const { output } = self.optsWithGlobals<TestOptions>();
      const { policyOf, ruleList, testStep } = await import('../policy-test.js');
      const policy = goodOrFailed(() => policyOf(file));
      const views = await viewsFor(own, self);
      if (!views) return printRules(ruleList(policy), output);
      const items = views.map((view) => testStep(policy, view));
      if (output === 'json' || output === 'yaml') return printDocument({ items }, output);
      writeLine(items.map(pageOf).join('\n\n'));
    });
  return withExamples(command, 'kubernaut policy test kubernaut.yaml', 'kubernaut policy test kubernaut.yaml -f step.json --at 2030-12-24T12:00:00Z', 'kubernaut policy test kubernaut.yaml --remediation r-0123456789');
}

async function viewsFor({ file, remediation, at }: TestOptions, self: Command): Promise<PolicyView[] | undefined> {
  const now = at ?? new Date().toISOString();
  const { viewFrom, viewsOf } = await import('../policy-test.js');
  if (remediation !== undefined) return viewsOf(await clientFor(self).get<Remediation>(`/api/v1/remediations/${encodeURIComponent(remediation)}`), now);
  if (file === undefined) return undefined;
  const given = readJsonFile(file);
  return (Array.isArray(given) ? given : [given]).map((sample) => viewFrom((sample ?? {}) as Partial<PolicyView>, now));
}

/** The file is what was asked about: its mistakes are the answer, not a wrong use of the command. */
function goodOrFailed<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw isKubernautError(error, 'ConfigInvalid') ? new Exit(EXIT.failed, error.message) : error;
  }
}

function printRules(rules: { name: string; origin: string; effect: string; when: string }[], output: Format): void {
  if (output === 'json' || output === 'yaml') return printDocument({ items: rules }, output);
  writeLine(output === 'name' ? rules.map((r) => r.name).join('\n') : table([['NAME', 'ORIGIN', 'EFFECT', 'WHEN'], ...rules.map((r) => [r.name, r.origin, r.effect, r.when].map(printable))]));
}

function pageOf({ step, levels, rules, window }: TestedStep): string {
  const rows = [
    ...levels.map((l, i) => [i === levels.length - 1 ? 'level' : '', l.autonomy, l.from]),
    ...rules.map((r) => ['rule', r.effect, `${r.name}: ${r.message}`]),
    ...(window ? [['window', window.effect, `${window.rule}: ${window.message}`]] : []),
  ];
  return [printable(step), ...table(rows.map((row) => row.map(printable))).split('\n').map((line) => `  ${line}`)].join('\n');
}
