import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isPortFree } from '../../../sandbox/launch/ports.js';
import { isClusterNamed, loadWithOrigins, type Loaded } from '../../config/load.js';
import { clientOf } from '../client.js';
import { EXIT, Exit } from '../exit.js';
import { findRunFile, isAlive, removeRunFile, writeRunFile, type RunFile } from '../run-file.js';
import { claim } from './claim.js';
import { runDemo } from './demo.js';
import type { TemporalServer } from '../../../temporal/dev-server.js';
import { startPlatform, type PlatformInput } from './platform.js';
import { createProgress, type Progress } from './progress.js';
import { sendAlertsTo, startOwnTemporal, startSandboxProcess, type RunningSandbox } from './servers.js';

/** Shortened so that a person sees the end of it; labelled wherever they are printed. */
const SANDBOX_HORIZONS = ['3s', '8s', '15s'];

export interface UpOptions {
  port?: number;
  dataDir?: string;
  hasDemo: boolean;
  isReset: boolean;
  kubeconfig?: string;
  context?: string;
}

interface Stoppable {
  stop(): Promise<void>;
}

/** Everything on this machine: servers, gateway, workers, one incident fixed before your eyes. Serves until Ctrl-C. */
export async function up(options: UpOptions): Promise<void> {
  const progress = createProgress();
  const stopped = new AbortController();
  stopOnSignals(stopped);
  const loaded = loadWithOrigins({
    flags: { 'gateway.port': options.port, dataDir: options.dataDir, 'kubernetes.kubeconfig': options.kubeconfig, 'kubernetes.context': options.context },
  });
  const dataDir = resolve(loaded.config.dataDir);
  await refuseSecond(dataDir, loaded.config.gateway.port);
  const release = claim(dataDir);
  const started: Stoppable[] = [];
  try {
    if (options.isReset) emptied(dataDir);
    const run = await Promise.race([startAll(progress, loaded, dataDir, started, stopped), stoppedEarly(stopped.signal)]);
    progress.line(`\nKubernaut is ready  (${progress.elapsed()})`);
    links(progress, run);
    if (options.hasDemo && run.kubernetes.sandbox && run.kubernetes.kubeconfig) await demo(progress, run, dataDir, stopped.signal);
    next(progress, run);
    await untilAborted(stopped.signal);
  } finally {
    removeRunFile(dataDir);
    process.stdout.write('\nstopping …\n');
    for (const one of started.reverse()) await one.stop();
    release();
  }
  if (stopped.signal.reason instanceof Exit) throw stopped.signal.reason;
}

/** What is still starting notices that we are gone and ends by itself. */
async function stoppedEarly(signal: AbortSignal): Promise<never> {
  await untilAborted(signal);
  throw signal.reason instanceof Exit ? signal.reason : new Exit(EXIT.failed, 'stopped before it was ready');
}

/** A second Ctrl-C ends at once: our servers notice that we are gone and end by themselves. */
function stopOnSignals(stopped: AbortController): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stopped.signal.aborted) process.exit(130);
      stopped.abort();
      process.stdout.write('\nends when what runs now is done (at most 20 s); once more ends at once\n');
    });
  }
}

/** All but the claim, which is ours. */
function emptied(dataDir: string): void {
  for (const name of readdirSync(dataDir)) if (name !== 'up.pid') rmSync(join(dataDir, name), { recursive: true, force: true });
}

async function startAll(progress: Progress, loaded: Loaded, dataDir: string, started: Stoppable[], stopped: AbortController): Promise<RunFile> {
  const [sandbox, temporal] = await startServers(progress, loaded, dataDir, started);
  watchServers({ sandbox, temporal }, stopped);
  const token = loaded.config.gateway.tokens[0]?.reveal() ?? ownToken(dataDir);
  const parts = { dataDir, token, temporal, sandbox };
  const run = runFileOf(loaded, parts);
  const publish = (platform: number): void => writeRunFile(dataDir, { ...run, pids: { ...run.pids, gateway: platform, worker: platform } });
  const starting = startPlatform(dataDir, platformInput(loaded, parts), supervision(progress, publish, stopped));
  const platform = await keep(started, progress.step('gateway and workers', () => starting, () => run.gateway), (p) => p);
  publish(platform.pid);
  if (sandbox) await sendAlertsTo(sandbox.file.controlUrl, { url: `${run.gateway}/alerts`, token });
  return run;
}

/** Both at once; a failure of one still lets the other be stopped. */
async function startServers(progress: Progress, loaded: Loaded, dataDir: string, started: Stoppable[]) {
  const { temporal } = loaded.config;
  const results = await Promise.allSettled([
    isClusterNamed(loaded) ? undefined : keep(started, startSandboxProcess(progress, dataDir), (s) => s.child),
    temporal.address !== undefined ? undefined : keep(started, startOwnTemporal(progress, dataDir, temporal.namespace), (t) => t),
  ] as const);
  const failed = results.find((r) => r.status === 'rejected');
  if (failed) throw failed.reason;
  return results.map((r) => (r as PromiseFulfilledResult<unknown>).value) as [RunningSandbox | undefined, TemporalServer | undefined];
}

function runFileOf({ config }: Loaded, { token, temporal, sandbox }: Parts): RunFile {
  return {
    gateway: `http://127.0.0.1:${config.gateway.port}`,
    token,
    temporal: { address: temporal?.address ?? config.temporal.address!, namespace: config.temporal.namespace, ui: temporal?.ui ?? config.temporal.uiUrl },
    kubernetes: sandbox
      ? { kubeconfig: sandbox.file.kubeconfig, context: sandbox.file.context, sandbox: true, auditLog: sandbox.file.auditLog, controlUrl: sandbox.file.controlUrl }
      : { kubeconfig: config.kubernetes.kubeconfig, context: config.kubernetes.context, sandbox: false },
    database: { kind: config.database.url || config.database.host ? 'postgres' : 'pglite' },
    pids: { up: process.pid, ...(temporal ? { temporal: temporal.pids.server } : {}), ...(sandbox ? { sandbox: sandbox.file.pid, ...sandbox.file.pids } : {}) },
    startedAt: new Date().toISOString(),
  };
}

