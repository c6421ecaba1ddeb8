import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, Exit } from '../exit.js';
import { isAlive } from '../run-file.js';

/**
 * One `up` per data folder, from its first moment on: run.json comes only when all is ready, and two that start at the
 * same time would share the databases. Returns what gives it up again; throws `Exit` naming the one that holds it.
 */
export function claim(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'up.pid');
  if (!isWritten(file)) {
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid > 0 && isAlive(pid)) {
      throw new Exit(EXIT.failed, `Kubernaut already runs or starts in ${dataDir} (pid ${pid}); stop it with: npx kubernaut down, or choose another --data-dir and --port`);
    }
    rmSync(file, { force: true }); // of one that was killed
    if (!isWritten(file)) throw new Exit(EXIT.failed, `another Kubernaut starts in ${dataDir} at this moment; choose another --data-dir and --port`);
  }
  return () => rmSync(file, { force: true });
}

function isWritten(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
