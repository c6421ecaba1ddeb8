import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { packageRoot } from '../launch/package-root.js';
import { freePorts } from '../launch/ports.js';
import { startServer } from '../launch/server-process.js';
import { waitUntilReady } from '../launch/wait-until-ready.js';
import { runnableAlertManager } from './relocated-alertmanager.js';

export interface AlertManagerOptions {
  /** Path of an `alertmanager` (0.22 or newer). */
  binary: string;
  /** Its configuration, notification log and credentials go below this folder. */
  dataDir: string;
  webhookUrl: string;
  /** Bearer token of the receiver; written to a file only we can read. */
  token?: string;
}

export interface AlertManager {
  /** Base URL; alerts are posted to `<url>/api/v2/alerts`. */
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** The configuration Kubernaut recommends, with waits of seconds (field-notes.md 1). */
export function alertManagerConfig(webhookUrl: string, credentialsFile?: string): string {
  const http_config = credentialsFile ? { authorization: { type: 'Bearer', credentials_file: credentialsFile } } : {};
  return stringify({
    route: { receiver: 'kubernaut', group_by: ['alertname', 'namespace'], group_wait: '1s', group_interval: '2s', repeat_interval: '1m' },
    receivers: [{ name: 'kubernaut', webhook_configs: [{ url: webhookUrl, send_resolved: true, max_alerts: 0, http_config }] }],
  });
}

/** Starts a real AlertManager on loopback that forwards to the webhook. */
export async function startAlertManager(options: AlertManagerOptions): Promise<AlertManager> {
  const folder = resolve(options.dataDir, 'alertmanager');
  mkdirSync(folder, { recursive: true });
  const credentialsFile = options.token === undefined ? undefined : join(folder, 'token');
  if (credentialsFile) writeFileSync(credentialsFile, options.token ?? '', { mode: 0o600 });
  const configFile = join(folder, 'alertmanager.yml');
  writeFileSync(configFile, alertManagerConfig(options.webhookUrl, credentialsFile));

  const { web } = await freePorts(['web']);
  const url = `http://127.0.0.1:${String(web)}`;
  const flags = [`--config.file=${configFile}`, `--storage.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${String(web)}`, '--cluster.listen-address='];
  // AlertManager itself does not notice when its parent dies: the wrapper does
  const runnable = runnableAlertManager(resolve(options.binary), join(folder, 'alertmanager'));
  const args = [join(packageRoot(), 'scripts', 'with-parent.mjs'), runnable.path, ...flags];
  const server = await startServer({ name: 'alertmanager', file: process.execPath, args, logFile: join(folder, 'alertmanager.log') });
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      (response) => response.ok,
      () => false,
    );
  const stop = async (): Promise<void> => {
    await server.stop();
    runnable.release();
  };
  try {
    await waitUntilReady(server, { probe: isReady, timeoutMs: 20_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, pid: server.pid, stop };
}
