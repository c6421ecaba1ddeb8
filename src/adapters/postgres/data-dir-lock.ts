import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { KubernautError } from '../../domain/errors.js';

/**
 * An embedded database belongs to one process: a second writer would destroy it. `<dataDir>.lock` names the holder.
 * A lock whose process is gone (kill -9, power) is taken over. Returns the function that gives it back.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const path = `${dataDir}.lock`;
  const own = describeProcess(process.pid);
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await createExclusively(path, own)) return () => rm(path, { force: true });
    const holder = await readFile(path, 'utf8').catch(whenMissing);
    if (holder === undefined) continue;
    if (isAlive(holder)) throw inUse(dataDir, path, holder);
    await removeStale(path, holder);
  }
  throw inUse(dataDir, path, 'another process that is starting');
}

const inUse = (dataDir: string, path: string, holder: string): KubernautError =>
  new KubernautError('Conflict', {
    message: `the embedded database ${dataDir} is in use by process ${holder.trim()}; stop that process, or use a PostgreSQL server to share it (the lock is ${path})`,
  });

/** Written aside, then linked: the lock appears complete or not at all, so that nobody takes a half-written one for stale. */
async function createExclusively(path: string, content: string): Promise<boolean> {
  const draft = asideOf(path);
  try {
    await writeFile(draft, content, { flag: 'wx' });
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new KubernautError('ConfigInvalid', `the lock ${path} cannot be written; choose a data folder that this user may write`, error);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Moved aside first: of two processes that saw the same stale lock one moves it, and a fresh lock moved by mistake is put back. */
async function removeStale(path: string, seen: string): Promise<void> {
  const aside = asideOf(path);
  try {
    await rename(path, aside);
  } catch (error) {
    return whenMissing(error);
  }
  const moved = await readFile(aside, 'utf8');
  if (moved !== seen) await link(aside, path).catch(whenExisting);
  await rm(aside, { force: true });
}

const asideOf = (path: string): string => `${path}.${randomUUID()}`;

/** `<pid> <start>`: pids are used again (always 1 in a container), the start time in clock ticks since boot tells them apart. Linux only; elsewhere the pid decides. */
const describeProcess = (pid: number): string => `${pid} ${startTicks(pid) ?? ''}`;

function isAlive(holder: string): boolean {
  const [pidText = '', ticks = ''] = holder.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || !exists(pid)) return false;
  const now = startTicks(pid);
  return ticks === '' || now === undefined || now === ticks;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Field 22 of /proc/<pid>/stat, counted after the command name, which may hold spaces and brackets. */
function startTicks(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH' || codeOf(error) === 'EACCES') return undefined;
    throw error;
  }
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

function whenMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function whenExisting(error: unknown): undefined {
  if (codeOf(error) !== 'EEXIST') throw error;
}
