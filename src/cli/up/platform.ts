import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startAndWait, type Child } from './child.js';
import { nextRestart } from './restarts.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** What `kubernaut up` hands to the process that hosts gateway and workers; goes over its standard input. */
export interface PlatformInput {
  flags: Record<string, unknown>;
  /** A throw-away cluster of ours: scenario policies may be set over the API. */
  isSandbox: boolean;
  /** May be absent where the cluster is the one this runs in. */
  auditLog?: string;
}

export interface PlatformReady {
  gateway: string;
  pid: number;
}

export interface Platform {
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Gateway and workers in one process of their own, so that killing it (or a crash) leaves Temporal and the cluster
 * alone; it is started again and every remediation goes on where it was. One that keeps ending is given up.
 */
export async function startPlatform(
  dataDir: string,
  input: PlatformInput,
  on: { restarted(pid: number, code: number | null): void; gaveUp(error: unknown): void },
): Promise<Platform> {
  let isStopping = false;
  let current: Child;
  let recent: number[] = [];
  const start = async (): Promise<PlatformReady> => {
    const { child, value } = await startAndWait<PlatformReady>(
      { name: 'the platform', file: MAIN, args: ['platform'], logFile: join(dataDir, 'logs', 'platform.log'), input },
      'platformReady',
    );
    current = child;
    if (isStopping) await child.stop();
    void child.exited.then((code) => (isStopping ? undefined : restart(code)));
    return value;
  };
  const restart = async (code: number | null): Promise<void> => {
    let last: unknown = new Error(`it ended again and again, last with ${code ?? 'a signal'}`);
    for (let next = nextRestart(recent, Date.now()); next; next = nextRestart(recent, Date.now())) {
      recent = next.recent;
      await sleep(next.delayMs);
      if (isStopping) return;
      try {
        const { pid } = await start();
        return on.restarted(pid, code);
      } catch (error) {
        last = error;
      }
    }
    if (!isStopping) on.gaveUp(last);
  };
  await start();
  return {
    get pid() {
      return current.process.pid!;
    },
    async stop() {
      isStopping = true;
      await current.stop();
    },
  };
}
