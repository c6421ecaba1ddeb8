import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, Exit } from '../exit.js';
import { isAlive } from '../run-file.js';
import { findSandbox, sandboxLog } from './files.js';

const WAIT_MS = 40_000;

/** Resolves with the pid that ended, or undefined when none ran. */
export async function stopSandbox(dataDir: string): Promise<number | undefined> {
  const file = findSandbox(dataDir);
  if (!file) return undefined;
  process.kill(file.pid, 'SIGTERM');
  for (const deadline = Date.now() + WAIT_MS; isAlive(file.pid); await sleep(100)) {
    if (Date.now() > deadline) throw new Exit(EXIT.timedOut, `the sandbox (pid ${file.pid}) did not stop within ${WAIT_MS / 1000} s; see ${sandboxLog(dataDir)}`);
  }
  return file.pid;
}
