import { Command } from 'commander';
import { actionsCommand } from './commands/actions.js';
import { approveCommand } from './commands/approve.js';
import { cancelCommand } from './commands/cancel.js';
import { connectCommand } from './commands/connect.js';
import { doctorCommand } from './commands/doctor.js';
import { downCommand } from './commands/down.js';
import { filtersCommand } from './commands/filters.js';
import { listCommand } from './commands/list.js';
import { logsCommand } from './commands/logs.js';
import { pauseCommand } from './commands/pause.js';
import { pausesCommand } from './commands/pauses.js';
import { policyCommand } from './commands/policy.js';
import { rejectCommand } from './commands/reject.js';
import { replayCommand } from './commands/replay.js';
import { resumeCommand } from './commands/resume.js';
import { sandboxCommand } from './commands/sandbox.js';
import { templatesCommand } from './commands/templates.js';
import { sendCommand } from './commands/send.js';
import { showCommand } from './commands/show.js';
import { simulateCommand } from './commands/simulate.js';
import { undoCommand } from './commands/undo.js';
import { versionCommand } from './commands/version.js';
import { watchCommand } from './commands/watch.js';
import { whyNotCommand } from './commands/why-not.js';
import { withExamples } from './examples.js';
import { withGlobals } from './globals.js';
import { VERSION } from './version.js';

const GROUPS: readonly [string, readonly (() => Command)[]][] = [
  ['What happens:', [listCommand, showCommand, watchCommand, logsCommand, whyNotCommand, replayCommand]],
  ['Decisions:', [approveCommand, rejectCommand, cancelCommand, undoCommand, pauseCommand, resumeCommand, pausesCommand]],
  ['What could be done:', [actionsCommand, templatesCommand, filtersCommand, policyCommand, simulateCommand, sendCommand]],
  ['Setting up:', [connectCommand, doctorCommand, sandboxCommand, downCommand, versionCommand]],
];

/** These load Temporal's worker, the model of Kubernetes and so on: only when they are asked for, so that `list` stays quick. */
const HEAVY: Record<string, () => Promise<Command>> = {
  up: async () => (await import('./commands/up.js')).upCommand(),
  gateway: async () => (await import('./commands/gateway.js')).gatewayCommand(),
  worker: async () => (await import('./commands/worker.js')).workerCommand(),
  scenarios: async () => withExamples((await import('./commands/scenarios.js')).scenariosCommand(), 'kubernaut scenarios test/scenarios'),
  vectors: async () => (await import('./commands/vectors.js')).vectorsCommand(),
  platform: async () => (await import('./commands/platform.js')).platformCommand(),
};
const HIDDEN = ['platform'];
/** What follows these is a value, whatever command it is named like. */
const TAKES_VALUE = ['--data-dir', '--gateway', '--token'];

/** The whole command tree, or only what this command line needs of it. */
export async function buildProgram(args: readonly string[] = []): Promise<Command> {
  const program = withGlobals(new Command('kubernaut'))
    .description('Autonomous remediation for Kubernetes: finds out, acts, proves that it helped.')
    .version(VERSION, '-V, --version');
  const wanted = await heavyFor(args);
  program.commandsGroup('Running it:');
  for (const [name, command] of wanted) program.addCommand(command, { hidden: HIDDEN.includes(name) });
  for (const [title, makers] of GROUPS) {
    program.commandsGroup(title);
    for (const make of makers) program.addCommand(make());
  }
  program.addHelpText('after', '\nExit codes: 0 done, 1 the thing asked about failed, 2 wrong use, 3 a dependency is out of reach, 4 timed out.');
  return withExamples(program, 'kubernaut up', 'kubernaut list --since 24h', 'kubernaut doctor');
}

/** None when a quick command is named; all of them when it cannot be told (help, a typing error). */
async function heavyFor(args: readonly string[]): Promise<[string, Command][]> {
  const quick = new Set(GROUPS.flatMap(([, makers]) => makers.map((make) => make().name())));
  const named = args.find((arg, i) => (Object.hasOwn(HEAVY, arg) || quick.has(arg)) && !TAKES_VALUE.includes(args[i - 1] ?? ''));
  const names = named === undefined || args[0] === 'help' ? Object.keys(HEAVY) : Object.hasOwn(HEAVY, named) ? [named] : [];
  const loaded: [string, Command][] = [];
  for (const name of names) loaded.push([name, await HEAVY[name]!()]);
  return loaded;
}
