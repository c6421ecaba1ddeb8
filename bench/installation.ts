import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../sandbox/launch/ports.js';
import { packageRoot } from '../sandbox/launch/package-root.js';
import type { RunFile } from '../src/cli/run-file.js';

const READY_MS = 120_000;

export interface Installation {
  dataDir: string;
  run: RunFile;
  stop(): Promise<void>;
}

/**
 * The product as a user starts it, in a folder of its own. `env` goes on top of ours. `isSilent` (default): the sandbox's own
 * alerts are turned off, only the benchmark sends.
 */
export async function startInstallation(env: Record<string, string>, { isSilent = true }: { isSilent?: boolean } = {}): Promise<Installation> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-bench-'));
  const port = await freePort();
  const args = [join(packageRoot(), 'bin', 'kubernaut.mjs'), '--data-dir', dataDir, 'up', '--no-demo', '--port', String(port)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  // Ctrl-C, or an error that nobody catches: the servers must not outlive us.
  const abandon = (): void => void child.kill('SIGTERM');
  const interrupted = (): never => process.exit(130);
  process.once('exit', abandon);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', abandon);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(dataDir, { recursive: true, force: true });
  };
  const deadline = Date.now() + READY_MS;
  while (!output.includes('Kubernaut is ready')) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the installation did not come up:\n${output}`);
    }
    await sleep(100);
  }
  const run = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as RunFile;
  if (isSilent) await fetch(`${run.kubernetes.controlUrl}/sink`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: 'null' });
  return { dataDir, run, stop };
}
