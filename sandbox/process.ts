import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startControlServer } from './control-server.js';
import { SANDBOX_CONTEXT } from './launch/kubeconfig.js';
import { runSandbox, type SandboxOptions } from './main.js';
import type { AlertSink } from './ticker/sinks.js';

/** Content of `<dataDir>/sandbox.json`, written when everything is up and removed at the end. */
export interface SandboxFile {
  pid: number;
  /** The administrator's, for people. */
  kubeconfig: string;
  context: string;
  /** What Kubernaut itself reads and writes with. */
  identities: { reader: string; executor: string };
  server: string;
  auditLog: string;
  /** Prometheus text of the simulated cluster. */
  metrics: string;
  pids: Record<string, number>;
  /** See control-server.ts. */
  controlUrl: string;
}

function optionsOf(args: string[]): SandboxOptions & { isDetached: boolean } {
  const { values } = parseArgs({
    args,
    options: { 'data-dir': { type: 'string' }, binary: { type: 'string' }, sink: { type: 'string' }, alertmanager: { type: 'string' }, detached: { type: 'boolean', default: false } },
  });
  const { 'data-dir': dataDir, binary, sink, alertmanager, detached: isDetached } = values;
  if (!dataDir || !binary) {
    throw new Error('usage: sandbox/process --data-dir <folder> --binary <control plane> [--alertmanager <binary>] [--sink <JSON of an AlertSink>] [--detached]');
  }
  return { isDetached, dataDir, binary, alertManagerBinary: alertmanager, ...(sink ? { alertSink: JSON.parse(sink) as AlertSink } : {}) };
}

/** Readers see either the whole file or none. */
function publish(path: string, content: SandboxFile): void {
  writeFileSync(`${path}.new`, JSON.stringify(content, null, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

const report = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

async function main(): Promise<void> {
  const { isDetached, ...options } = optionsOf(process.argv.slice(2));
  const file = join(options.dataDir, 'sandbox.json');
  rmSync(file, { force: true });
  // started before the servers: a parent that dies during the start must not leave them behind
  let askToStop: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (askToStop = resolve));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, askToStop);
  // detached (`kubernaut sandbox up`): outlives whoever started it, until it is told to stop
  if (!isDetached) process.stdin.on('end', askToStop).on('error', askToStop).resume();

  const sandbox = await runSandbox({
    ...options,
    onProgress: (progress) => report({ progress }),
    onError: (error) => void process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`),
  });
  const control = await startControlServer(sandbox);
  const { controlPlane, simulator } = sandbox;
  const content: SandboxFile = {
    pid: process.pid,
    kubeconfig: controlPlane.kubeconfig,
    context: SANDBOX_CONTEXT,
    identities: { reader: sandbox.identities.reader, executor: sandbox.identities.executor },
    server: controlPlane.server,
    auditLog: controlPlane.auditLog,
    metrics: simulator.metricsUrl,
    pids: controlPlane.pids,
    controlUrl: control.url,
  };
  publish(file, content);
  report({ ready: content });
  await asked;
  rmSync(file, { force: true });
  await control.stop();
  await sandbox.stop();
}

// stdout closing early (a parent that stopped reading) is no reason to fail
process.stdout.on('error', () => undefined);
main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
