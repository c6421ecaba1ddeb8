import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startAndWait, type Child } from './child.js';

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
 * alone; it is started again at once and every remediation goes on where it was.
 */
export async function startPlatform(
  dataDir: string,
  input: PlatformInput,
  on: { restarted(pid: number, code: number | null): void; gaveUp(error: unknown): void },
): Promise<Platform> {
  let isStopping = false;
  let current: Child;
  const start = async (): Promise<PlatformReady> => {
    const { child, value } = await startAndWait<PlatformReady>(
      { name: 'the platform', file: MAIN, args: ['platform'], logFile: join(dataDir, 'logs', 'platform.log'), input },
      'platformReady',
    );
    current = child;
    void child.exited.then((code) => (isStopping ? undefined : restart(code)));
    return value;
  };
  const restart = async (code: number | null): Promise<void> => {
    try {
      const { pid } = await start();
      on.restarted(pid, code);
    } catch (error) {
      on.gaveUp(error);
    }
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
