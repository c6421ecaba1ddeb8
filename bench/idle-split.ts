import { setTimeout as sleep } from 'node:timers/promises';
import { ensureServer } from '../sandbox/launch/servers.js';
import { freePort } from '../sandbox/launch/ports.js';
import type { RunFile } from '../src/cli/run-file.js';
import { startPostgres } from '../test/support/postgres-server.js';
import { rssMibOf } from './processes.js';
import { startProduct, type ProductProcess } from './product-process.js';

/** Long enough for caches to be filled and the first garbage to be gone. */
const SETTLE_MS = 8000;

/** Resident MiB of an idle `kubernaut gateway` and an idle `kubernaut worker`, as a real deployment runs them. */
export async function idleSplit(run: RunFile): Promise<{ gateway: number; worker: number }> {
  const { path } = await ensureServer('postgres');
  const postgres = await startPostgres(path, { isDurable: true });
  const children: ProductProcess[] = [];
  try {
    const env = {
      DATABASE_URL: postgres.url,
      TEMPORAL_ADDRESS: run.temporal.address,
      KUBECONFIG: run.kubernetes.kubeconfig,
      KUBE_CONTEXT: run.kubernetes.context,
      KUBERNAUT_GATEWAY_ALLOW_INSECURE: 'true',
      WEBHOOK_PORT: String(await freePort()),
    };
    // One after the other: both bring the schema up to date.
    for (const [verb, ready] of [['gateway', 'gateway is ready'], ['worker', 'worker is ready']] as const) children.push(await startProduct({ args: [verb], ready, env }));
    await sleep(SETTLE_MS);
    const [gateway, worker] = children.map((child) => rssMibOf(child.pid));
    return { gateway: gateway!, worker: worker! };
  } finally {
    for (const child of children) await child.stop();
    await postgres.stop();
  }
}
