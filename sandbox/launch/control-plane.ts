import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { KubernautError } from '../../src/domain/errors.js';
import { AUDIT_POLICY } from './audit-policy.js';
import {
  apiserverFlags, controlPlanePaths, etcdFlags, kcmFlags, schedulerConfig, schedulerFlags,
} from './control-plane-flags.js';
import type { ControlPlanePaths, ControlPlanePorts } from './control-plane-flags.js';
import { apiProbe, etcdProbe } from './control-plane-probes.js';
import { kubeconfigFor } from './kubeconfig.js';
import { freePorts } from './ports.js';
import { startServer } from './server-process.js';
import type { ServerProcess } from './server-process.js';
import { waitUntilReady } from './wait-until-ready.js';

/** What the etcd sub-command exits with when another process holds the folder (sandbox/control-plane/etcd.go). */
const EXIT_IN_USE = 75;
/** A killed launcher's etcd needs a moment to close its database before the next one can open it. */
const IN_USE_PATIENCE_MS = 4_000;
const READY_TIMEOUT_MS = 90_000;

export interface ControlPlaneOptions {
  /** Holds everything: database, certificates, logs. A second start on the same folder finds the same cluster. */
  dataDir: string;
  /** The binary built from sandbox/control-plane (`ensureServer('control-plane')`). */
  binary: string;
  onProgress?: (line: string) => void;
}

export interface ControlPlane {
  /** Path of the administrator's kubeconfig; its context is `kubernaut-sandbox`. */
  kubeconfig: string;
  /** As `kubeconfig`, but the audit log names `kubernaut-sandbox-simulator`. */
  simulatorKubeconfig: string;
  server: string;
  /** JSON lines, one per request, see audit-policy.ts. Rotated at 64 MB. */
  auditLog: string;
  /** `server.crt`, `server.key` (127.0.0.1, localhost), `ca.crt`, `front-proxy-ca.crt` for servers behind an APIService. */
  pkiDir: string;
  logsDir: string;
  pids: Record<'etcd' | 'apiserver' | 'kcm' | 'scheduler', number>;
  stop(): Promise<void>;
}

/** Starts etcd, API server, controller manager and scheduler. Throws Conflict when a live instance has the folder. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const paths = controlPlanePaths(resolve(options.dataDir));
  for (const dir of [paths.etcd, paths.pki, paths.logs, join(paths.auditLog, '..')]) mkdirSync(dir, { recursive: true });
  const running: ServerProcess[] = [];
  const stop = (): Promise<void> => stopInOrder(running);
  try {
    return await startAll({ binary: resolve(options.binary), paths, running, say: options.onProgress ?? (() => undefined) }, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Launch {
  binary: string;
  paths: ControlPlanePaths;
  /** Filled as servers start, in start order. */
  running: ServerProcess[];
  say: (line: string) => void;
}

async function startAll(launch: Launch, stop: () => Promise<void>): Promise<ControlPlane> {
  const { paths, say } = launch;
  const { ports, etcd } = await startEtcd(launch);
  say('etcd is ready');
  await promisify(execFile)(launch.binary, ['pki', `--dir=${paths.pki}`]);
  const server = `https://127.0.0.1:${ports.api}`;
  writeFiles(paths, server, ports);
  const probe = apiProbe(server, paths.pki);
  const apiserver = await start(launch, 'apiserver', apiserverFlags(paths, ports));
  await waitUntilReady(apiserver, { probe: () => probe.answers('/readyz'), timeoutMs: READY_TIMEOUT_MS });
  say(`API server is ready at ${server}`);
  const kcm = await start(launch, 'kcm', kcmFlags(paths));
  const scheduler = await start(launch, 'scheduler', schedulerFlags(paths));
  // Pods are refused until the controller manager has made the service account.
  const serviceAccount = '/api/v1/namespaces/default/serviceaccounts/default';
  await waitUntilReady(kcm, { probe: () => probe.answers(serviceAccount), timeoutMs: READY_TIMEOUT_MS });
  say('controller manager and scheduler are ready');
  const pids = { etcd: etcd.pid, apiserver: apiserver.pid, kcm: kcm.pid, scheduler: scheduler.pid };
  const { kubeconfig, simulatorKubeconfig, auditLog, pki: pkiDir, logs: logsDir } = paths;
  return { kubeconfig, simulatorKubeconfig, server, auditLog, pkiDir, logsDir, pids, stop };
}

/** etcd comes first: it holds the lock of the folder, so nothing is written there before it is ours. */
async function startEtcd(launch: Launch): Promise<{ ports: ControlPlanePorts; etcd: ServerProcess }> {
  const deadline = Date.now() + IN_USE_PATIENCE_MS;
  for (;;) {
    const ports = await freePorts(['api', 'etcdClient', 'etcdPeer'], lastPorts(launch.paths));
    const etcd = await start(launch, 'etcd', etcdFlags(launch.paths, ports));
    try {
      await waitUntilReady(etcd, { probe: () => etcdProbe(ports.etcdClient), timeoutMs: READY_TIMEOUT_MS, intervalMs: 20 });
      return { ports, etcd };
    } catch (error) {
      if (etcd.exit?.code !== EXIT_IN_USE) throw error;
      launch.running.pop();
      if (Date.now() > deadline) throw inUse(etcd, error);
      await sleep(200);
    }
  }
}

function inUse(etcd: ServerProcess, cause: unknown): KubernautError {
  const message = `another sandbox is running: ${etcd.lastLines(1)}; stop that process, or choose another data folder`;
  return new KubernautError('Conflict', message, cause);
}

async function start(launch: Launch, name: string, flags: string[]): Promise<ServerProcess> {
  const logFile = join(launch.paths.logs, `${name}.log`);
  const process = await startServer({ name, file: launch.binary, args: [name, ...flags], logFile });
  launch.running.push(process);
  return process;
}

/** The ports of the last run: whoever kept the kubeconfig finds the cluster again. */
function lastPorts(paths: ControlPlanePaths): Partial<ControlPlanePorts> {
  try {
    return JSON.parse(readFileSync(paths.ports, 'utf8')) as Partial<ControlPlanePorts>;
  } catch {
    return {}; // the first start, or a file cut short: any free port will do
  }
}

function writeFiles(paths: ControlPlanePaths, server: string, ports: ControlPlanePorts): void {
  const write = (file: string, text: string): void => writeFileSync(file, text, { mode: 0o600 });
  const kubeconfig = (client: string): string => kubeconfigFor({ server, pkiDir: paths.pki, client });
  write(paths.kubeconfig, kubeconfig('admin'));
  write(paths.simulatorKubeconfig, kubeconfig('simulator'));
  write(paths.kcmKubeconfig, kubeconfig('kcm'));
  write(paths.schedulerKubeconfig, kubeconfig('scheduler'));
  write(paths.schedulerConfig, JSON.stringify(schedulerConfig(paths)));
  write(paths.auditPolicy, JSON.stringify(AUDIT_POLICY));
  write(paths.ports, JSON.stringify(ports));
}

/** Whoever writes stops before what it writes to: scheduler and controllers, API server, etcd. */
async function stopInOrder(running: ServerProcess[]): Promise<void> {
  const named = (names: string[]): ServerProcess[] => running.filter((process) => names.includes(process.name));
  for (const names of [['scheduler', 'kcm'], ['apiserver'], ['etcd']]) {
    await Promise.all(named(names).map((process) => process.stop()));
  }
}
