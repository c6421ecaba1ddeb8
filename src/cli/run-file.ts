import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, Exit } from './exit.js';

/** `<data-dir>/run.json` (product.md 8): scripts read this instead of parsing the screen. */
export interface RunFile {
  gateway: string;
  token: string;
  temporal: { address: string; namespace: string; ui?: string };
  kubernetes: { kubeconfig?: string; context?: string; sandbox: boolean; auditLog?: string; controlUrl?: string };
  database: { kind: 'pglite' | 'postgres'; url?: string };
  pids: Record<string, number>;
  startedAt: string;
}

const pathOf = (dataDir: string): string => join(dataDir, 'run.json');

/** Readers see the whole file or none; it holds the token, so only its owner may read it. */
export function writeRunFile(dataDir: string, run: RunFile): void {
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(`${pathOf(dataDir)}.new`, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${pathOf(dataDir)}.new`, pathOf(dataDir));
}

export const removeRunFile = (dataDir: string): void => rmSync(pathOf(dataDir), { force: true });

export function findRunFile(dataDir: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(dataDir), 'utf8')) as RunFile;
  } catch {
    return undefined; // no installation runs here: the caller says so in its own words
  }
}

export function readRunFile(dataDir: string): RunFile {
  const run = findRunFile(dataDir);
  if (!run) throw new Exit(EXIT.unreachable, `no Kubernaut runs in ${dataDir}; start it with: npm start  (or name one with --gateway and --token)`);
  return run;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: gone
  }
}
