import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ensureServer } from '../../scripts/servers.mjs';
import { openDatabase, type Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import { connectTemporal, createTemporalGateway, type TemporalConnection } from '../../src/adapters/temporal/index.js';
import type { RemediateInput } from '../../src/domain/messages.js';
import type { Store } from '../../src/domain/ports.js';
import type { Signal } from '../../src/domain/signal.js';
import { startWorkers } from '../../src/workers/main.js';
import { startTemporal, type TemporalServer } from '../../temporal/dev-server.js';
import { alertOf, gatewayDeps, talkTo, webhookOf, type Answer } from '../support/gateway.js';
import { planAnswer, scriptedActivities, stepOf } from '../support/scripted-activities.js';

jest.setTimeout(120_000);

const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-gateway-'));
let binary: string;
let server: TemporalServer;
let connection: TemporalConnection;
let database: Database;
let store: Store;
let talk: Awaited<ReturnType<typeof talkTo>>;

const post = (...alerts: object[]): Promise<Answer> => talk.send('POST', '/alerts', webhookOf(...alerts));
const outcomes = (answer: Answer): string[] => answer.body.results.map((r: any) => r.outcome);
const deploymentAlert = (name: string, more: Parameters<typeof alertOf>[0] = {}) => alertOf({ ...more, labels: { deployment: name, pod: '', ...more.labels } });
const workflowIdOf = (name: string): string => `remediation/prod/shop/Deployment/${name}`;

/** What a run was told: by its input, then by signals. */
async function signalsIn(workflowId: string): Promise<string[]> {
  const { events } = await connection.client.workflow.getHandle(workflowId).fetchHistory();
  const read = (payloads: readonly { data?: Uint8Array | null }[] = []) => payloads.map((p) => JSON.parse(Buffer.from(p.data!).toString()));
  const told = (events ?? []).flatMap((e) => [
    ...read(e.workflowExecutionStartedEventAttributes?.input?.payloads ?? []).map((input: RemediateInput) => input.first),
    ...(read(e.workflowExecutionSignaledEventAttributes?.input?.payloads ?? []) as Signal[]),
  ]);
  return told.map((s) => `${s.status} ${s.fingerprint}`);
}

beforeAll(async () => {
  ({ path: binary } = await ensureServer('temporal'));
  [server, database] = await Promise.all([startTemporal({ binary, dataDir }), openDatabase({ kind: 'pglite', dataDir: 'memory://' })]);
  store = createStore(database);
  connection = connectTemporal({ address: server.address, namespace: server.namespace });
  talk = await talkTo(gatewayDeps({ store, temporal: createTemporalGateway(connection) }));
});

afterAll(async () => {
  await talk?.gateway.close();
  await connection?.close();
  await database?.close();
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the gateway with a real Temporal and a real store', () => {
  it('starts a remediation whose list entry, page and search attributes say what it is about', async () => {
    const alert = deploymentAlert('fresh', { labels: { severity: 'critical', toString: 'legal', env: 'live' } });
    const answer = await post(alert);
    expect([answer.status, outcomes(answer), answer.body.results[0].workflow_id]).toEqual([202, ['started'], workflowIdOf('fresh')]);
    const run = await connection.client.workflow.getHandle(workflowIdOf('fresh')).describe();
    expect([run.type, run.taskQueue, run.status.name]).toEqual(['remediate', 'kubernaut', 'RUNNING']);
    expect(run.memo).toMatchObject({ remediationId: answer.body.results[0].remediation_id, alert: 'KubePodCrashLooping' });
    expect(await run.staticSummary()).toBe('KubePodCrashLooping · shop/fresh');
    expect(await run.staticDetails()).toContain('Pod is crash looping.');
    const attributes = Object.fromEntries(run.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    expect(attributes).toMatchObject({ KubernautPhase: 'received', KubernautSeverity: 'critical', KubernautTarget: 'Deployment/fresh', KubernautNamespace: 'shop', KubernautEnvironment: 'live', KubernautAwaitingApproval: false });
    expect(await signalsIn(workflowIdOf('fresh'))).toEqual([`firing ${alert.fingerprint}`]);
    const shown = await talk.send('GET', `/api/v1/remediations/${answer.body.results[0].remediation_id}`);
    expect(shown.body).toMatchObject({ phase: 'received', run_id: run.runId, target: { kind: 'Deployment', name: 'fresh' } });
  });

  it('joins the run that is open, also when another gateway started it', async () => {
    const first = await post(deploymentAlert('shared'));
    const other = await talkTo(gatewayDeps({ store: { ...store, latestOf: async () => undefined }, temporal: createTemporalGateway(connection) }));
    const joined = await other.send('POST', '/alerts', webhookOf(deploymentAlert('shared')));
    expect([joined.status, outcomes(joined), joined.body.results[0].remediation_id]).toEqual([202, ['joined'], first.body.results[0].remediation_id]);
    await other.gateway.close();
  });

  it('says the same remediation to everybody when two gateways meet a new target at the same moment', async () => {
    const other = await talkTo(gatewayDeps({ store, temporal: createTemporalGateway(connection) }));
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? other : talk).send('POST', '/alerts', webhookOf(deploymentAlert('raced')))));
    expect(answers.flatMap(outcomes).filter((o) => o === 'started')).toHaveLength(1);
    expect(new Set(answers.map((a) => a.body.results[0].remediation_id)).size).toBe(1);
    await other.gateway.close();
  });

  it('recognises a repeat without a second signal in the history', async () => {
    const alert = deploymentAlert('repeated');
    await post(alert);
    const repeats = await Promise.all([post(alert), post(alert), post(alert)]);
    expect(repeats.map((r) => [r.status, ...outcomes(r)])).toEqual([[200, 'duplicate'], [200, 'duplicate'], [200, 'duplicate']]);
    expect(await signalsIn(workflowIdOf('repeated'))).toHaveLength(1);
  });

  it('brings firing and resolved to the same run in order', async () => {
    const alert = deploymentAlert('brief');
    const answer = await post(alert, { ...alert, status: 'resolved', endsAt: '2026-03-01T03:00:00Z' });
    expect(outcomes(answer)).toEqual(['started', 'joined']);
    expect(await signalsIn(workflowIdOf('brief'))).toEqual([`firing ${alert.fingerprint}`, `resolved ${alert.fingerprint}`]);
  });

  it('starts nothing for a resolved alert', async () => {
    const answer = await post(deploymentAlert('over', { status: 'resolved' }));
    expect([answer.status, answer.body.results[0].outcome, answer.body.results[0].reason]).toEqual([200, 'suppressed', 'resolved, and nothing is open for it']);
    await expect(connection.client.workflow.getHandle(workflowIdOf('over')).describe()).rejects.toThrow();
  });

  it('takes 200 alerts about 200 targets in one request', async () => {
    const answer = await post(...Array.from({ length: 200 }, (_, i) => deploymentAlert(`many-${i}`)));
    expect([answer.status, new Set(outcomes(answer))]).toEqual([202, new Set(['started'])]);
  });

  it('refuses with 503 while Temporal is killed, is ready again after its restart, and loses nothing', async () => {
    const known = deploymentAlert('known');
    await post(known);
    process.kill(server.pids.server, 'SIGKILL');
    const fresh = deploymentAlert('during-outage');
    const refused = await post(known, fresh);
    expect([refused.status, refused.body.error.code, Number(refused.headers.get('retry-after')) > 0]).toEqual([503, 'TemporalUnavailable', true]);
    const ready = await talk.send('GET', '/ready');
    expect([ready.status, ready.body.status, ready.body.components]).toEqual([503, 'unhealthy', { temporal: 'down', store: 'up', kubernetes: 'up' }]);

    await server.stop();
    server = await startTemporal({ binary, dataDir });
    const repeat = await until(() => post(known, fresh), (a) => a.status !== 503);
    expect([repeat.status, outcomes(repeat)]).toEqual([202, ['duplicate', 'started']]);
    expect(await signalsIn(workflowIdOf('known'))).toHaveLength(1);
    await until(() => talk.send('GET', '/ready'), (a) => a.status === 200);
  });
});

