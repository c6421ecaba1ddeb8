import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startControlPlane, type ControlPlane } from '../../sandbox/launch/control-plane.js';
import { kubeClientOf, type KubeClient } from '../../sandbox/simulator/kube-client.js';
import { startSimulator, type Simulator } from '../../sandbox/simulator/simulator.js';
import { ensureServer } from '../../scripts/servers.mjs';
import { createEnrich } from '../../src/activities/enrich.js';
import { connectCluster, type ConnectedCluster } from '../../src/adapters/kubernetes/connect-cluster.js';
import type { Evidence } from '../../src/domain/evidence.js';
import { isPodReady } from '../../src/domain/kube.js';

const IMAGES = `images:
  - image: shop/api:1
    startup: 0s
  - image: shop/broken:1
    startup: 0s
    exit: { code: 1, log: "panic: cannot log in with password=hunter2 at db.data:5432", after: 0s }
`;

let dataDir: string;
let plane: ControlPlane;
let simulator: Simulator;
let admin: KubeClient;
let cluster: ConnectedCluster;
const artifacts = new Map<string, unknown>();

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-enrich-'));
  plane = await startControlPlane({ dataDir, binary: (await ensureServer('control-plane')).path });
  simulator = await startSimulator({ kubeconfig: plane.simulatorKubeconfig, certFile: join(plane.pkiDir, 'server.crt'), keyFile: join(plane.pkiDir, 'server.key'), images: IMAGES });
  admin = kubeClientOf(plane.kubeconfig);
  cluster = await connectCluster({ name: 'test', kubeconfig: plane.kubeconfig, userAgentVersion: 'test' });
  for (const name of ['shop', 'data']) await admin.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}, 600_000);

afterAll(async () => {
  await cluster?.close();
  await simulator?.stop();
  admin?.close();
  await plane?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

const deploy = (namespace: string, name: string, image: string) =>
  admin.request('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
    spec: { replicas: 2, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image }] } } },
  });

async function enrich(namespace: string, name: string): Promise<{ evidence: Evidence; requests: number }> {
  const before = cluster.requests();
  const run = createEnrich({
    cluster: () => cluster,
    store: {
      async putArtifact(kind, content) {
        const ref = `${kind}-${artifacts.size}`;
        artifacts.set(ref, content);
        return ref;
      },
      pastActions: async () => [],
      incidentsOf: async () => [],
    },
    embedder: { id: 'none', dimensions: 1, embed: async () => [1] },
    vectors: { nearest: async () => [] },
    clock: { now: () => new Date().toISOString() },
  });
  const { evidenceRef } = await run({ target: { cluster: 'test', apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }, problems: [] });
  return { evidence: artifacts.get(evidenceRef) as Evidence, requests: cluster.requests() - before };
}

it('reads a healthy workload without a request', async () => {
  await deploy('data', 'db', 'shop/api:1');
  await cluster.waitFor((w) => (w.list('Pod', 'data').filter(isPodReady).length === 2 ? true : undefined), AbortSignal.timeout(30_000));
  const { evidence, requests } = await enrich('data', 'db');
  expect(requests).toBe(0);
  expect(evidence.object?.metadata.name).toBe('db');
  expect(evidence.missing).toEqual([]);
}, 60_000);

it('reads a crash loop with events and one redacted log, and finds what it depends on through the log', async () => {
  await deploy('shop', 'api', 'shop/broken:1');
  await cluster.waitFor(
    (w) => (w.list('Pod', 'shop').length === 2 && w.list('Pod', 'shop').every((p) => (p.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0) ? true : undefined),
    AbortSignal.timeout(60_000),
  );
  const { evidence, requests } = await enrich('shop', 'api');
  expect(requests).toBeLessThanOrEqual(2);
  expect(evidence.logs.flatMap((l) => l.lines).join('\n')).toContain('panic: cannot log in');
  expect(JSON.stringify([...artifacts.values()])).not.toContain('hunter2');
  expect(evidence.events.length).toBeGreaterThan(0);
  expect(evidence.objects.some((o) => o.kind === 'Deployment' && o.metadata.namespace === 'data')).toBe(true);
  expect(evidence.missing).toEqual([]);
}, 120_000);
