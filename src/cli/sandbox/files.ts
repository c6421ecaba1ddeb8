import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxFile } from '../../../sandbox/process.js';
import { EXIT, Exit } from '../exit.js';
import { findRunFile, isAlive } from '../run-file.js';

export const sandboxDir = (dataDir: string): string => join(dataDir, 'sandbox');
export const sandboxLog = (dataDir: string): string => join(dataDir, 'logs', 'sandbox.log');

/** The sandbox that runs in this data folder, whoever started it. */
export function findSandbox(dataDir: string): SandboxFile | undefined {
  const file = readFile(join(sandboxDir(dataDir), 'sandbox.json'));
  return file !== undefined && isSandboxProcess(file.pid) ? file : undefined;
}

function readFile(path: string): SandboxFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SandboxFile;
  } catch {
    return undefined; // none runs
  }
}

/** After a crash the file stays and its number may belong to another program by now. Linux tells; elsewhere being alive must do. */
export function isSandboxProcess(pid: number): boolean {
  if (!isAlive(pid)) return false;
  const commandLine = `/proc/${pid}/cmdline`;
  return !existsSync(commandLine) || readFileSync(commandLine, 'utf8').includes(join('sandbox', 'process.js'));
}

/** The sandbox of a running `up` lives and dies with it. */
export function refuseOwnedByUp(dataDir: string, verb: string): void {
  const run = findRunFile(dataDir);
  if (run?.pids.up === undefined || !run.kubernetes.sandbox || !isAlive(run.pids.up)) return;
  throw new Exit(EXIT.failed, `the sandbox in ${dataDir} belongs to \`kubernaut up\` (pid ${run.pids.up}); stop that with: kubernaut down, or ${verb} another with --data-dir`);
}
