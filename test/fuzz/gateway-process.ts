import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../sandbox/launch/package-root.js';
import { faultsInLog } from './oracle.js';
import type { Surface, Told, Vitals } from './protocol.js';
import type { GatewaySettings } from './settings.js';

const READY_MS = 90_000;
const VITALS_MS = 30_000;
/** A warning that is the business of an operator, as there are thousands of. */
const isOfInterest = (line: string): boolean => !line.includes('"level":"warn"') || faultsInLog([line]).length > 0;
/** Enough to say what went wrong. */
const MOST_LINES = 2000;

/** What gateway processes are started from: today's sources, translated, apart from `dist/`, which others may be building. */
export interface GatewayProgram {
  start(settings: GatewaySettings): Promise<GatewayProcess>;
  remove(): void;
}

export interface GatewayProcess {
  surface: Surface;
  /** Log lines above level warn, warnings that say more than a warning should, and whatever else was printed. */
  lines(): string[];
  /** How it ended, when it did without being asked to. */
  death(): string | undefined;
  /** Resident memory in bytes, as the kernel counts it. */
  residentBytes(): number;
  vitals(): Promise<Vitals>;
  stop(): Promise<void>;
}

export async function buildGatewayProgram(): Promise<GatewayProgram> {
  const root = packageRoot();
  // below node_modules, so that packages are found and no tool of ours looks at it
  const dir = join(root, 'node_modules', '.cache', `kubernaut-fuzz-${String(process.pid)}`);
  const out = join(dir, 'dist');
  mkdirSync(out, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ type: 'module' }));
  const folders = ['src', 'test/fuzz', 'test/support'];
  await promisify(execFile)(join(root, 'node_modules', '.bin', 'swc'), [...folders, '-d', out, '--copy-files', '--ignore', '**/*.test.ts'], { cwd: root });
  const running = new Set<ChildProcess>();
  let serial = 0;
  return {
    async start(settings) {
      const file = join(dir, `settings-${String((serial += 1))}.json`);
      writeFileSync(file, JSON.stringify(settings));
      const child = fork(join(out, 'test', 'fuzz', 'gateway.js'), [file], { cwd: root, execArgv: ['--expose-gc'], env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
      running.add(child);
      child.once('exit', () => running.delete(child));
      return processOf(child);
    },
    remove() {
      for (const child of running) child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function processOf(child: ChildProcess): Promise<GatewayProcess> {
  const lines = linesOf(child);
  let death: string | undefined;
  child.once('exit', (code, signal) => (death = `it ended with ${code === null ? String(signal) : `exit code ${String(code)}`}`));
  const surface = await listening(child, () => lines.slice(-20).join('\n'));
  let serial = 0;
  return {
    surface,
    lines: () => [...lines],
    death: () => death,
    residentBytes: () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(child.pid)}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    vitals: () => answered(child, (serial += 1)),
    async stop() {
      if (death !== undefined) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      death = undefined;
    },
  };
}

function linesOf(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout!, child.stderr!]) {
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString('utf8')).split('\n');
      rest = parts.pop()!;
      lines.push(...parts.filter(isOfInterest));
      if (lines.length > MOST_LINES) lines.splice(0, lines.length - MOST_LINES);
    });
  }
  return lines;
}

function listening(child: ChildProcess, said: () => string): Promise<Surface> {
  return awaited(child, READY_MS, (told) => ('listening' in told ? told.listening : undefined)).catch((error: Error) => {
    child.kill('SIGKILL');
    throw new Error(`the gateway did not come up: ${error.message}\n${said()}`);
  });
}

function answered(child: ChildProcess, id: number): Promise<Vitals> {
  const answer = awaited(child, VITALS_MS, (told) => ('vitals' in told && told.id === id ? told.vitals : undefined));
  child.send({ id, ask: 'vitals' });
  return answer;
}

/** The first message that says it; rejects when the process ends or takes too long. */
function awaited<T>(child: ChildProcess, withinMs: number, read: (told: Told) => T | undefined): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit);
      settle();
    };
    const onMessage = (told: Told): void => {
      const value = read(told);
      if (value !== undefined) end(() => resolve(value));
    };
    const onExit = (): void => end(() => reject(new Error('the process ended')));
    const timer = setTimeout(() => end(() => reject(new Error('the process said nothing'))), withinMs);
    child.on('message', onMessage).once('exit', onExit);
  });
}
