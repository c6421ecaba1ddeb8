import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePorts } from '../../sandbox/launch/ports.js';
import { runnableAlertManager, type RunnableBinary } from '../../sandbox/ticker/relocated-alertmanager.js';
import { ensureServer } from '../../scripts/servers.mjs';
import { alertmanagerSnippet } from '../../src/cli/connect/alertmanager-snippet.js';
import { TOKEN } from './gateway.js';
import { eventually } from './simulated-cluster.js';

export interface AlertManagerProcess {
  /** Of its API. */
  url: string;
  post(...alerts: object[]): Promise<void>;
  /** Silences every alert with this label. */
  silence(name: string, value: string): Promise<void>;
  /** What it lists: pod and state. */
  listed(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface AlertManagerSetup {
  /** Of the gateway. */
  gateway: string;
  /** Over what `kubernaut connect alertmanager` prints. */
  route?: object;
  webhook?: object;
  global?: object;
  /** Its files; kept after its end, so that it can start again. */
  folder?: string;
}

/** What `kubernaut connect alertmanager` prints, with a receiver for people and no patience. */
export function alertmanagerConfig({ gateway, route = {}, webhook = {}, global = {} }: AlertManagerSetup, tokenFile: string): string {
  writeFileSync(tokenFile, `${TOKEN}\n`);
  const snippet = parse(alertmanagerSnippet({ url: gateway, tokenFile })) as { receivers: { webhook_configs: object[] }[]; route: { routes: object[] } };
  return stringify({
    global,
    receivers: [...snippet.receivers.map((r) => ({ ...r, webhook_configs: r.webhook_configs.map((w) => ({ ...w, ...webhook })) })), { name: 'people' }],
    route: { receiver: 'people', routes: snippet.route.routes.map((r) => ({ ...r, group_wait: '1s', group_interval: '1s', ...route })) },
  });
}

/** A real AlertManager on loopback that posts to the gateway. */
export async function startAlertmanagerProcess(setup: AlertManagerSetup): Promise<AlertManagerProcess> {
  const folder = setup.folder ?? mkdtempSync(join(tmpdir(), 'kubernaut-alertmanager-'));
  const program = runnableAlertManager((await ensureServer('alertmanager')).path, join(folder, 'alertmanager'));
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, alertmanagerConfig(setup, join(folder, 'token')));
  const { web } = await freePorts(['web']);
  const url = `http://127.0.0.1:${web}`;
  const log = join(folder, 'alertmanager.log');
  const child = spawn('/bin/sh', ['-c', 'exec "$0" "$@" 2>"$LOG"', program.path, `--config.file=${file}`, `--storage.path=${folder}/data`, `--web.listen-address=127.0.0.1:${web}`, '--cluster.listen-address='], { stdio: 'ignore', env: { ...process.env, LOG: log } });
  const stop = stopping(child, program, setup.folder === undefined ? folder : undefined);
  try {
    await eventually(`AlertManager is ready: ${log}`, async () => {
      if (child.exitCode !== null) throw new Error(readFileSync(log, 'utf8').slice(-2000));
      return (await fetch(`${url}/-/ready`)).ok;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const api = async (method: string, path: string, body?: unknown): Promise<any> => {
    const response = await fetch(`${url}/api/v2/${path}`, { method, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return method === 'GET' ? response.json() : undefined;
  };
  return {
    url, stop,
    post: (...alerts) => api('POST', 'alerts', alerts),
    silence: (name, value) =>
      api('POST', 'silences', { matchers: [{ name, value, isRegex: false, isEqual: true }], startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 3_600_000).toISOString(), createdBy: 'test', comment: 'quiet' }),
    listed: async () => ((await api('GET', 'alerts')) as { labels: { pod: string }; status: { state: string } }[]).map((a) => `${a.labels.pod} ${a.status.state}`).sort(),
  };
}

function stopping(child: ChildProcess, program: RunnableBinary, folder: string | undefined): () => Promise<void> {
  return async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    program.release();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
}

/** An alert as Prometheus posts it. */
export const firingPod = (pod: string, more: { startsAt?: string; endsAt?: string; labels?: Record<string, string> } = {}) => ({
  labels: { alertname: 'KubePodCrashLooping', namespace: 'shop', pod, severity: 'critical', ...more.labels },
  annotations: { summary: 'Pod is crash looping.' },
  startsAt: more.startsAt ?? new Date(Date.now() - 60_000).toISOString(),
  ...(more.endsAt ? { endsAt: more.endsAt } : {}),
  generatorURL: 'http://prometheus.example/graph',
});
