import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SandboxFile } from '../../../sandbox/process.js';
import { KubernautError } from '../../domain/errors.js';
import { EXIT, Exit } from '../exit.js';
import { findSandbox, sandboxDir, sandboxLog } from './files.js';

const PROCESS = fileURLToPath(new URL('../../../sandbox/process.js', import.meta.url));
const TIMEOUT_MS = 120_000;

/** Starts the sandbox in the background and resolves when its cluster answers. `say` gets one line per step of the start. */
export async function startSandbox(given: string, say: (line: string) => void): Promise<SandboxFile> {
  const dataDir = resolve(given);
  if (!existsSync(PROCESS)) throw new KubernautError('DependencyMissing', 'the sandbox is not built; run: npm run build');
  const { ensureServer } = await import('../../../sandbox/launch/servers.js');
  const binary = await ensureServer('control-plane', { onProgress: ({ way, detail, state }) => (state === 'running' ? undefined : say(`${way}: ${detail}`)) });
  const log = sandboxLog(dataDir);
  mkdirSync(dirname(log), { recursive: true });
  const from = existsSync(log) ? statSync(log).size : 0;
  const out = openSync(log, 'a');
  const child = spawn(process.execPath, [PROCESS, '--detached', '--data-dir', sandboxDir(dataDir), '--binary', binary.path], { detached: true, stdio: ['ignore', out, out] });
  closeSync(out);
  let ended: number | null | undefined;
  child.once('exit', (code) => (ended = code));
  child.unref();
  const progress = newLines(log, from, say);
  for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; await sleep(200)) {
    const last = progress();
    const file = findSandbox(dataDir);
    if (file && file.pid === child.pid) return file;
    if (ended !== undefined) throw new KubernautError('DependencyMissing', `the sandbox ended with code ${ended} before it was ready: ${last}; its log: ${log}`);
  }
  child.kill('SIGTERM');
  throw new Exit(EXIT.timedOut, `the sandbox was not ready after ${TIMEOUT_MS / 1000} s and is stopped; its log: ${log}`);
}

/** Says each `{"progress": …}` line once; returns the last line of any kind, for when the process ends early. */
function newLines(log: string, from: number, say: (line: string) => void): () => string {
  let done = from;
  let last = 'it said nothing';
  return () => {
    const text = readFileSync(log).subarray(done).toString('utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    done += Buffer.byteLength(whole);
    for (const line of whole.split('\n').filter((l) => l !== '')) {
      last = line;
      const progress = /^\{"progress":/.test(line) ? (JSON.parse(line) as { progress: string }).progress : undefined;
      if (progress !== undefined) say(progress);
    }
    return last;
  };
}