/** What we started and cannot do without: when one ends by itself, so do we, saying which. */
function watchServers({ sandbox, temporal }: Pick<Parts, 'sandbox' | 'temporal'>, stopped: AbortController): void {
  const ended = (what: string, log: string) => () => {
    if (!stopped.signal.aborted) stopped.abort(new Exit(EXIT.unreachable, `${what} ended by itself; its log: ${log}; start again with: npm start`));
  };
  void temporal?.exited.then(ended('Temporal', temporal.logFile));
  void sandbox?.child.exited.then(ended('the sandbox Kubernetes', sandbox.logFile));
}

const supervision = (progress: Progress, publish: (pid: number) => void, stopped: AbortController): Parameters<typeof startPlatform>[2] => ({
  restarted(pid, code) {
    publish(pid);
    progress.line(`  gateway and workers ended (${code ?? 'killed'}) and run again as ${pid}; every remediation goes on`);
  },
  gaveUp(error) {
    stopped.abort(new Exit(EXIT.failed, `gateway and workers cannot be kept running: ${error instanceof Error ? error.message : String(error)}`));
  },
});

/** Whatever starts is stopped again, also when a later step fails. */
async function keep<T>(started: Stoppable[], starting: Promise<T>, part: (value: T) => Stoppable): Promise<T> {
  const value = await starting;
  started.push(part(value));
  return value;
}

interface Parts {
  dataDir: string;
  token: string;
  temporal?: TemporalServer;
  sandbox?: RunningSandbox;
}

/** In the sandbox the clock is short and actions run by themselves, unless the user said otherwise. */
function platformInput({ config, origins, file }: Loaded, { dataDir, token, temporal, sandbox }: Parts): PlatformInput {
  const unless = (path: string, value: unknown): Record<string, unknown> => (origins.has(path) ? {} : { [path]: value });
  return {
    isSandbox: sandbox !== undefined,
    ...(sandbox ? { auditLog: sandbox.file.auditLog } : {}),
    flags: {
      ...(file ? { __file: file } : {}),
      dataDir,
      'gateway.port': config.gateway.port,
      'gateway.tokens': [token],
      'temporal.address': temporal?.address ?? config.temporal.address,
      ...(temporal ? { 'temporal.uiUrl': temporal.ui } : {}),
      ...(sandbox
        ? {
            // what is proved here runs with the rights it will have elsewhere; the administrator's kubeconfig is for people
            'kubernetes.kubeconfig': sandbox.file.identities.reader,
            'kubernetes.executor.kubeconfig': sandbox.file.identities.executor,
            'kubernetes.context': sandbox.file.context,
            ...unless('kubernetes.cluster', 'sandbox'),
            ...unless('policy.autonomy', 'auto'),
            ...unless('effectiveness.horizons', SANDBOX_HORIZONS),
            ...unless('actions.cap', '45s'),
          }
        : { 'kubernetes.kubeconfig': config.kubernetes.kubeconfig, 'kubernetes.context': config.kubernetes.context }),
    },
  };
}

/** The same token over restarts, so that an AlertManager configured once keeps working. */
function ownToken(dataDir: string): string {
  const file = join(dataDir, 'token');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const token = randomBytes(24).toString('base64url');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return token;
}

async function refuseSecond(dataDir: string, port: number): Promise<void> {
  const run = findRunFile(dataDir);
  if (run?.pids.up !== undefined && isAlive(run.pids.up)) {
    throw new Exit(EXIT.failed, `Kubernaut already runs in ${dataDir} (pid ${run.pids.up}); stop it with: npx kubernaut down, or choose another --data-dir and --port`);
  }
  if (!(await isPortFree(port))) throw new Exit(EXIT.failed, `port ${port} is taken; choose another: npm start -- --port ${port + 1}`);
}

async function demo(progress: Progress, run: RunFile, dataDir: string, signal: AbortSignal): Promise<void> {
  try {
    await runDemo({ kubeconfig: run.kubernetes.kubeconfig!, client: clientOf({ dataDir }), progress, horizons: SANDBOX_HORIZONS, signal });
  } catch (error) {
    if (!signal.aborted) progress.line(`  the demo stopped: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function links(progress: Progress, run: RunFile): void {
  progress.line(`  API and docs      ${run.gateway}/docs`);
  if (run.temporal.ui) progress.line(`  Temporal Web UI   ${run.temporal.ui}/namespaces/${run.temporal.namespace}/workflows`);
  if (run.kubernetes.kubeconfig) progress.line(`  Kubernetes        ${run.kubernetes.sandbox ? 'sandbox, ' : ''}kubectl --kubeconfig ${run.kubernetes.kubeconfig}`);
  progress.line(`  run file          the token and every address for scripts: run.json`);
}

function next(progress: Progress, run: RunFile): void {
  progress.line(`
Next, in another terminal:
  npx kubernaut list                        what happened
  npx kubernaut show <id>                   why, with every finding and the undo
${run.kubernetes.sandbox ? '  npx kubernaut scenarios test/scenarios    more ways to break things\n' : ''}  npx kubernaut connect alertmanager        let your AlertManager send here
  temporal workflow list --address ${run.temporal.address}
Ctrl-C stops everything; npx kubernaut down --purge also removes what it made.`);
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));

