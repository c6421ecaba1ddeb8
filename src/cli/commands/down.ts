import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { EXIT, Exit } from '../exit.js';
import { globalsOf } from '../globals.js';
import { findRunFile, isAlive, removeRunFile } from '../run-file.js';

const WAIT_MS = 60_000;

/** What `up` puts into its data folder; nothing else is ever removed. */
const OURS = ['temporal', 'sandbox', 'database', 'database.lock', 'logs', 'token', 'run.json'];

export const downCommand = (): Command =>
  new Command('down')
    .description('stop what `up` started here; --purge also removes all it made')
    .option('--purge', 'remove its data as well, after listing it', false)
    .addHelpText('after', '\nExample:\n  kubernaut down --purge')
    .action(async ({ purge }: { purge: boolean }, command: Command) => {
      const dataDir = resolve(globalsOf(command).dataDir);
      await stopRunning(dataDir);
      if (purge) removeAll(dataDir);
    });

async function stopRunning(dataDir: string): Promise<void> {
  const pid = findRunFile(dataDir)?.pids.up;
  if (pid === undefined || !isAlive(pid)) {
    removeRunFile(dataDir);
    return void process.stdout.write(`nothing runs in ${dataDir}\n`);
  }
  process.kill(pid, 'SIGTERM');
  for (const deadline = Date.now() + WAIT_MS; isAlive(pid); await sleep(100)) {
    if (Date.now() > deadline) throw new Exit(EXIT.timedOut, `pid ${pid} did not stop within 60 s; see ${join(dataDir, 'logs')}`);
  }
  process.stdout.write(`stopped (pid ${pid})\n`);
}

function removeAll(dataDir: string): void {
  const made = OURS.map((name) => join(dataDir, name)).filter((path) => existsSync(path));
  for (const path of made) {
    process.stdout.write(`removing ${path}\n`);
    rmSync(path, { recursive: true, force: true });
  }
  if (existsSync(dataDir) && readdirSync(dataDir).length === 0) rmSync(dataDir, { recursive: true });
}
