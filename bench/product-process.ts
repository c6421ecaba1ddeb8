import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../sandbox/launch/package-root.js';

const READY_MS = 90_000;
const KEPT_CHARACTERS = 20_000;

export interface ProductProcess {
  pid: number;
  /** The end of what it wrote. */
  output(): string;
  /** SIGKILL: nothing of it runs any more when this resolves. */
  kill(): Promise<void>;
  /** SIGTERM, and the wait for its orderly end. */
  stop(): Promise<void>;
}

export interface ProductCommand {
  /** As on the command line: `['gateway']`, `['worker', '--role', 'workflows']`. */
  args: readonly string[];
  /** What it writes when it is ready. */
  ready: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Flags of Node itself. */
  nodeFlags?: readonly string[];
  /** Instead of `bin/kubernaut.mjs`. */
  script?: string;
}

/** A process of the product, from the build, as a real deployment runs it; over when we are. */
export async function startProduct({ args, ready, env, nodeFlags = [], script = join(packageRoot(), 'bin', 'kubernaut.mjs') }: ProductCommand): Promise<ProductProcess> {
  const child = spawn(process.execPath, [...nodeFlags, script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-KEPT_CHARACTERS)));
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    process.removeListener('exit', abandon);
    await ended(child, signal);
  };
  const deadline = Date.now() + READY_MS;
  while (!output.includes(ready)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await end('SIGKILL');
      throw new Error(`kubernaut ${args.join(' ')} did not come up:\n${output}`);
    }
    await sleep(50);
  }
  return { pid: child.pid!, output: () => output, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** A program that stands beside the benchmarks in the build. */
export const builtScript = (name: string): string => join(packageRoot(), 'dist', 'bench', name);
