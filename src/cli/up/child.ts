import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { KubernautError } from '../../domain/errors.js';
import { rotatingLog } from './rotating-log.js';

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
  /** The last line it said as an error. */
  complaint(): string | undefined;
  stop(): Promise<void>;
}

const STOP_MS = 25_000;

/** A Node process of ours that ends when we do. */
export function startChild(options: ChildOptions): Child {
  const log = rotatingLog(options.logFile);
  let complaint: string | undefined;
  // Its own group: Ctrl-C on the terminal reaches us alone, and we stop our children in order.
  const child = spawn(process.execPath, [options.file, ...options.args], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.write(`${line}\n`);
    if (line.startsWith('error: ')) complaint = line.slice('error: '.length);
  });
  child.stdin.on('error', () => undefined); // it died first; its exit code tells the story
  if (options.input !== undefined) child.stdin.write(`${JSON.stringify(options.input)}\n`);
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.write(`${line}\n`);
    if (line.startsWith('{')) options.onEvent?.(parse(line));
  });
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return {
    process: child,
    exited,
    complaint: () => complaint,
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
    const said = child.complaint();
    throw new KubernautError('DependencyMissing', `${options.name} ended with code ${code ?? 'none'} before it was ready${said ? `: ${said}` : ''}; its log: ${options.logFile}`);
  });
  died.catch(() => undefined);
  return { child, value: await Promise.race([found, died]) };
}
