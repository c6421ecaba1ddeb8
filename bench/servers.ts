import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startControlPlane, type ControlPlane } from '../sandbox/launch/control-plane.js';
import { freePort } from '../sandbox/launch/ports.js';
import { ensureServer } from '../sandbox/launch/servers.js';
import { kubeClientOf, type KubeClient } from '../sandbox/simulator/kube-client.js';
import { connectTemporal, type TemporalConnection } from '../src/adapters/temporal/index.js';
import { startTemporal, type TemporalServer } from '../temporal/dev-server.js';
import { startPostgres } from '../test/support/postgres-server.js';

export const TOKEN = 'bench-token-of-the-sender';

export interface Servers {
  dataDir: string;
  plane: ControlPlane;
  kube: KubeClient;
  temporal: TemporalServer;
  client: TemporalConnection;
  /** Undefined: the gateway brings its embedded one. */
  postgres?: { url: string; query: <Row extends pg.QueryResultRow>(sql: string) => Promise<Row[]> };
  /** What a process of the product needs to find all of them. */
  env: Record<string, string | undefined>;
  /** Requests that Temporal's frontend has served since its start, by operation. */
  temporalRequests(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

/**
 * What the product stands on, each a process of its own in a temporary folder: etcd with API server and controllers (no
 * kubelets: pods exist and stay Pending), Temporal, and PostgreSQL with fsync on where it is wanted.
 */
export async function openServers({ hasPostgres }: { hasPostgres: boolean }): Promise<Servers> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-bench-'));
  const closing: (() => unknown)[] = [() => rmSync(dataDir, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const plane = await startControlPlane({ dataDir: join(dataDir, 'cluster'), binary: (await ensureServer('control-plane')).path });
    closing.push(() => plane.stop());
    const metricsPort = await freePort();
    const temporal = await startTemporal({ dataDir: join(dataDir, 'temporal'), binary: (await ensureServer('temporal')).path, metricsPort });
    closing.push(() => temporal.stop());
    const client = connectTemporal(temporal);
    closing.push(() => client.close());
    const kube = kubeClientOf(plane.kubeconfig);
    closing.push(() => kube.close());
    const postgres = hasPostgres ? await openPostgres() : undefined;
    if (postgres) closing.push(() => postgres.close());
    const env = {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      KUBECONFIG: plane.kubeconfig,
      KUBE_CONTEXT: 'kubernaut-sandbox',
      KUBERNAUT_DATA_DIR: join(dataDir, 'product'),
      KUBERNAUT_GATEWAY_TOKENS: TOKEN,
      KUBERNAUT_LOG_LEVEL: 'info',
      WEBHOOK_PORT: String(await freePort()),
      // of this run alone, whatever the shell exports
      DATABASE_URL: postgres?.url,
      DB_HOST: undefined,
    };
    return { dataDir, plane, kube, temporal, client, ...(postgres ? { postgres } : {}), env, temporalRequests: () => requestsOf(metricsPort, temporal.namespace), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openPostgres(): Promise<NonNullable<Servers['postgres']> & { close(): Promise<void> }> {
  const server = await startPostgres((await ensureServer('postgres')).path, { isDurable: true });
  const pool = new pg.Pool({ connectionString: server.url, application_name: 'bench', max: 1 });
  pool.on('error', () => undefined);
  return {
    url: server.url,
    query: async (sql) => (await pool.query(sql)).rows,
    async close() {
      await pool.end();
      await server.stop();
    },
  };
}

/** Those about our namespace: Temporal's own workers poll in another. */
async function requestsOf(port: number, namespace: string): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counts: Record<string, number> = {};
  for (const [, labels = '', value] of text.matchAll(/^service_requests\{([^}]*)\} (\S+)$/gm)) {
    const operation = /operation="([^"]+)"/.exec(labels)?.[1];
    if (operation === undefined || !labels.includes('service_name="frontend"') || !labels.includes(`namespace="${namespace}"`)) continue;
    counts[operation] = (counts[operation] ?? 0) + Number(value);
  }
  return counts;
}
