import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePorts } from '../../sandbox/launch/ports.js';
import { ensureServer } from '../../sandbox/launch/servers.js';
import { startServer, type ServerProcess } from '../../sandbox/launch/server-process.js';
import { runnableAlertManager } from '../../sandbox/ticker/relocated-alertmanager.js';
import { alertmanagerSnippet } from '../../src/cli/connect/alertmanager-snippet.js';
import { startTemporal, type TemporalServer } from '../../temporal/dev-server.js';
import { slowApp, slowImage, startInstallation, type Installation } from '../support/installation.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { eventually, type Place } from '../support/simulated-cluster.js';

const scratch = mkdtempSync(join(tmpdir(), 'kubernaut-real-'));
let temporal: TemporalServer;
let postgres: PostgresServer;
let alertManager: { url: string; server: ServerProcess; release(): void };
let kubernaut: Installation;

const startTestServer = async (): Promise<TemporalServer> => startTemporal({ binary: (await ensureServer('temporal')).path, dataDir: join(scratch, 'temporal') });

beforeAll(async () => {
  [temporal, postgres] = await Promise.all([startTestServer(), startPostgres((await ensureServer('postgres')).path)]);
  kubernaut = await startInstallation({
    env: { TEMPORAL_ADDRESS: temporal.address, DATABASE_URL: postgres.url, KUBERNAUT_EFFECTIVENESS_HORIZONS: '2s,10s,20s' },
  });
  alertManager = await startAlertManagerWithOurSnippet(kubernaut);
}, 240_000);

afterAll(async () => {
  await alertManager?.server.stop();
  alertManager?.release();
  await kubernaut?.stop();
  await temporal?.stop();
  await postgres?.stop();
  rmSync(scratch, { recursive: true, force: true });
}, 90_000);

/** Debian's AlertManager with exactly what `kubernaut connect alertmanager` prints, in a configuration that has its own receiver. */
async function startAlertManagerWithOurSnippet({ run }: Installation): Promise<typeof alertManager> {
  const folder = mkdtempSync(join(scratch, 'am-'));
  const tokenFile = join(folder, 'kubernaut.token');
  writeFileSync(tokenFile, run().token);
  const printed = parse(alertmanagerSnippet({ url: run().gateway, tokenFile })) as { receivers: object[]; route: { routes: Record<string, unknown>[] } };
  const [route] = printed.route.routes;
  const config = { receivers: [{ name: 'people' }, ...printed.receivers], route: { receiver: 'people', routes: [{ ...route, group_wait: '1s', group_interval: '2s' }] } };
  writeFileSync(join(folder, 'alertmanager.yml'), stringify(config));
  const runnable = runnableAlertManager((await ensureServer('alertmanager')).path, join(folder, 'alertmanager'));
  const { web } = await freePorts(['web']);
  const args = [`--config.file=${join(folder, 'alertmanager.yml')}`, `--storage.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${web}`, '--cluster.listen-address='];
  const server = await startServer({ name: 'alertmanager', file: runnable.path, args, logFile: join(folder, 'am.log') });
  const url = `http://127.0.0.1:${web}`;
  await eventually('AlertManager is ready', async () => (await fetch(`${url}/-/ready`)).ok);
  return { url, server, release: () => runnable.release() };
}

/** A broken release in a namespace where the ticker is silent: only the AlertManager nobody here wrote can report it. */
async function brokenApp(namespace: string): Promise<Place> {
  const place = await kubernaut.place(namespace);
  await kubernaut.kube.request('merge', `/api/v1/namespaces/${namespace}`, { metadata: { labels: { 'sandbox.kubernaut.io/ticker': 'silent' } } });
  await place.images(slowImage);
  await place.apply(slowApp('serve'));
  await eventually(`${namespace}/app is up`, async () => ((await place.deployment()).status?.availableReplicas ?? 0) === 2);
  await place.patch('Deployment', 'app', { spec: { template: { spec: { containers: [{ name: 'main', command: ['sevre'] }] } } } });
  await eventually('it crashes', async () => (await place.pods()).some((p) => JSON.stringify(p.status).includes('CrashLoopBackOff')));
  return place;
}

const fire = (namespace: string, endsAt?: string) =>
  fetch(`${alertManager.url}/api/v2/alerts`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels: { alertname: 'KubePodCrashLooping', severity: 'critical', namespace, deployment: 'app' }, annotations: { summary: 'app crashes' }, ...(endsAt ? { endsAt } : {}) }]),
  });

describe('an AlertManager that nobody here wrote, PostgreSQL and a Temporal server of the user', () => {
  it('uses the named servers instead of its own', () => {
    const { temporal: used, database, pids } = kubernaut.run();
    expect(used.address).toBe(temporal.address);
    expect(database.kind).toBe('postgres');
    expect(pids.temporal).toBeUndefined();
  });

  it('fixes what AlertManager reports, seen in Temporal and in Kubernetes', async () => {
    const place = await brokenApp('am');
    expect((await fire('am')).status).toBe(200);
    const done = await kubernaut.remediation('am');
    expect(done).toMatchObject({ outcome: 'fixed', problems: [{ alert: 'KubePodCrashLooping' }] });
    const connection = await Connection.connect({ address: temporal.address });
    const listed = [];
    for await (const w of new Client({ connection }).workflow.list({ query: 'KubernautNamespace = "am" AND KubernautOutcome = "fixed"' })) listed.push(w.workflowId);
    await connection.close();
    expect(listed).toEqual([done.workflow_id]);
    expect((await place.deployment()).status).toMatchObject({ availableReplicas: 2 });
    expect(kubernaut.ownWrites('am')).toHaveLength(1);
  }, 120_000);

  it('makes every assessment once although Temporal is killed and started again during verification', async () => {
    await brokenApp('outage');
    await fire('outage');
    const before = await kubernaut.remediation('outage', (r) => r.phase === 'verifying' && r.assessments.some((a) => a.verdict !== undefined));
    process.kill(temporal.pids.server, 'SIGKILL');
    const ready = await fetch(`${kubernaut.run().gateway}/ready`);
    expect(ready.status).toBe(503);
    const refused = await kubernaut.post('/alerts', { version: '4', status: 'firing', alerts: [{ status: 'firing', labels: { alertname: 'X', namespace: 'am', deployment: 'app' }, annotations: {}, startsAt: new Date().toISOString() }] });
    expect(refused.status).toBe(503);
    temporal = await startTestServer();
    expect(temporal.address).toBe(kubernaut.run().temporal.address);
    const done = await kubernaut.remediation('outage', (r) => r.phase === 'closed', 120_000);
    expect(done).toMatchObject({ id: before.id, outcome: 'fixed' });
    expect(done.assessments.map((a) => [a.horizon, a.verdict])).toEqual([['2s', 'effective'], ['10s', 'effective'], ['20s', 'effective']]);
    expect(done.timeline.filter((t) => /^\d+s: /.test(t.text))).toHaveLength(3);
    expect(kubernaut.ownWrites('outage')).toHaveLength(1);
  }, 180_000);
});
