import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureServer } from '../sandbox/launch/servers.js';
import { freePort } from '../sandbox/launch/ports.js';
import { packageRoot } from '../sandbox/launch/package-root.js';
import type { RunFile } from '../src/cli/run-file.js';
import { startPostgres } from '../test/support/postgres-server.js';
import { rssMibOf } from './processes.js';

/** Long enough for caches to be filled and the first garbage to be gone. */
const SETTLE_MS = 8000;

/** Resident MiB of an idle `kubernaut gateway` and an idle `kubernaut worker`, as a real deployment runs them. */
export async function idleSplit(run: RunFile): Promise<{ gateway: number; worker: number }> {
  const { path } = await ensureServer('postgres');
  const postgres = await startPostgres(path, { isDurable: true });
  const children: ChildProcess[] = [];
  try {
    const env = {
      ...process.env,
      DATABASE_URL: postgres.url,
      TEMPORAL_ADDRESS: run.temporal.address,
      KUBECONFIG: run.kubernetes.kubeconfig,
      KUBE_CONTEXT: run.kubernetes.context,
      KUBERNAUT_GATEWAY_ALLOW_INSECURE: 'true',
      WEBHOOK_PORT: String(await freePort()),
    };
    // One after the other: both bring the schema up to date.
    for (const [verb, ready] of [['gateway', 'gateway is ready'], ['worker', 'worker is ready']] as const) children.push(await started(verb, ready, env));
    await sleep(SETTLE_MS);
    const [gateway, worker] = children.map((child) => rssMibOf(child.pid!));
    return { gateway: gateway!, worker: worker! };
  } finally {
    for (const child of children) await ended(child);
    await postgres.stop();
  }
}

async function started(verb: string, ready: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(packageRoot(), 'bin', 'kubernaut.mjs'), verb], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const deadline = Date.now() + 60_000;
  while (!output.includes(ready)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await ended(child);
      throw new Error(`kubernaut ${verb} did not come up:\n${output}`);
    }
    await sleep(100);
  }
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
