import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { freePorts, isPortFree } from '../sandbox/launch/ports.js';
import { packageRoot } from '../sandbox/launch/package-root.js';
import { startServer } from '../sandbox/launch/server-process.js';
import { waitUntilReady } from '../sandbox/launch/wait-until-ready.js';
import { KubernautError } from '../src/domain/errors.js';
import { SEARCH_ATTRIBUTE_LIST } from './search-attributes.js';

const LOOPBACK = '127.0.0.1';
const READY_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;
/** The server of a killed launcher needs a moment to close its database. */
const IN_USE_PATIENCE_MS = 5_000;

/**
 * A history shard reads each of its task queues at most 20 times a second by default, which is plenty for the thousands of
 * shards of a cluster. The development server has one: every step of every workflow would wait for the next 50 ms.
 */
const QUEUE_READS = ['transfer', 'timer', 'visibility'].map((queue) => `history.${queue}ProcessorMaxPollRPS`);
const QUEUE_READS_PER_SECOND = 1000;

export interface TemporalOptions {
  /** The Temporal CLI (`ensureServer('temporal')`). */
  binary: string;
  /** Holds `temporal.db`; a second start on the same folder finds the same workflows on the same ports. */
  dataDir: string;
  namespace?: string;
  /** Default: the ports of the last start where they are free, else any. */
  port?: number;
  uiPort?: number;
  /** Serves the server's own metrics on this port, for benchmarks: requests by operation. Default: nowhere. */
  metricsPort?: number;
  onProgress?: (line: string) => void;
}

export interface TemporalServer {
  /** `host:port` for clients and workers. */
  address: string;
  namespace: string;
  /** URL of the Web UI. */
  ui: string;
  port: number;
  uiPort: number;
  logFile: string;
  /** `guard` ends `server` when we die. */
  pids: { server: number; guard: number };
  /** Resolves when the server is gone, however it ended. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts Temporal's development server on a database file, Web UI and search attributes included. Throws Conflict when
 * another one runs on the folder, DependencyMissing with its last log lines when it does not come up.
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(join(dataDir, 'logs'), { recursive: true });
  const namespace = options.namespace ?? 'default';
  const { port, uiPort } = await choosePorts(options, dataDir);
  const address = `${LOOPBACK}:${port}`;
  const pidFile = join(dataDir, 'temporal.pid');
  const guard = await startServer({
    name: 'Temporal',
    file: process.execPath,
    args: [
      join(packageRoot(), 'scripts', 'with-parent.mjs'), `--pid-file=${pidFile}`, resolve(options.binary),
      ...temporalFlags({ database: join(dataDir, 'temporal.db'), namespace, port, uiPort }),
      ...(options.metricsPort === undefined ? [] : [`--metrics-port=${options.metricsPort}`]),
    ],
    logFile: join(dataDir, 'logs', 'temporal.log'),
  });
  const stop = async (): Promise<void> => {
    await guard.stop(); // the guard passes it on, and waits for the server
    rmSync(pidFile, { force: true });
  };
  try {
    await waitUntilReady(guard, { probe: () => isServing(address, namespace), timeoutMs: READY_TIMEOUT_MS, intervalMs: 100 });
  } catch (error) {
    await stop();
    throw error;
  }
  writeFileSync(portsFile(dataDir), JSON.stringify({ port, uiPort }));
  options.onProgress?.(`Temporal is ready at ${address}`);
  const pids = { guard: guard.pid, server: Number(readFileSync(pidFile, 'utf8')) };
  return { address, namespace, ui: `http://${LOOPBACK}:${uiPort}`, port, uiPort, logFile: guard.logFile, pids, exited: guard.exited, stop };
}

export function temporalFlags(options: { database: string; namespace: string; port: number; uiPort: number }): string[] {
  return [
    'server', 'start-dev',
    `--db-filename=${options.database}`,
    `--namespace=${options.namespace}`,
    `--ip=${LOOPBACK}`,
    `--port=${options.port}`,
    `--ui-port=${options.uiPort}`,
    '--headless=false',
    '--log-level=warn',
    ...QUEUE_READS.map((setting) => `--dynamic-config-value=${setting}=${QUEUE_READS_PER_SECOND}`),
    // One fsync for each transaction instead of several; a commit still survives a power cut.
    '--sqlite-pragma=journal_mode=wal',
    '--sqlite-pragma=synchronous=full',
    ...SEARCH_ATTRIBUTE_LIST.map(({ name, type }) => `--search-attribute=${name}=${type}`),
  ];
}

interface Ports {
  port: number;
  uiPort: number;
}

const portsFile = (dataDir: string): string => join(dataDir, 'temporal-ports.json');

async function choosePorts(options: TemporalOptions, dataDir: string): Promise<Ports> {
  const last = lastPorts(dataDir);
  if (last.port !== undefined) await waitUntilUnused(last.port, dataDir);
  const free = await freePorts(['port', 'uiPort'], { ...last, ...definedPorts(options) });
  return { port: options.port ?? free.port, uiPort: options.uiPort ?? free.uiPort };
}

function definedPorts({ port, uiPort }: TemporalOptions): Partial<Ports> {
  return { ...(port === undefined ? {} : { port }), ...(uiPort === undefined ? {} : { uiPort }) };
}

function lastPorts(dataDir: string): Partial<Ports> {
  try {
    return JSON.parse(readFileSync(portsFile(dataDir), 'utf8')) as Partial<Ports>;
  } catch {
    return {}; // the first start, or a file cut short: any free port will do
  }
}

/** Two servers on one SQLite file lose data, and SQLite alone does not stop them. */
async function waitUntilUnused(port: number, dataDir: string): Promise<void> {
  const deadline = Date.now() + IN_USE_PATIENCE_MS;
  while (!(await isPortFree(port)) && (await answersAsTemporal(`${LOOPBACK}:${port}`))) {
    if (Date.now() > deadline) {
      throw new KubernautError('Conflict', `a Temporal server is running on ${dataDir} at ${LOOPBACK}:${port}; stop it, or choose another data folder`);
    }
    await sleep(250);
  }
}

async function answersAsTemporal(address: string): Promise<boolean> {
  return withConnection(address, async () => true).catch(() => false);
}

/** Ready means that workflows can start with our search attributes, which come a moment after the port. */
async function isServing(address: string, namespace: string): Promise<boolean> {
  return withConnection(address, async (connection) => {
    await connection.workflowService.describeNamespace({ namespace });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTE_LIST.every(({ name }) => customAttributes?.[name] !== undefined);
  });
}

async function withConnection<T>(address: string, use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout: PROBE_TIMEOUT_MS });
  try {
    return await connection.withDeadline(Date.now() + PROBE_TIMEOUT_MS, () => use(connection));
  } finally {
    await connection.close();
  }
}
