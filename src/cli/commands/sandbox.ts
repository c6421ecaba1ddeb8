import { existsSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { EXIT, Exit } from '../exit.js';
import { withExamples } from '../examples.js';
import { globalsOf } from '../globals.js';
import { remark, writeLine } from '../output.js';
import { findSandbox, refuseOwnedByUp, sandboxDir } from '../sandbox/files.js';
import { startSandbox } from '../sandbox/start.js';
import { stopSandbox } from '../sandbox/stop.js';

export function sandboxCommand(): Command {
  const command = new Command('sandbox').description('a Kubernetes on this machine without containers, on its own in the background');
  command.addCommand(upCommand()).addCommand(downCommand()).addCommand(kubeconfigCommand()).addCommand(resetCommand());
  return withExamples(command, 'kubernaut sandbox up', 'kubectl --kubeconfig $(kubernaut sandbox kubeconfig) get pods -A', 'kubernaut sandbox down');
}

function upCommand(): Command {
  const command = new Command('up').description('start it and return when it answers').action(async (_options: object, self: Command) => {
    const { dataDir } = globalsOf(self);
    refuseOwnedByUp(dataDir, 'start');
    const running = findSandbox(dataDir);
    if (running) return writeLine(`the sandbox already runs (pid ${running.pid}): kubectl --kubeconfig ${running.kubeconfig} get nodes`);
    const file = await startSandbox(dataDir, remark);
    writeLine(`the sandbox is ready (pid ${file.pid}): kubectl --kubeconfig ${file.kubeconfig} get nodes`);
  });
  return withExamples(command, 'kubernaut sandbox up', 'kubernaut sandbox up --data-dir .playground');
}

function downCommand(): Command {
  const command = new Command('down').description('stop it; its data stays').action(async (_options: object, self: Command) => {
    const { dataDir } = globalsOf(self);
    refuseOwnedByUp(dataDir, 'stop');
    const pid = await stopSandbox(dataDir);
    writeLine(pid === undefined ? `no sandbox runs in ${dataDir}` : `the sandbox is stopped (pid ${pid})`);
  });
  return withExamples(command, 'kubernaut sandbox down');
}

function kubeconfigCommand(): Command {
  const command = new Command('kubeconfig')
    .description('path of its kubeconfig, or the content')
    .option('--raw', 'print the content')
    .action(({ raw }: { raw?: boolean }, self: Command) => {
      const { dataDir } = globalsOf(self);
      const running = findSandbox(dataDir);
      if (!running) throw new Exit(EXIT.unreachable, `no sandbox runs in ${dataDir}; start one with: kubernaut sandbox up`);
      writeLine(raw ? readFileSync(running.kubeconfig, 'utf8').trimEnd() : running.kubeconfig);
    });
  return withExamples(command, 'export KUBECONFIG=$(kubernaut sandbox kubeconfig)', 'kubernaut sandbox kubeconfig --raw > sandbox.kubeconfig');
}

function resetCommand(): Command {
  const command = new Command('reset').description('stop it and remove its data; the next start is a fresh cluster').action(async (_options: object, self: Command) => {
    const { dataDir } = globalsOf(self);
    refuseOwnedByUp(dataDir, 'reset');
    await stopSandbox(dataDir);
    const folder = resolve(sandboxDir(dataDir));
    if (!existsSync(folder)) return writeLine(`nothing to remove in ${dataDir}`);
    rmSync(folder, { recursive: true, force: true });
    writeLine(`removed ${folder}`);
  });
  return withExamples(command, 'kubernaut sandbox reset');
}
