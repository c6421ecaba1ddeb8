import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { packageRoot } from '../../sandbox/launch/package-root.js';
import { freePort } from '../../sandbox/launch/ports.js';
import { startServer } from '../../sandbox/launch/server-process.js';
import { waitUntilReady } from '../../sandbox/launch/wait-until-ready.js';
import { runnableAlertManager } from '../../sandbox/ticker/relocated-alertmanager.js';
import { ensureServer } from '../../scripts/servers.mjs';
import { alertmanagerSnippet } from '../../src/cli/connect/alertmanager-snippet.js';

export interface Receiver {
  /** Base URL of a gateway. */
  url: string;
  /** Of AlertManager's language: `team="shop"`. */
  matchers: string[];
}

interface Snippet {
  receivers: { name: string }[];
  route: { routes: object[] };
}

/** The printed snippet once per gateway, without patience, behind one root that tells nobody. */
function configurationOf(receivers: readonly Receiver[], tokenFile: string): string {
  const all = receivers.map(({ url, matchers }, index) => {
    const { receivers: [receiver], route } = parse(alertmanagerSnippet({ url, tokenFile })) as Snippet;
    const name = `kubernaut-${String(index)}`;
    return { receiver: { ...receiver, name }, route: { ...route.routes[0], receiver: name, matchers, group_wait: '1s', group_interval: '1s' } };
  });
  return stringify({ receivers: [...all.map((one) => one.receiver), { name: 'people' }], route: { receiver: 'people', routes: all.map((one) => one.route) } });
}

/** A real AlertManager that tells several gateways, each its own alerts. */
export async function startRoutingAlertManager(folder: string, token: string, receivers: readonly Receiver[]): Promise<{ url: string; stop(): Promise<void> }> {
  mkdirSync(folder, { recursive: true });
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, configurationOf(receivers, tokenFile));
  const program = runnableAlertManager((await ensureServer('alertmanager')).path, join(folder, 'alertmanager'));
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const flags = [`--config.file=${file}`, `--storage.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${String(port)}`, '--cluster.listen-address='];
  const args = [join(packageRoot(), 'scripts', 'with-parent.mjs'), program.path, ...flags];
  const server = await startServer({ name: 'alertmanager', file: process.execPath, args, logFile: join(folder, 'alertmanager.log') });
  const stop = () => server.stop().finally(() => program.release());
  try {
    await waitUntilReady(server, { probe: () => fetch(`${url}/-/ready`).then((r) => r.ok, () => false), timeoutMs: 20_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
