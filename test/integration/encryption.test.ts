import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ensureServer } from '../../scripts/servers.mjs';
import { openDatabase, type Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import { connectTemporal, createTemporalGateway, type TemporalConnection } from '../../src/adapters/temporal/index.js';
import type { Store } from '../../src/domain/ports.js';
import { startWorkers, type RunningWorkers } from '../../src/workers/main.js';
import { startTemporal, type TemporalServer } from '../../temporal/dev-server.js';
import { alertOf, gatewayDeps, talkTo, webhookOf } from '../support/gateway.js';
import { planAnswer, scriptedActivities, stepOf } from '../support/scripted-activities.js';

const KEY = `2026-11:${Buffer.alloc(32, 7).toString('base64')}`;
const WORKFLOW = 'remediation/prod/shop/Deployment/secretive';
const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-encryption-'));
let server: TemporalServer;
let database: Database;
let store: Store;
let ours: TemporalConnection;
/** As the stock CLI connects. */
let stranger: TemporalConnection;
let workers: RunningWorkers;
let talk: Awaited<ReturnType<typeof talkTo>>;

beforeAll(async () => {
  const { path: binary } = await ensureServer('temporal');
  [server, database] = await Promise.all([startTemporal({ binary, dataDir }), openDatabase({ kind: 'pglite', dataDir: 'memory://' })]);
  store = createStore(database);
  const settings = { address: server.address, namespace: server.namespace };
  ours = connectTemporal({ ...settings, encryptionKeys: [KEY] });
  stranger = connectTemporal(settings);
  const script = scriptedActivities({ plans: [planAnswer(stepOf('scale_deployment'), { verdict: { decision: 'ask', findings: [] } })] });
  const { enrich, diagnose, analyze, makePlan, assess, notify, ...actions } = script.activities as any;
  const record = async ({ remediation }: any) => store.saveRemediation(remediation);
  workers = await startWorkers({
    temporal: { ...settings, encryptionKeys: [KEY] },
    roles: ['workflows', 'actions'],
    activities: { stages: { enrich, diagnose, analyze, makePlan, assess, notify, record }, actions },
    limits: { actions: 5, workflows: 5 },
    logger: createLogger({ level: 'silent', format: 'json' }),
  });
  talk = await talkTo(gatewayDeps({ store, temporal: createTemporalGateway(ours) }));
}, 120_000);

afterAll(async () => {
  await talk?.gateway.close();
  await workers?.stop();
  await Promise.all([ours?.close(), stranger?.close(), database?.close()]);
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

async function phase(wanted: string): Promise<void> {
  const { items } = (await talk.send('GET', '/api/v1/remediations?target=deployment/secretive')).body;
  if (items[0]?.phase === wanted) return;
  await new Promise((resolve) => setTimeout(resolve, 100));
  return phase(wanted);
}

it('with a key a whole remediation runs, and what Temporal keeps of it cannot be read without it', async () => {
  const alert = alertOf({ labels: { deployment: 'secretive', pod: '', alertname: 'KubeTellNobody' } });
  const started = (await talk.send('POST', '/alerts', webhookOf(alert))).body.results[0];
  expect(started.outcome).toBe('started');
  await phase('awaiting_approval');
  // Which remediation runs there is read from the memo, which is encrypted, too.
  const ended = (await talk.send('POST', '/alerts', webhookOf({ ...alert, status: 'resolved', fingerprint: 'feedfeedfeedfeed' }))).body.results[0];
  expect(ended).toMatchObject({ outcome: 'joined', remediation_id: started.remediation_id });
  const { events } = await stranger.client.workflow.getHandle(WORKFLOW).fetchHistory();
  const kept = JSON.stringify(events).replaceAll(/"([A-Za-z0-9+/]{8,}={0,2})"/g, (_text, encoded: string) => Buffer.from(encoded, 'base64').toString('latin1'));
  expect(kept.match(/binary\/encrypted/g)!.length).toBeGreaterThan(10);
  // What search attributes say stays readable: names, and nothing else.
  expect(kept).toContain('KubeTellNobody');
  expect(kept).not.toMatch(/scale_deployment deployment shop\/api|Pod is crash looping|feedfeedfeedfeed/);
  await expect(stranger.client.workflow.getHandle(WORKFLOW).query('status')).rejects.toThrow();
}, 60_000);

it('people still decide with the stock CLI, which knows no key', async () => {
  await stranger.client.workflow.getHandle(WORKFLOW).signal('approve', { by: 'ana', reason: 'looks right' });
  await phase('closed');
  const { items } = (await talk.send('GET', '/api/v1/remediations?target=deployment/secretive')).body;
  expect(items[0]).toMatchObject({ outcome: 'fixed', approval: { by: 'ana', reason: 'looks right' } });
}, 60_000);
