import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../sandbox/launch/ports.js';
import { kubeClientOf, type KubeClient } from '../../sandbox/simulator/kube-client.js';
import type { RunFile } from '../../src/cli/run-file.js';
import type { Remediation } from '../../src/contracts/remediation.js';
import { eventually, placeOf, type Place } from './simulated-cluster.js';

const BIN = fileURLToPath(new URL('../../bin/kubernaut.mjs', import.meta.url));
const READY_MS = 90_000;

export interface Installation {
  dataDir: string;
  process: ChildProcess;
  output(): string;
  /** run.json as it is now: pids change when a part was started again. */
  run(): RunFile;
  kube: KubeClient;
  place(namespace: string): Promise<Place>;
  api<T>(path: string): Promise<T>;
  post(path: string, body: unknown): Promise<{ status: number; body: any }>;
  /** The newest remediation of a namespace, once it is there and `isDone`. */
  remediation(namespace: string, isDone?: (r: Remediation) => boolean, timeoutMs?: number): Promise<Remediation>;
  /** Audit entries of our own effective writes: no dry runs, no failures, no events. */
  ownWrites(namespace?: string): AuditEntry[];
  stop(): Promise<number | null>;
}

export interface AuditEntry {
  verb: string;
  requestURI: string;
  userAgent: string;
  objectRef: { resource: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code: number };
}

/** The product as a user starts it, from the build, in a folder of its own. `keep` = an earlier data folder. */
export async function startInstallation(options: { args?: string[]; env?: Record<string, string>; dataDir?: string } = {}): Promise<Installation> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'kubernaut-e2e-'));
  const { port } = await freePorts(['port']);
  const child = spawn(process.execPath, [BIN, '--data-dir', dataDir, 'up', '--port', String(port), ...(options.args ?? ['--no-demo'])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const deadline = Date.now() + READY_MS;
  while (!output.includes('Kubernaut is ready')) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`not ready:\n${output}\n${platformLog(dataDir)}`);
    await sleep(100);
  }
  const run = (): RunFile => JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as RunFile;
  const { gateway, token, kubernetes } = run();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const kube = kubeClientOf(kubernetes.kubeconfig!);
  const api = async <T>(path: string): Promise<T> => (await fetch(`${gateway}${path}`, { headers })).json() as Promise<T>;
  return {
    dataDir, process: child, run, kube, api,
    output: () => output,
    async place(namespace) {
      await kube.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await eventually(`the service account of ${namespace}`, () => kube.request<object>('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`));
      return placeOf(kube, namespace);
    },
    async post(path, body) {
      const response = await fetch(`${gateway}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      const text = await response.text();
      return { status: response.status, body: text ? JSON.parse(text) : undefined };
    },
    remediation: (namespace, isDone = (r) => r.phase === 'closed', timeoutMs = 90_000) =>
      eventually(`a remediation in ${namespace}`, async () => {
        const { items } = await api<{ items: Remediation[] }>(`/api/v1/remediations?namespace=${namespace}&limit=1`);
        const live = items[0] && (await api<Remediation>(`/api/v1/remediations/${items[0].id}`));
        return live && isDone(live) ? live : undefined;
      }, timeoutMs),
    ownWrites: (namespace) => auditOf(kubernetes.auditLog!).filter((e) => isOwnWrite(e) && (namespace === undefined || e.objectRef.namespace === namespace)),
    async stop() {
      kube.close();
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
      return child.exitCode;
    },
  };
}

const platformLog = (dataDir: string): string => {
  const file = join(dataDir, 'logs', 'platform.log');
  return existsSync(file) ? readFileSync(file, 'utf8').slice(-2000) : '';
};

export const auditOf = (file: string): AuditEntry[] =>
  readFileSync(file, 'utf8').split('\n').filter((line) => line.startsWith('{') && line.endsWith('}')).map((line) => JSON.parse(line) as AuditEntry);

const isOwnWrite = ({ verb, requestURI, userAgent, objectRef, responseStatus }: AuditEntry): boolean =>
  /^kubernaut\/.* action=/.test(userAgent ?? '') &&
  ['create', 'update', 'patch', 'delete'].includes(verb) &&
  !requestURI.includes('dryRun') &&
  !['events', 'selfsubjectaccessreviews'].includes(objectRef.resource) &&
  (responseStatus?.code ?? 500) < 300;

export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Two replicas that take their time, so that a test can be faster than a rollout. */
export const slowApp = (command: string): string => JSON.stringify({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'app' },
  spec: {
    replicas: 2, strategy: { type: 'Recreate' }, progressDeadlineSeconds: 60,
    selector: { matchLabels: { app: 'app' } },
    template: { metadata: { labels: { app: 'app' } }, spec: { containers: [{ name: 'main', image: 'e2e/app:1', command: [command], resources: { requests: { cpu: '10m', memory: '16Mi' } } }] } },
  },
});

export const slowImage = 'images: [{ image: "e2e/app:1", command: [serve], startup: 5s }]';
