import { Command } from 'commander';
import { redactText } from '../../domain/redact.js';
import { doctorExitCode, type Check } from '../doctor/check.js';
import { doctorReport } from '../doctor/report.js';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { globalsOf } from '../globals.js';
import { outputOption, print, writeLine, type Column, type Format } from '../output.js';

const COLUMNS: readonly Column<Check>[] = [
  { title: 'CHECK', value: (c) => c.check },
  { title: 'STATE', value: (c) => c.state },
  { title: 'DETAIL', value: (c) => c.detail },
  { title: 'NEXT', value: (c) => c.next ?? '' },
];

interface DoctorOptions {
  fix?: boolean;
  output: Format;
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('look at everything Kubernaut stands on: configuration, Temporal, cluster and permissions, database, model, channels')
    .option('--fix', 'add what is missing and safe to add: search attributes')
    .addOption(outputOption())
    .action(async ({ fix, output }: DoctorOptions, self: Command) => {
      const { examine } = await import('../doctor/examine.js');
      const checks = (await examine(globalsOf(self), fix === true)).map(masked);
      if (output === 'table') writeLine(doctorReport(checks));
      else print(checks, output, COLUMNS, (c) => c.check, { checks });
      conclude(checks);
    });
  return withExamples(command, 'kubernaut doctor', 'kubernaut doctor --fix', 'TEMPORAL_ADDRESS=temporal:7233 DATABASE_URL=postgresql://… kubernaut doctor -o json');
}

/** Details quote other programs, which may quote addresses with passwords. */
const masked = (check: Check): Check => ({ ...check, detail: redactText(check.detail) });

function conclude(checks: readonly Check[]): void {
  const code = doctorExitCode(checks);
  if (code === EXIT.done) return;
  const failed = checks.filter((c) => c.state === 'fail');
  const [first] = failed;
  if (failed.length === 1) throw new Exit(code, `one check failed: ${first!.check}; ${first!.next ?? 'see its detail'}`);
  const names = [...new Set(failed.map((c) => c.check))].join(', ');
  throw new Exit(code, `${failed.length} checks failed: ${names}; what to do stands below each`);
}
