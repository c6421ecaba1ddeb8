import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { runnableAlertManager, type RunnableBinary } from '../../sandbox/ticker/relocated-alertmanager.js';
import { ensureServer } from '../../scripts/servers.mjs';
import { alertmanagerSnippet } from '../../src/cli/connect/alertmanager-snippet.js';
import { gatewayDeps, memoryStore, memoryTemporal, talkTo, TOKEN } from '../support/gateway.js';

jest.setTimeout(300_000);

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-alertmanager-'));
const memory = memoryStore();
const engine = memoryTemporal();
let talk: Awaited<ReturnType<typeof talkTo>>;
let program: RunnableBinary;
let alertmanager: ChildProcess;
let api: string;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const endMs = Date.now() + 60_000; Date.now() < endMs; ) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it did not happen within a minute');
}

/** What `kubernaut connect alertmanager` prints, with a receiver for people and no patience. */
function configuration(url: string): string {
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${TOKEN}\n`);
  const snippet = parse(alertmanagerSnippet({ url, tokenFile })) as { receivers: object[]; route: { routes: object[] } };
  return stringify({
    receivers: [...snippet.receivers, { name: 'people' }],
    route: { receiver: 'people', routes: snippet.route.routes.map((r) => ({ ...r, group_wait: '1s', group_interval: '1s' })) },
  });
}

beforeAll(async () => {
  program = runnableAlertManager((await ensureServer('alertmanager')).path, join(folder, 'alertmanager'));
  talk = await talkTo(gatewayDeps({ ...memory, ...engine }));
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, configuration(talk.gateway.url));
  const port = await freePort();
  api = `http://127.0.0.1:${port}`;
  alertmanager = spawn(program.path, [`--config.file=${file}`, `--storage.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='], { stdio: 'ignore' });
  await until(async () => ((await fetch(`${api}/-/ready`).catch(() => undefined))?.ok ? true : undefined));
});

afterAll(async () => {
  alertmanager?.kill('SIGTERM');
  program?.release();
  await talk?.gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const send = async (alert: object): Promise<void> => {
  const response = await fetch(`${api}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([alert]) });
  expect(response.status).toBe(200);
};

const rowOf = (status: string, pod: string) => until(() => [...memory.state.signals.values()].find((r) => r.signal.status === status && r.signal.labels.pod === pod));

it('takes what a real AlertManager sends with the printed configuration: firing and resolved', async () => {
  const labels = { alertname: 'KubePodCrashLooping', namespace: 'shop', pod: 'api-0', severity: 'critical', constructor: 'a legal label' };
  const startsAt = new Date(Date.now() - 60_000).toISOString();
  await send({ labels, annotations: { summary: 'Pod is crash looping.' }, startsAt, generatorURL: 'http://prometheus.example/graph' });
  const firing = await rowOf('firing', 'api-0');
  expect(firing).toMatchObject({ outcome: 'started', signal: { alert: 'KubePodCrashLooping', severity: 'critical', startsAt, source: 'alertmanager', cluster: 'prod', hints: [{ kind: 'Pod', namespace: 'shop', name: 'api-0' }] } });
  expect(firing.signal.fingerprint).toMatch(/^[0-9a-f]{16}$/);

  await send({ labels, startsAt, endsAt: new Date(Date.now() - 1000).toISOString() });
  const resolved = await rowOf('resolved', 'api-0');
  expect(resolved).toMatchObject({ outcome: 'resolved', remediationId: firing.remediationId, workflowId: firing.workflowId, signal: { fingerprint: firing.signal.fingerprint, startsAt } });
});

it('gets the alert by AlertManager’s own retries after Temporal was down', async () => {
  engine.state.isDown = true;
  await send({ labels: { alertname: 'KubePodCrashLooping', namespace: 'shop', pod: 'later-0', severity: 'warning' }, startsAt: new Date().toISOString() });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect([...memory.state.signals.values()].some((r) => r.signal.labels.pod === 'later-0')).toBe(false);
  engine.state.isDown = false;
  expect(await rowOf('firing', 'later-0')).toMatchObject({ outcome: 'started' });
});