describe('decisions', () => {
  it('reach the workflow: a wrong plan is refused with its reason, the right one is approved, a closed one is a conflict', async () => {
    const script = scriptedActivities({ plans: [planAnswer(stepOf('scale_deployment'), { verdict: { decision: 'ask', findings: [] } })] });
    const { enrich, diagnose, analyze, makePlan, assess, notify, ...actions } = script.activities as any;
    const record = async ({ remediation }: any) => store.saveRemediation(remediation);
    const workers = await startWorkers({
      temporal: { address: server.address, namespace: server.namespace },
      roles: ['workflows', 'actions'],
      activities: { stages: { enrich, diagnose, analyze, makePlan, assess, notify, record }, actions },
      limits: { actions: 5, workflows: 5 },
      logger: createLogger({ level: 'silent', format: 'json' }),
    });
    const id = (await post(deploymentAlert('decide'))).body.results[0].remediation_id as string;
    const show = () => talk.send('GET', `/api/v1/remediations/${id}`);
    const waiting = await until(show, (a) => a.body.phase === 'awaiting_approval');
    const decide = (what: string, body?: object) => talk.send('POST', `/api/v1/remediations/${id}/${what}`, body);

    const wrong = await decide('approve', { plan: '123456', by: 'ana' });
    expect([wrong.status, wrong.body.error.code, wrong.body.detail]).toEqual([409, 'Conflict', expect.stringContaining(waiting.body.plan.hash.slice(0, 10))]);
    const right = await decide('approve', { by: 'ana', reason: 'looks right' });
    expect([right.status, right.body.plan_hash]).toEqual([200, waiting.body.plan.hash]);
    const closed = await until(show, (a) => a.body.phase === 'closed');
    expect(closed.body).toMatchObject({ outcome: 'fixed', approval: { state: 'approved', by: 'ana', reason: 'looks right' } });
    for (const what of ['approve', 'reject', 'cancel', 'undo']) expect([what, (await decide(what)).status]).toEqual([what, 409]);

    const other = (await post(deploymentAlert('cancelled'))).body.results[0].remediation_id as string;
    await until(() => talk.send('GET', `/api/v1/remediations/${other}`), (a) => a.body.phase === 'awaiting_approval');
    expect((await talk.send('POST', `/api/v1/remediations/${other}/cancel`, { by: 'bo' })).status).toBe(202);
    const cancelled = await until(() => talk.send('GET', `/api/v1/remediations/${other}`), (a) => a.body.phase === 'closed');
    expect([cancelled.body.outcome, cancelled.body.reason]).toEqual(['cancelled', 'cancelled by bo']);
    await workers.stop();
  });
});

async function until(ask: () => Promise<Answer>, isEnough: (answer: Answer) => boolean): Promise<Answer> {
  for (const endMs = Date.now() + 40_000; ; ) {
    const answer = await ask();
    if (isEnough(answer)) return answer;
    if (Date.now() > endMs) throw new Error(`still ${answer.status} ${JSON.stringify(answer.body)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
