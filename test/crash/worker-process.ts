import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../sandbox/launch/package-root.js';
import { workflowBundle } from '../support/workflow-env.js';
import type { Asked, WorkerSettings } from './protocol.js';

/** What worker processes are started from: today's sources, translated, apart from `dist/`, which others may be building. */
export interface WorkerProgram<Settings = WorkerSettings, Question extends { id: number } = Asked> {
  start(settings: Settings, onAsked: (asked: Question) => Promise<void>): Promise<WorkerProcess>;
  remove(): void;
}

export interface WorkerProcess {
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

const READY_MS = 90_000;

/** `entry`: a file of this folder. */
export async function buildWorker<Settings = WorkerSettings, Question extends { id: number } = Asked>(entry = 'worker'): Promise<WorkerProgram<Settings, Question>> {
  const root = packageRoot();
  // below node_modules, so that packages are found and no tool of ours looks at it
  const dir = join(root, 'node_modules', '.cache', `kubernaut-crash-${entry}-${String(process.pid)}`);
  const out = join(dir, 'dist');
  mkdirSync(out, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ type: 'module' }));
  await promisify(execFile)(join(root, 'node_modules', '.bin', 'swc'), ['src', 'temporal', 'sandbox/launch', 'test/crash', '-d', out, '--ignore', '**/*.test.ts'], { cwd: root });
  writeFileSync(join(out, 'workflow-bundle.js'), (await workflowBundle()).code);
  const running = new Set<ChildProcess>();
  return {
    async start(settings, onAsked) {
      const file = join(dir, 'settings.json');
      writeFileSync(file, JSON.stringify(settings));
      const child = fork(join(out, 'test', 'crash', `${entry}.js`), [file], { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
      running.add(child);
      const gone = once(child, 'exit').then(() => void running.delete(child));
      await ready(child, onAsked);
      return {
        async kill() {
          child.kill('SIGKILL');
          await gone;
        },
      };
    },
    remove() {
      for (const child of running) child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function ready<Question extends { id: number }>(child: ChildProcess, onAsked: (asked: Question) => Promise<void>): Promise<void> {
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-4000)));
  const isReady = new Promise<void>((resolve) => {
    child.on('message', (message: Question | 'ready') => {
      if (message === 'ready') return resolve();
      // a process that was killed meanwhile cannot be answered
      void onAsked(message).then(() => child.connected && child.send(message.id, () => undefined));
    });
  });
  const late = AbortSignal.timeout(READY_MS);
  const failed = Promise.race([once(child, 'exit'), once(late, 'abort')]).then(() => Promise.reject(new Error(`the worker process did not come up: ${said}`)));
  failed.catch(() => undefined); // it ends some time, and nobody asks any more
  await Promise.race([isReady, failed]);
}
