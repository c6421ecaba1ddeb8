import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppsV1Api, ApiregistrationV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { startControlPlane } from '../../sandbox/launch/control-plane.js';
import type { ControlPlane } from '../../sandbox/launch/control-plane.js';
import { freePorts } from '../../sandbox/launch/ports.js';
import { ensureServer } from '../../sandbox/launch/servers.js';

const DEPLOYMENT = {
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'shop/web:1' }] } },
  },
};

let binary: string;
let dataDir: string;
let controlPlane: ControlPlane;

const clients = () => {
  const config = new KubeConfig();
  config.loadFromFile(controlPlane.kubeconfig);
  return {
    context: config.getCurrentContext(),
    core: config.makeApiClient(CoreV1Api),
    apps: config.makeApiClient(AppsV1Api),
    registration: config.makeApiClient(ApiregistrationV1Api),
  };
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function eventually<T>(read: () => Promise<T | undefined> | T | undefined, timeoutMs = 15_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms`);
    await sleep(100);
  }
}

const auditEvents = (): any[] =>
  readFileSync(controlPlane.auditLog, 'utf8').trim().split('\n').map((line) => JSON.parse(line));

beforeAll(async () => {
  binary = (await ensureServer('control-plane')).path;
  dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-control-plane-'));
  controlPlane = await startControlPlane({ dataDir, binary });
}, 900_000);

afterAll(async () => {
  await controlPlane?.stop();
  if (dataDir) rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

describe('the control plane', () => {
  it('runs a Deployment through its controllers', async () => {
    const { core, apps, context } = clients();
    expect(context).toBe('kubernaut-sandbox');
    await core.createNamespace({ body: { metadata: { name: 'shop' } } });
    await apps.createNamespacedDeployment({ namespace: 'shop', body: DEPLOYMENT });
    const replicaSet = await eventually(async () => (await apps.listNamespacedReplicaSet({ namespace: 'shop' })).items[0]);
    expect(replicaSet.metadata?.ownerReferences?.[0]).toMatchObject({ kind: 'Deployment', name: 'web' });
    const pods = await eventually(async () => {
      const { items } = await core.listNamespacedPod({ namespace: 'shop' });
      return items.length === 2 ? items : undefined;
    });
    // Admission of service accounts ran, and no node takes the pods.
    expect(pods[0]?.spec?.serviceAccountName).toBe('default');
    await eventually(async () => {
      const { items } = await core.listNamespacedPod({ namespace: 'shop' });
      return items[0]?.status?.conditions?.find(({ reason }) => reason === 'Unschedulable');
    });
  }, 30_000);

  it('records who wrote what, with the body, and who read', async () => {
    const { core } = clients();
    await core.listNamespacedPod({ namespace: 'shop' });
    const events = auditEvents();
    expect(events.find(({ verb, objectRef }) => verb === 'create' && objectRef?.resource === 'deployments')).toMatchObject({
      level: 'Request',
      user: { username: 'kubernaut-sandbox-admin' },
      objectRef: { namespace: 'shop', name: 'web' },
      requestObject: { spec: { replicas: 2 } },
      responseStatus: { code: 201 },
    });
    expect(events.some(({ verb, user }) => verb === 'list' && user.username === 'kubernaut-sandbox-admin')).toBe(true);
    expect(events.some(({ objectRef }) => objectRef?.resource === 'leases')).toBe(false);
  });

  it('keeps the content of secrets out of the audit log', async () => {
    const { core } = clients();
    await core.createNamespacedSecret({ namespace: 'shop', body: { metadata: { name: 'key' }, stringData: { token: 'not-for-the-ledger' } } });
    expect(readFileSync(controlPlane.auditLog, 'utf8')).not.toContain(Buffer.from('not-for-the-ledger').toString('base64'));
  });

  it('reaches a local server through an APIService, and says who it is', async () => {
    const { core, registration } = clients();
    const seen: string[] = [];
    const server = await localServer((request) => {
      seen.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN as string);
      return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'metrics.k8s.io/v1beta1', resources: [] };
    });
    const port = (server.address() as AddressInfo).port;
    await core.createNamespacedService({
      namespace: 'kube-system',
      body: { metadata: { name: 'metrics-server' }, spec: { type: 'ExternalName', externalName: 'localhost' } },
    });
    await registration.createAPIService({
      body: {
        metadata: { name: 'v1beta1.metrics.k8s.io' },
        spec: {
          group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true,
          service: { namespace: 'kube-system', name: 'metrics-server', port },
        },
      },
    });
    try {
      await eventually(async () => {
        const { status } = await registration.readAPIService({ name: 'v1beta1.metrics.k8s.io' });
        return status?.conditions?.find(({ type, status: is }) => type === 'Available' && is === 'True');
      }, 30_000);
      expect(seen).toContain('front-proxy-client');
    } finally {
      await registration.deleteAPIService({ name: 'v1beta1.metrics.k8s.io' });
      server.closeAllConnections();
      server.close();
    }
  }, 40_000);

  it('asks the kubelet of a node on loopback for logs', async () => {
    const { core } = clients();
    const kubelet = await localServer((request) => `asked for ${request.url?.split('?')[0]}\n`);
    const node = { metadata: { name: 'loopback' } };
    await core.createNode({ body: node });
    await core.replaceNodeStatus({
      name: 'loopback',
      body: {
        ...node,
        status: {
          addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
          daemonEndpoints: { kubeletEndpoint: { Port: (kubelet.address() as AddressInfo).port } },
        },
      },
    });
    await core.createNamespacedPod({
      namespace: 'shop',
      body: { metadata: { name: 'job' }, spec: { nodeName: 'loopback', containers: [{ name: 'main', image: 'shop/job:1' }] } },
    });
    const log = await core.readNamespacedPodLog({ namespace: 'shop', name: 'job' });
    expect(log).toBe('asked for /containerLogs/shop/job/main\n');
    await core.deleteNode({ name: 'loopback' });
    kubelet.closeAllConnections();
    kubelet.close();
  });

  it('refuses a data folder that a live instance holds, and says which process', async () => {
    const second = startControlPlane({ dataDir, binary });
    await expect(second).rejects.toMatchObject({ code: 'Conflict', message: expect.stringContaining(String(controlPlane.pids.etcd)) });
    expect(isAlive(controlPlane.pids.apiserver)).toBe(true);
  }, 30_000);

  it('stops without leaving a process, and finds its objects and its address again', async () => {
    const before = controlPlane;
    await controlPlane.stop();
    expect(Object.values(before.pids).filter(isAlive)).toEqual([]);
    controlPlane = await startControlPlane({ dataDir, binary });
    expect(controlPlane.server).toBe(before.server);
    const { apps } = clients();
    expect((await apps.readNamespacedDeployment({ namespace: 'shop', name: 'web' })).spec?.replicas).toBe(2);
  }, 60_000);

  it('ends with its launcher, even when that one is killed', async () => {
    const ports = await freePorts(['client', 'peer']);
    const folder = mkdtempSync(join(tmpdir(), 'kubernaut-orphan-'));
    const args = ['etcd', `--data-dir=${folder}`, `--client-url=http://127.0.0.1:${ports.client}`, `--peer-url=http://127.0.0.1:${ports.peer}`];
    const source = `const child = require('node:child_process').spawn(${JSON.stringify(binary)}, ${JSON.stringify(args)}, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
      console.log(child.pid); setInterval(() => {}, 1000);`;
    const launcher = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise((resolve) => launcher.stdout.once('data', resolve)));
    await eventually(() => fetch(`http://127.0.0.1:${ports.client}/health`).then(({ ok }) => ok || undefined, () => undefined));
    launcher.kill('SIGKILL');
    await eventually(() => (isAlive(pid) ? undefined : true), 10_000);
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);
});

/** An HTTPS server with the certificate of the control plane that asks for one in return. */
async function localServer(answer: (request: IncomingMessage) => unknown): Promise<Server> {
  const read = (file: string): Buffer => readFileSync(join(controlPlane.pkiDir, file));
  const tls = { cert: read('server.crt'), key: read('server.key'), ca: read('front-proxy-ca.crt'), requestCert: true, rejectUnauthorized: false };
  const server = createServer(tls, (request, response) => {
    const body = answer(request);
    if (typeof body !== 'string') response.setHeader('content-type', 'application/json');
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
