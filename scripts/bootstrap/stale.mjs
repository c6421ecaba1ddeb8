import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Content, not dates: a checkout changes dates, and an edit within a second does not. */
export function hashOfFile(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Over the paths and contents of all files under `entries` of `root`; entries that do not exist count as absent. */
export function hashOfTree(root, entries) {
  const hash = createHash('sha256');
  for (const file of entries.flatMap((entry) => filesUnder(root, entry))) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file))).update('\0');
  }
  return hash.digest('hex');
}

function filesUnder(root, entry) {
  const path = join(root, entry);
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [entry];
  return readdirSync(path).sort().flatMap((name) => filesUnder(root, join(entry, name)));
}

export function readMark(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

export function writeMark(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${value}\n`);
}

/**
 * Whether node_modules holds what the lockfile asks for, by npm's own record of what it installed: somebody who ran
 * `npm ci` by hand need not wait for another. Optional packages are for other platforms and may be absent.
 */
export function isInstalled(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages ?? {};
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages ?? {};
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional === true || installed[path]?.version === version,
  );
}
