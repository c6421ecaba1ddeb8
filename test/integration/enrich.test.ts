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
import { createChangeRecorder, type ChangeRecorder } from '../../src/workers/change-recorder.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import type { ConfigVersion } from '../../src/domain/changes/config-version.js';
import type { ObjectChange } from '../../src/domain/changes/object-change.js';
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
const recorded: ObjectChange[] = [];
const versions = new Map<string, ConfigVersion>();
let recorder: ChangeRecorder;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-enrich-'));
  plane = await startControlPlane({ dataDir, binary: (await ensureServer('control-plane')).path });
  simulator = await startSimulator({ kubeconfig: plane.simulatorKubeconfig, certFile: join(plane.pkiDir, 'server.crt'), keyFile: join(plane.pkiDir, 'server.key'), images: IMAGES });
  admin = kubeClientOf(plane.kubeconfig);
  recorder = createChangeRecorder({ cluster: 'test', store: { recordChanges: async (changes) => void recorded.push(...changes), forgetChanges: async () => 0 }, clock: { now: () => new Date().toISOString() }, logger: createLogger({ level: 'silent', format: 'json' }) });
  cluster = await connectCluster({ name: 'test', kubeconfig: plane.kubeconfig, userAgentVersion: 'test', onReplaced: recorder.seen });
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
    changes: {
      flush: recorder.flush,
      store: {
        changesIn: async () => recorded,
        recordChanges: async (changes) => void recorded.push(...changes),
        async noteConfigVersions(now) {
          const before = now.flatMap((v) => versions.get(v.name) ?? []);
          for (const v of now) versions.set(v.name, v);
          return before;
        },
      },
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

it('knows who changed what: a Service with its value before, a key of a ConfigMap without any value', async () => {
  await admin.request('POST', '/api/v1/namespaces/shop/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cfg' }, data: { MODE: 'hunter3', DB_HOST: 'db.data:5432' } });
  await admin.request('POST', '/api/v1/namespaces/shop/services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } });
  await admin.request('POST', '/apis/apps/v1/namespaces/shop/deployments', {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' },
    spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'shop/broken:1', envFrom: [{ configMapRef: { name: 'cfg' } }] }] } } },
  });
  await cluster.waitFor((w) => (w.list('Pod', 'shop').some((p) => p.metadata.labels?.app === 'web' && p.status?.containerStatuses?.[0]?.restartCount > 0) ? true : undefined), AbortSignal.timeout(60_000));
  const first = await enrich('shop', 'web');
  expect(first.evidence.objects.find((o) => o.kind === 'ConfigMap')?.data).toEqual({ MODE: '<redacted>', DB_HOST: 'db.data:5432' });

  await admin.request('merge', '/api/v1/namespaces/shop/configmaps/cfg?fieldManager=kubectl-edit', { data: { MODE: 'hunter4' } });
  await admin.request('merge', '/api/v1/namespaces/shop/services/web?fieldManager=kubectl-edit', { spec: { selector: { app: 'wbe' } } });
  await cluster.waitFor((w) => (w.get('Service', 'shop', 'web')?.spec.selector.app === 'wbe' ? true : undefined), AbortSignal.timeout(30_000));
  const { evidence } = await enrich('shop', 'web');
  expect(evidence.changes).toEqual(expect.arrayContaining([
    expect.objectContaining({ object: { kind: 'Service', namespace: 'shop', name: 'web' }, path: 'spec.selector.app', from: '"web"', to: '"wbe"', by: 'kubectl-edit', source: 'snapshot' }),
    expect.objectContaining({ object: { kind: 'ConfigMap', namespace: 'shop', name: 'cfg' }, path: 'data.MODE', by: 'kubectl-edit', relation: 'config', source: 'snapshot' }),
  ]));
  expect(JSON.stringify([evidence, recorded, [...versions]])).not.toMatch(/hunter[34]/);
}, 120_000);
