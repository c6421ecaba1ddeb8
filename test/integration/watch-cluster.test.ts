import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startControlPlane, type ControlPlane } from '../../sandbox/launch/control-plane.js';
import { kubeClientOf, type KubeClient } from '../../sandbox/simulator/kube-client.js';
import { startSimulator, type Simulator } from '../../sandbox/simulator/simulator.js';
import { ensureServer } from '../../scripts/servers.mjs';
import { connectCluster, type ConnectedCluster } from '../../src/adapters/kubernetes/connect-cluster.js';
import { openDatabase, type Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { Store } from '../../src/domain/ports.js';
import { createFilters } from '../../src/gateway/filters.js';
import { createIntake, type Intake } from '../../src/gateway/intake.js';
import { watchCluster } from '../../src/gateway/watch-cluster.js';
import { gatewayDeps, memoryTemporal } from '../support/gateway.js';
import { eventually } from '../support/simulated-cluster.js';

const IMAGES = `images:
  - image: shop/broken:1
    startup: 0s
    exit: { code: 1, log: "panic: no", after: 0s }
`;

let dataDir: string;
let plane: ControlPlane;
let simulator: Simulator;
let admin: KubeClient;
let database: Database;
let store: Store;
const engine = memoryTemporal();
const opened: { cluster: ConnectedCluster; intake: Intake }[] = [];

/** A process of its own: its own watches, the same store. */
async function process() {
  const cluster = await connectCluster({ name: 'prod', kubeconfig: plane.kubeconfig, userAgentVersion: 'test' });
  const deps = gatewayDeps({ store, ...engine, resolveTarget: (hints) => cluster.resolve(hints) });
  const intake = createIntake(deps, createFilters());
  opened.push({ cluster, intake });
  return { cluster, watch: watchCluster({ cluster: 'prod', world: () => cluster.world(), isInStep: () => cluster.isHealthy(), namespaces: ['shop'] }, { store, intake, logger: deps.logger }) };
}

const reported = async (status: string) => {
  const { rows } = await database.pool.query('select signal, workflow_id from signals where status = $1', [status]);
  return rows.map(({ signal, workflow_id }) => `${signal.alert} ${workflow_id}`);
};

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-watch-'));
  plane = await startControlPlane({ dataDir, binary: (await ensureServer('control-plane')).path });
  simulator = await startSimulator({ kubeconfig: plane.simulatorKubeconfig, certFile: join(plane.pkiDir, 'server.crt'), keyFile: join(plane.pkiDir, 'server.key'), images: IMAGES });
  admin = kubeClientOf(plane.kubeconfig);
  database = await openDatabase({ kind: 'pglite', dataDir: 'memory://' });
  store = createStore(database);
  await admin.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
}, 600_000);

afterAll(async () => {
  for (const { cluster, intake } of opened) {
    intake.close();
    await cluster.close();
  }
  await simulator?.stop();
  admin?.close();
  await plane?.stop();
  await database?.close();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

it('reports crash loops of a real API server once over two processes, on their Deployment, and their end when it is gone', async () => {
  const one = await process();
  await admin.request('POST', '/apis/apps/v1/namespaces/shop/deployments', {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'api' } }, template: { metadata: { labels: { app: 'api' } }, spec: { containers: [{ name: 'main', image: 'shop/broken:1' }] } } },
  });
  const crashes = ['KubePodCrashLooping remediation/prod/shop/Deployment/api', 'KubePodCrashLooping remediation/prod/shop/Deployment/api'];
  await eventually('both pods are reported', async () => {
    await one.watch.look();
    return (await reported('firing')).length >= 2;
  });
  expect(await reported('firing')).toEqual(crashes);
  expect(engine.state.open.size).toBe(1);

  const two = await process();
  engine.state.calls = 0;
  for (let i = 0; i < 5; i += 1) await Promise.all([one.watch.look(), two.watch.look()]);
  expect([await reported('firing'), engine.state.calls]).toEqual([crashes, 0]);

  await admin.request('DELETE', '/apis/apps/v1/namespaces/shop/deployments/api', { propagationPolicy: 'Foreground' });
  await eventually('their end is reported', async () => {
    await Promise.all([one.watch.look(), two.watch.look()]);
    return (await reported('resolved')).length >= 2;
  });
  expect(await reported('resolved')).toEqual(crashes);
}, 120_000);
