import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { KubernautError } from '../../domain/errors.js';
import { summaryOf, tableOf } from '../../../sandbox/scenarios/report.js';
import { runScenarios, type Installation } from '../../../sandbox/scenarios/run-scenarios.js';

interface Flags {
  only?: string;
  model: 'none' | 'scripted' | 'configured';
  json?: string;
  dataDir: string;
  concurrency: string;
}

/** What a running installation says of itself. Throws DependencyMissing when none runs there. */
export function installationIn(dataDir: string): Installation {
  const file = join(resolve(dataDir), 'run.json');
  if (!existsSync(file)) throw new KubernautError('DependencyMissing', `no installation runs on ${dataDir}: there is no run.json; start one with: kubernaut up --data-dir ${dataDir}`);
  const run = JSON.parse(readFileSync(file, 'utf8')) as { gateway: string; token: string; kubernetes: { kubeconfig: string; sandbox: unknown } };
  // Scenarios break things on purpose.
  if (!run.kubernetes.sandbox) throw new KubernautError('PolicyDenied', 'scenarios run on a sandbox only; this installation works on a cluster of yours');
  return { gateway: run.gateway, token: run.token, kubeconfig: run.kubernetes.kubeconfig };
}

async function execute(paths: string[], flags: Flags): Promise<void> {
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort(new KubernautError('Conflict', 'interrupted; everything that was made is being removed'));
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  try {
    const results = await runScenarios({
      paths,
      model: flags.model,
      run: installationIn(flags.dataDir),
      concurrency: Number(flags.concurrency),
      signal: stop.signal,
      ...(flags.only === undefined ? {} : { only: flags.only }),
      onResult: (r) => process.stderr.write(`${r.verdict === 'pass' ? 'ok  ' : 'FAIL'} ${r.id} (${r.seconds} s)${r.why ? `: ${r.why}` : ''}\n`),
    });
    process.stdout.write(`${tableOf(results)}\n\n${summaryOf(results)}\n`);
    if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify({ results }, null, 2)}\n`);
    if (stop.signal.aborted || results.some((r) => r.verdict !== 'pass')) process.exitCode = 1;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    process.removeListener('SIGTERM', onInterrupt);
  }
}

/** `kubernaut scenarios <file or folder…>`: exit code 1 when any scenario fails. */
export const scenariosCommand = (): Command =>
  new Command('scenarios')
    .description('break things in the sandbox on purpose and check what Kubernaut makes of it')
    .argument('<paths...>', 'scenario files or folders')
    .option('--only <id>', 'run this scenario alone')
    .addOption(new Option('--model <which>', 'model of the analysis').choices(['none', 'scripted', 'configured']).default('configured'))
    .option('--json <file>', 'write the results there, too')
    .option('--data-dir <dir>', 'of the running installation', '.kubernaut')
    .option('--concurrency <n>', 'scenarios at once', '4')
    .action(execute);
