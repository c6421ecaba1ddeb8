import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { summaryOf, tableOf } from '../../../sandbox/scenarios/report.js';
import { runScenarios, type Installation, type Result } from '../../../sandbox/scenarios/run-scenarios.js';
import { KubernautError } from '../../domain/errors.js';
import { EXIT, Exit } from '../exit.js';
import { globalsOf } from '../globals.js';
import { readRunFile } from '../run-file.js';

interface Flags {
  only?: string;
  model: 'none' | 'scripted' | 'configured';
  json?: string;
  concurrency: number;
}

/** What a running installation says of itself. Scenarios break things on purpose, so it must be a sandbox. */
export function installationIn(dataDir: string): Installation {
  const run = readRunFile(resolve(dataDir));
  if (!run.kubernetes.sandbox || run.kubernetes.kubeconfig === undefined) {
    throw new Exit(EXIT.usage, 'scenarios run on a sandbox only, and this installation works on a cluster of yours; start one beside it with: kubernaut up --data-dir .scenarios --port 8090');
  }
  return { gateway: run.gateway, token: run.token, kubeconfig: run.kubernetes.kubeconfig };
}

const lineOf = (r: Result): string => `${r.verdict === 'pass' ? 'ok  ' : 'FAIL'} ${r.id} (${r.seconds} s)${r.why ? `: ${r.why}` : ''}\n`;

async function execute(paths: string[], flags: Flags, command: Command): Promise<void> {
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort(new KubernautError('Conflict', 'interrupted; everything that was made is being removed'));
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  try {
    const { only, model, concurrency, json } = flags;
    const run = installationIn(globalsOf(command).dataDir);
    const onResult = (r: Result): void => void process.stderr.write(lineOf(r));
    const results = await runScenarios({ paths, model, run, concurrency, signal: stop.signal, onResult, ...(only === undefined ? {} : { only }) });
    process.stdout.write(`${tableOf(results)}\n\n${summaryOf(results)}\n`);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ results }, null, 2)}\n`);
    if (stop.signal.aborted) throw stop.signal.reason;
    const failed = results.filter((r) => r.verdict !== 'pass').length;
    if (failed > 0) throw new Exit(EXIT.failed, `${failed} of ${results.length} scenarios did not pass; the table says why`);
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    process.removeListener('SIGTERM', onInterrupt);
  }
}

const countOf = (text: string): number => {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 32) throw new InvalidArgumentError('a number from 1 to 32');
  return count;
};

/** `kubernaut scenarios <file or folder…>`: exit code 1 when any scenario fails. */
export const scenariosCommand = (): Command =>
  new Command('scenarios')
    .description('break things in the sandbox on purpose and check what Kubernaut makes of it')
    .argument('<paths...>', 'scenario files or folders')
    .option('--only <id>', 'run this scenario alone')
    .addOption(new Option('--model <which>', 'model of the analysis').choices(['none', 'scripted', 'configured']).default('configured'))
    .option('--json <file>', 'write the results there, too')
    .option('--concurrency <n>', 'scenarios at once', countOf, 4)
    .action(execute);
