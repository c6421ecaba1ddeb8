import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
const STALE_MS = 20_000;
const POLL_MS = 250;

/** `<user cache>/kubernaut/<name>/<version>`. */
export function cacheDir(name, version) {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kubernaut', name, version);
}

/**
 * Fills `dir` once, whoever asks: `write(temporaryDir)` works beside it, a rename makes it visible whole or not at all.
 * A second installer, in this process or another, waits for the first and takes its result.
 *
 * @param {{ dir: string, file: string, write: (dir: string) => Promise<unknown>, onWait?: (owner: string) => void }} job
 *   `file`: what must be inside for the folder to count as filled.
 */
export async function installInto({ dir, file, write, onWait }) {
  mkdirSync(dirname(dir), { recursive: true });
  const unlock = await lock(`${dir}.lock`, () => existsSync(join(dir, file)), onWait);
  if (unlock === undefined) return;
  const temporary = `${dir}.${process.pid}-${randomBytes(3).toString('hex')}`;
  try {
    removeLeftovers(dir);
    mkdirSync(temporary);
    await write(temporary);
    if (!existsSync(join(temporary, file))) throw new Error(`${file} is missing after the installation`);
    rmSync(dir, { recursive: true, force: true });
    renameSync(temporary, dir);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    unlock();
  }
}

/** What an installer that was killed left. We hold the lock, so nobody works there. */
function removeLeftovers(dir) {
  const prefix = `${basename(dir)}.`;
  for (const name of readdirSync(dirname(dir))) {
    if (name.startsWith(prefix) && /^\d+-[0-9a-f]{6}$/.test(name.slice(prefix.length))) rmSync(join(dirname(dir), name), { recursive: true, force: true });
  }
}

/** Resolves with the unlock function, or with undefined as soon as `isDone()`. A dead owner's lock is taken over. */
async function lock(path, isDone, onWait = () => {}) {
  for (;;) {
    if (isDone()) return undefined;
    if (tryLock(path)) return keepAlive(path);
    const owner = ownerOf(path);
    if (owner !== undefined && isStale(owner)) rmSync(path, { force: true });
    else if (owner !== undefined) onWait(owner.pid);
    await sleep(POLL_MS);
  }
}

function tryLock(path) {
  try {
    writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function keepAlive(path) {
  const beat = setInterval(() => existsSync(path) && utimesSync(path, new Date(), new Date()), HEARTBEAT_MS);
  beat.unref();
  return () => {
    clearInterval(beat);
    rmSync(path, { force: true });
  };
}

function ownerOf(path) {
  try {
    const ageMs = Date.now() - statSync(path).mtimeMs;
    return { ageMs, ...JSON.parse(readFileSync(path, 'utf8') || '{}') };
  } catch {
    return undefined; // gone between two looks, or being written: look again
  }
}

function isStale({ ageMs, pid, host }) {
  if (ageMs > STALE_MS) return true;
  if (host !== hostname() || pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
