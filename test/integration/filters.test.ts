import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ensureServer } from '../../scripts/servers.mjs';
import { openDatabase, type Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import { connectTemporal, createTemporalGateway, type TemporalConnection } from '../../src/adapters/temporal/index.js';
import { watchFilters } from '../../src/config/watch-filters.js';
import type { Store } from '../../src/domain/ports.js';
import { createFilters } from '../../src/gateway/filters.js';
import { startWorkers } from '../../src/workers/main.js';
import { startTemporal, type TemporalServer } from '../../temporal/dev-server.js';
import { alertOf, gatewayDeps, talkTo, webhookOf } from '../support/gateway.js';
import { concluded, scriptedActivities } from '../support/scripted-activities.js';

jest.setTimeout(120_000);

const HOLD_S = 6;
const folder = mkdtempSync(join(tmpdir(), 'kubernaut-filters-'));
const RULES = `
rules:
  - { name: slow, when: labels.burn == "slow", delay: { for: ${HOLD_S}s } }
  - { name: three, when: alert == "Restarts", atLeast: { count: 3, within: 10m, by: labels.deployment } }
`;

let server: TemporalServer;
let connection: TemporalConnection;
let database: Database;
let store: Store;
let talk: Awaited<ReturnType<typeof talkTo>>;
let workers: Awaited<ReturnType<typeof startWorkers>>;

/** A gateway of its own over the same servers: what a restart leaves is what is in them. */
async function gateway() {
  const filters = createFilters(watchFilters(join(folder, 'filters.yaml')));
  return talkTo(gatewayDeps({ store, temporal: createTemporalGateway(connection), filters }));
}
const post = async (...alerts: object[]) => (await talk.send('POST', '/alerts', webhookOf(...alerts))).body.results as any[];
const about = (deployment: string, labels: Record<string, string> = {}, more: object = {}) => alertOf({ startsAt: new Date().toISOString(), ...more, labels: { deployment, pod: '', ...labels } });
const handleOf = (name: string) => connection.client.workflow.getHandle(`remediation/prod/shop/Deployment/${name}`);

async function eventsOf(name: string): Promise<{ type: string; atMs: number }[]> {
  const { events } = await handleOf(name).fetchHistory();
  return (events ?? []).map((e) => ({
    type: Object.keys(e).find((k) => k.endsWith('EventAttributes'))!.replace('EventAttributes', ''),
    atMs: Number(e.eventTime!.seconds) * 1000 + (e.eventTime!.nanos ?? 0) / 1e6,
  }));
}
const startedWork = async (name: string): Promise<number | undefined> => {
  const events = await eventsOf(name);
  const work = events.find((e) => e.type === 'workflowTaskStarted');
  return work && work.atMs - events[0]!.atMs;
};

beforeAll(async () => {
  writeFileSync(join(folder, 'filters.yaml'), RULES);
  const { path: binary } = await ensureServer('temporal');
  [server, database] = await Promise.all([startTemporal({ binary, dataDir: folder }), openDatabase({ kind: 'pglite', dataDir: 'memory://' })]);
  store = createStore(database);
  connection = connectTemporal({ address: server.address, namespace: server.namespace });
  const { enrich, diagnose, analyze, makePlan, assess, notify } = scriptedActivities({ plans: [concluded('notified')] }).activities as any;
  const record = async ({ remediation }: any) => store.saveRemediation(remediation);
  workers = await startWorkers({
    temporal: { address: server.address, namespace: server.namespace },
    roles: ['workflows', 'notify'],
    activities: { stages: { enrich, diagnose, analyze, makePlan, assess, notify, record } as never, actions: {} },
    limits: { actions: 5, workflows: 10 },
    logger: createLogger({ level: 'silent', format: 'json' }),
  });
  talk = await gateway();
});
afterAll(async () => {
  await talk?.gateway.close();
  await workers?.stop();
  await connection?.close();
  await database?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a delay', () => {
  it('is kept by Temporal, over a restart of the gateway', async () => {
    const alert = about('held', { burn: 'slow' });
    const [first] = await post(alert);
    expect(first).toMatchObject({ outcome: 'started', reason: expect.stringContaining('filter rule slow holds it back until') });
    await talk.gateway.close();
    talk = await gateway();
    expect(await post(alert)).toMatchObject([{ outcome: 'duplicate', remediation_id: first.remediation_id }]);
    await handleOf('held').result();
    expect(await startedWork('held')).toBeGreaterThan(HOLD_S * 1000 - 1500);
  });

  it('is not ended by another signal that is held, nor by a resolved one', async () => {
    const [one, two] = [about('company', { burn: 'slow' }), about('company', { burn: 'slow' })];
    expect(await post(one)).toMatchObject([{ outcome: 'started' }]);
    expect(await post(two)).toMatchObject([{ outcome: 'joined' }]);
    expect(await post({ ...two, status: 'resolved', endsAt: new Date().toISOString() })).toMatchObject([{ outcome: 'joined' }]);
    await handleOf('company').result();
    expect(await startedWork('company')).toBeGreaterThan(HOLD_S * 1000 - 1500);
  });

  it('ends with a signal that is not held', async () => {
    await post(about('woken', { burn: 'slow' }));
    expect(await post(about('woken', { severity: 'critical' }))).toMatchObject([{ outcome: 'joined' }]);
    await handleOf('woken').result();
    expect(await startedWork('woken')).toBeLessThan(HOLD_S * 1000 - 2000);
  });

  it('leads to nothing when everything resolves meanwhile', async () => {
    const alert = about('blip', { burn: 'slow' });
    await post(alert);
    await post({ ...alert, status: 'resolved', endsAt: new Date().toISOString() });
    expect(await handleOf('blip').result()).toMatchObject({ outcome: 'already_resolved' });
    const { memo } = await handleOf('blip').describe();
    expect(memo).toBeDefined();
  });
});

describe('a minimum count', () => {
  it('lets all go on with the one that makes it enough, over a restart of the gateway', async () => {
    const alerts = [1, 2, 3].map((i) => about('often', { alertname: 'Restarts' }, { startsAt: `2030-01-01T00:0${i}:00Z` }));
    expect(await post(alerts[0]!, alerts[1]!)).toMatchObject([{ outcome: 'suppressed' }, { outcome: 'suppressed' }]);
    await talk.gateway.close();
    talk = await gateway();
    const [third] = await post(alerts[2]!);
    expect(third).toMatchObject({ outcome: 'joined' });
    for (const { fingerprint } of alerts) expect(await store.signalsOf(fingerprint)).toMatchObject([{ remediationId: third.remediation_id }]);
  });
});

describe('priority and environment', () => {
  it('are those of the workflow', async () => {
    await post(about('urgent', { severity: 'critical', env: 'production' }));
    const described = await handleOf('urgent').describe();
    expect(described.raw.workflowExecutionInfo?.priority?.priorityKey).toBe(1);
    expect(described.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toContainEqual(['KubernautEnvironment', 'production']);
  });
});
