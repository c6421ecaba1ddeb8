import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { KubernautError } from '../../domain/errors.js';

export interface ChildOptions {
  name: string;
  file: string;
  args: string[];
  logFile: string;
  /** First line on its standard input: secrets never stand on a command line. The stream stays open: its end tells the child that we died. */
  input?: unknown;
  /** JSON lines on its standard output. */
  onEvent?: (event: Record<string, unknown>) => void;
}

export interface Child {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
}

const STOP_MS = 25_000;

/** A Node process of ours that ends when we do. */
export function startChild(options: ChildOptions): Child {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  // Its own group: Ctrl-C on the terminal reaches us alone, and we stop our children in order.
  const child = spawn(process.execPath, [options.file, ...options.args], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stderr.pipe(log);
  child.stdin.on('error', () => undefined); // it died first; its exit code tells the story
  if (options.input !== undefined) child.stdin.write(`${JSON.stringify(options.input)}\n`);
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.write(`${line}\n`);
    if (line.startsWith('{')) options.onEvent?.(parse(line));
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    process: child,
    exited,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

const parse = (line: string): Record<string, unknown> => {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {}; // a log line that only looks like JSON
  }
};

/** Resolves with the value of the first event that has this key; rejects when the child ends before. */
export async function startAndWait<T>(options: ChildOptions, key: string): Promise<{ child: Child; value: T }> {
  let resolve: (value: T) => void;
  const found = new Promise<T>((r) => (resolve = r));
  const child = startChild({
    ...options,
    onEvent: (event) => {
      options.onEvent?.(event);
      if (key in event) resolve(event[key] as T);
    },
  });
  const died = child.exited.then((code) => {
    throw new KubernautError('DependencyMissing', `${options.name} ended with code ${code ?? 'none'} before it was ready; its log: ${options.logFile}`);
  });
  died.catch(() => undefined);
  return { child, value: await Promise.race([found, died]) };
}
