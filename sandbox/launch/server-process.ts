import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerProcess {
  name: string;
  pid: number;
  logFile: string;
  /** Undefined while it runs. */
  readonly exit: { code: number | null; signal: string | null } | undefined;
  exited: Promise<void>;
  /** SIGTERM, and SIGKILL when it is still there after `graceMs`. Resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>;
  /** The last lines it logged, for an error message. */
  lastLines(count?: number): string;
}

export interface ServerCommand {
  name: string;
  file: string;
  args: readonly string[];
  logFile: string;
  env?: NodeJS.ProcessEnv;
}

/**
 * Starts a server that ends when we do. Its standard input is a pipe whose other end we hold: the kernel closes it also
 * when we are killed, and the server (or scripts/with-parent.mjs around it) exits on that. It gets a process group of
 * its own, or Ctrl-C in a terminal would stop all servers at once instead of in order.
 */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  keepPrevious(command.logFile);
  const log = openSync(command.logFile, 'w');
  const options = command.env === undefined ? {} : { env: command.env };
  const child = spawn(command.file, [...command.args], { stdio: ['pipe', log, log], detached: true, ...options });
  closeSync(log);
  let exit: ServerProcess['exit'];
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.stdin?.on('error', () => undefined); // EPIPE when it exits first; `exited` tells that story
  return {
    name: command.name,
    pid: child.pid ?? 0,
    logFile: command.logFile,
    get exit() {
      return exit;
    },
    exited,
    async stop(graceMs = 10_000) {
      if (exit !== undefined) return;
      child.kill('SIGTERM');
      if (await Promise.race([exited.then(() => true), sleep(graceMs, false, { ref: false })])) return;
      child.kill('SIGKILL');
      await exited;
    },
    lastLines: (count = 12) => tailOf(command.logFile, count),
  };
}

/** One log per run and the one before it: what a crash said is still there after the restart, and nothing grows for ever. */
function keepPrevious(logFile: string): void {
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`);
}

function tailOf(file: string, count: number): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}
