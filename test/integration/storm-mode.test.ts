import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ensureServer } from '../../scripts/servers.mjs';
import { actions } from '../../src/actions/index.js';
import { createAssertNotPaused } from '../../src/activities/assert-not-paused.js';
import { guard } from '../../src/activities/boundary.js';
import { createExecute } from '../../src/activities/execute.js';
import { createMakePlan } from '../../src/activities/plan.js';
import { createPolicyAtWrite } from '../../src/activities/policy-at-write.js';
import { policyReading } from '../../src/policy/compile.js';
import { createPlanStep } from '../../src/activities/plan-step.js';
import { createTakeSlot } from '../../src/activities/slots.js';
import { createStillAllowed } from '../../src/activities/still-allowed.js';
import { openDatabase, type Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { createLogger } from '../../src/adapters/telemetry/logger.js';
import { createMetrics } from '../../src/adapters/telemetry/metrics.js';
import { connectTemporal, createTemporalGateway, type TemporalConnection } from '../../src/adapters/temporal/index.js';
import type { Remediation } from '../../src/contracts/remediation.js';
import type { Evidence } from '../../src/domain/evidence.js';
import { refOf, type KubeObject } from '../../src/domain/kube.js';
import type { Finding } from '../../src/domain/plan.js';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.js';
import type { Store } from '../../src/domain/ports.js';
import type { Target } from '../../src/domain/target.js';
import { startWorkers } from '../../src/workers/main.js';
import { createStormWatch, type StormWatch } from '../../src/workers/storm-watch.js';
import { startTemporal, type TemporalServer } from '../../temporal/dev-server.js';
import { kubernaut } from '../support/cli.js';
import { alertOf, gatewayDeps, talkTo, TOKEN, webhookOf } from '../support/gateway.js';
import { memoryCluster } from '../support/memory-cluster.js';
import { deploymentOf, evidenceOf, nodeOf } from '../support/objects.js';
import { scriptedActivities } from '../support/scripted-activities.js';

jest.setTimeout(120_000);

const POLICY: Policy = {
  ...DEFAULT_POLICY, autonomy: 'auto', namespaces: { asks: { autonomy: 'approve' } },
  storm: { remediationsPerMinute: 5, nodesNotReady: 20, cooldown: '2s' },
};
const BURST = Array.from({ length: 10 }, (_, i) => `burst-${i}`);
const nodes = (notReady: number): KubeObject[] => Array.from({ length: 10 }, (_, i) => nodeOf(`n${i}`, { isReady: i >= notReady }));
const apps = [...['first', 'late', 'told', 'after', 'nodes-down', 'nodes-up', ...BURST].map((name) => deploymentOf(name)), deploymentOf('waiting', { namespace: 'asks' })];

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-storm-'));
const logger = createLogger({ level: 'silent', format: 'json' });
const metrics = createMetrics({ withProcess: false });
const cluster = memoryCluster([...nodes(0), ...apps]);
/** What reached the cluster, in order. */
const writes: string[] = [];
/** How far the store's clock is ahead: a minute passes in no time. */
let aheadMs = 0;

let server: TemporalServer;
let connection: TemporalConnection;
let database: Database;
let store: Store;
let storms: StormWatch;
let workers: Awaited<ReturnType<typeof startWorkers>>;
let talk: Awaited<ReturnType<typeof talkTo>>;

/** The controllers of this little world: what a Deployment wants is there at once. */
function followSpecs(): void {
  const { apply } = cluster;
  const settled = (o: KubeObject): KubeObject => {
    const { replicas } = o.spec;
    return o.kind === 'Deployment' && o.status.replicas !== replicas ? { ...o, status: { ...o.status, replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas } } : o;
  };
  cluster.apply = async (change, options) => {
    const outcome = await apply(change, options);
    if (outcome.status !== 'applied') return outcome;
    if ('ref' in change) writes.push(`${options.isUndo ? 'undo ' : ''}${change.ref.name}`);
    cluster.set(cluster.objects.map(settled));
    return outcome;
  };
}

/** The stages around planning and writing are scripted; those two are the product's own. */
function stages() {
  const clock = { now: () => new Date().toISOString() };
  const { notify, assess } = scriptedActivities({ plans: [] }).activities;
  const enrich = async ({ target }: { target: Target }) => {
    const object = cluster.world().get(target.kind, target.namespace, target.name)!;
    return { evidenceRef: await store.putArtifact('evidence', evidenceOf([...cluster.objects], { target: object })), hasObject: true };
  };
  const diagnose = async ({ evidenceRef }: { evidenceRef: string }) => ({ findings: [findingFor((await store.getArtifact(evidenceRef)) as Evidence)] });
  const makePlan = createMakePlan({ cluster: () => cluster, store, policy: async () => POLICY, storm: () => storms.current(), clock, planStep: createPlanStep({ actions }), reading: policyReading(), maxActionS: 600 });
  const record = async ({ remediation }: { remediation: Remediation }) => store.saveRemediation(remediation);
  const execute = createExecute({
    cluster: () => cluster, actions, clock,
    hadSlot: (id) => store.hasSlot(id),
    takeSlot: createTakeSlot({ store, brakes: { perCluster: 50, perNamespace: 50, perTarget: 1, perNodePool: 1 }, nodePoolOf: () => undefined }),
    assertNotPaused: createAssertNotPaused({ policy: async () => POLICY, clock }),
    assertStillNeeded: createStillAllowed({ cluster: () => cluster, policy: async () => POLICY, actions, clock, storm: () => storms.current(), policyAtWrite: createPolicyAtWrite({ store, reading: policyReading() }) }),
  });
  return { stages: guard({ enrich, diagnose, makePlan, record, assess, notify, analyze: assess, recordExpiry: record } as never), actions: guard(execute) as never };
}

function findingFor({ object }: Evidence): Finding {
  const target = { ...refOf(object!), uid: object!.metadata.uid! };
  const { namespace, name } = target;
  const proposal = name === 'told' ? { action: 'notify_only', parameters: { summary: 'look at it' } } : { action: 'scale_deployment', parameters: { namespace, name, replicas: 4 } };
  return { analyzer: 'x', cause: 'busy', summary: `${name} is busy`, target, evidence: [], confidence: 0.9, proposals: [{ ...proposal, target, confidence: 0.9, reason: 'busy' }] };
}

const resolveTarget = (hints: readonly { kind: string; namespace?: string; name: string }[]): Target | undefined => {
  const object = hints.map((h) => cluster.world().get(h.kind, h.namespace, h.name)).find((o) => o !== undefined);
  return object && { cluster: 'test', ...refOf(object), uid: object.metadata.uid! };
};

beforeAll(async () => {
  followSpecs();
  const { path: binary } = await ensureServer('temporal');
  [server, database] = await Promise.all([startTemporal({ binary, dataDir: folder }), openDatabase({ kind: 'pglite', dataDir: 'memory://' })]);
  store = createStore(database, { now: () => new Date(Date.now() + aheadMs).toISOString() });
  storms = createStormWatch({ store, cluster, limits: () => POLICY.storm, metrics, logger, freshMs: 100, everyMs: 200 });
  storms.start();
  connection = connectTemporal({ address: server.address, namespace: server.namespace });
  workers = await startWorkers({
    temporal: { address: server.address, namespace: server.namespace },
    roles: ['workflows', 'context', 'analysis', 'actions', 'storage', 'notify'], activities: stages(), limits: { actions: 20, workflows: 20 }, logger,
  });
  const remediate = { horizons: [{ name: '1s', afterMs: 1000 }, { name: '1h', afterMs: 3_600_000 }], isCoLocated: true, hasModel: false, channels: [], links: {} };
  talk = await talkTo(gatewayDeps({ store, temporal: createTemporalGateway(connection), cluster: 'test', remediate, metrics, resolveTarget: resolveTarget as never, storm: () => storms.last() }));
});
afterAll(async () => {
  await talk?.gateway.close();
  await workers?.stop();
  await connection?.close();
  await storms?.stop();
  await database?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Alerts about Deployments; resolves with the ids of their remediations. */
async function fire(...names: string[]): Promise<string[]> {
  const about = (deployment: string) => alertOf({ startsAt: new Date().toISOString(), labels: { deployment, pod: '', namespace: deployment === 'waiting' ? 'asks' : 'shop' } });
  const { body } = await talk.send('POST', '/alerts', webhookOf(...names.map(about)));
  return body.results.map((r: any) => r.remediation_id);
}
async function until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (let n = 0; n < 600; n++) {
    const found = await look();
    if (found) return found;
    await sleep(50);
  }
  throw new Error(`never: ${what}`);
}
const reached = (id: string, ...phases: string[]): Promise<Remediation> =>
  until(`${id} ${phases.join(' or ')}`, async () => {
    const doc = await store.getRemediation(id);
    return phases.includes(doc.phase) && doc;
  });
const replicasOf = (name: string, namespace = 'shop'): number => cluster.world().get('Deployment', namespace, name)!.spec.replicas;
const gauge = async () => (await metrics.registry.getSingleMetric('kubernaut_storm_mode')!.get()).values[0]?.value;
const audited = async (): Promise<string[]> => (await database.pool.query(`select verb from audit where subject = 'cluster test' order by seq`)).rows.map((r) => r.verb);
const STORM = /storm mode on cluster test since \S+: \d+ new remediations within a minute, more than 5/;

describe('more remediations than are ordinary', () => {
  let first: string;
  let waiting: string;
  let before: number;

  it('begin a storm; until then writes land', async () => {
    [first, waiting] = (await fire('first', 'waiting')) as [string, string];
    await Promise.all([reached(first, 'verifying'), reached(waiting, 'awaiting_approval')]);
    expect([writes, await gauge(), await audited()]).toEqual([['first'], 0, []]);
    const burst = await fire(...BURST);
    const docs = await Promise.all(burst.map((id) => reached(id, 'closed', 'verifying')));
    await until('storm', () => storms.last());
    const escalated = docs.filter((d) => d.phase === 'closed');
    expect(escalated.length).toBeGreaterThan(0);
    for (const d of escalated) expect([d.outcome, d.reason]).toEqual([expect.stringMatching(/escalated|denied/), expect.stringMatching(STORM)]);
    expect([await gauge(), await audited()]).toEqual([1, ['storm_entered']]);
    before = writes.length;
  });

  it('nothing new is planned to be written while it holds: a person is told why, and since when', async () => {
    const [late] = await fire('late');
    const { outcome, reason, verdict } = await reached(late!, 'closed');
    expect([outcome, reason]).toEqual(['escalated', expect.stringMatching(STORM)]);
    expect(verdict?.findings).toEqual([expect.objectContaining({ check: 'storm', reason: 'storm', severity: 'deny' })]);
    expect(replicasOf('late')).toBe(2);
  });

  it('what was planned and approved is not written, either', async () => {
    expect((await talk.send('POST', `/api/v1/remediations/${waiting}/approve`, { by: 'ana' })).status).toBe(200);
    const { outcome, reason } = await reached(waiting, 'closed');
    // after a yes everything is looked at anew, and then a storm is a reason to call a person
    expect([outcome, reason]).toEqual(['escalated', expect.stringMatching(STORM)]);
    expect(replicasOf('waiting', 'asks')).toBe(2);
  });

  it('telling goes on', async () => {
    const [told] = await fire('told');
    expect(await reached(told!, 'closed')).toMatchObject({ outcome: 'notified', plan: { steps: [{ action: 'notify_only', status: 'applied' }] } });
  });

  it('undoing goes on', async () => {
    expect((await talk.send('POST', `/api/v1/remediations/${first}/undo`, { by: 'ana' })).status).toBe(202);
    expect(await reached(first, 'closed')).toMatchObject({ outcome: 'rolled_back' });
    expect(replicasOf('first')).toBe(2);
  });

  it('is shown to whoever asks what is stopped', async () => {
    const { body } = await talk.send('GET', '/api/v1/info');
    expect(body.storm).toMatchObject({ cluster: 'test', since: storms.last()!.since });
    const { err } = await kubernaut('--gateway', talk.gateway.url, '--token', TOKEN, 'pauses');
    expect(err).toMatch(/storm mode on cluster test since \S+, nothing new is written there: \d+ new remediations/);
  });

  it('and after the cooldown writes land again', async () => {
    expect(writes.slice(before)).toEqual(['undo first']);
    expect(storms.last()).toBeDefined();
    aheadMs += 61_000;
    await until('the end of the storm', () => storms.last() === undefined);
    const [after] = await fire('after');
    await reached(after!, 'verifying');
    expect(writes.slice(before)).toEqual(['undo first', 'after']);
    expect([await gauge(), await audited()]).toEqual([0, ['storm_entered', 'storm_left']]);
  });
});

describe('more NotReady nodes than are ordinary', () => {
  it('are a storm until they are Ready again, and for the cooldown after it', async () => {
    const put = (notReady: number) => cluster.set([...nodes(notReady), ...cluster.objects.filter((o) => o.kind !== 'Node')]);
    put(3);
    await until('storm', () => storms.last());
    const [down] = await fire('nodes-down');
    expect(await reached(down!, 'closed')).toMatchObject({ outcome: 'escalated', reason: expect.stringContaining('3 of 10 nodes are NotReady, more than 20 %') });
    put(0);
    await until('the end of the storm', () => storms.last() === undefined);
    const [up] = await fire('nodes-up');
    await reached(up!, 'verifying');
    expect([replicasOf('nodes-down'), replicasOf('nodes-up')]).toEqual([2, 4]);
  });
});
