import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { actions } from '../../src/actions/index.js';
import { RESTARTED_AT } from '../../src/actions/rolling-restart.js';
import { createAssertNotPaused } from '../../src/activities/assert-not-paused.js';
import { createTakeSlot } from '../../src/activities/slots.js';
import type { Database } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { createExecute, type ActionActivities } from '../../src/activities/execute.js';
import { DEFAULT_BRAKES } from '../../src/domain/brakes.js';
import { KILL_SWITCH, pauseOf } from '../../src/domain/kill-switch.js';
import type { Step } from '../../src/domain/plan.js';
import { DEFAULT_POLICY } from '../../src/domain/policy.js';
import type { Store } from '../../src/domain/ports.js';
import { createPolicySource } from '../../src/workers/policy-source.js';
import { act } from '../support/act.js';
import { deploymentRef, openStage, type Stage } from '../support/actions/stage.js';
import { eachDatabase } from '../support/databases.js';

const NAMESPACES = 20;
const PER_NAMESPACE = 10;

let stage: Stage;
let database: Database;
let store: Store;
let execute: ActionActivities;
const namespaces: string[] = [];
const names = Array.from({ length: PER_NAMESPACE }, (_, n) => `api-${n}`);

beforeAll(async () => {
  [stage, database] = await Promise.all([openStage(), eachDatabase()[1]!.open()]);
  store = createStore(database);
  const clock = { now: () => new Date().toISOString() };
  const inCluster = () => pauseOf(stage.cluster.world().get(KILL_SWITCH.kind, KILL_SWITCH.namespace, KILL_SWITCH.name));
  const policy = createPolicySource(DEFAULT_POLICY, store, inCluster);
  execute = createExecute({
    cluster: () => stage.cluster, actions, clock,
    takeSlot: createTakeSlot({ store, brakes: DEFAULT_BRAKES, nodePoolOf: () => undefined, longestWaitMs: 1000 }),
    assertNotPaused: createAssertNotPaused({ policy: () => policy.current(), clock }),
  });
  for (let n = 0; n < NAMESPACES; n++) namespaces.push(await stage.namespace());
  // without pods: the brakes are about actions, and a thousand pods would only heat the machine
  await Promise.all(namespaces.flatMap((ns) => names.map((name) => stage.deploy(ns, { name, replicas: 0 }))));
  await stage.seen((w) => w.list('Deployment').filter((d) => d.status?.observedGeneration === 1).length >= NAMESPACES * PER_NAMESPACE, 180_000);
}, 600_000);

afterAll(async () => {
  await stage?.stop();
  await database?.close();
}, 60_000);

interface Run {
  namespace: string;
  actionId: string;
  step: Step;
  endedAt?: number;
  error?: { code?: string; message: string };
}

const PATH = ['spec', 'template', 'metadata', 'annotations', RESTARTED_AT];
let wave = 0;

/** A restart of each, in the namespaces one after the other. */
function restarts(perNamespace: number): Run[] {
  const at = new Date(Date.UTC(2026, 0, 1, 0, 0, ++wave)).toISOString();
  return names.slice(0, perNamespace).flatMap((name) =>
    namespaces.map((namespace): Run => {
      const object = stage.cluster.world().get('Deployment', namespace, name)!;
      const ref = deploymentRef(namespace, name);
      const step: Step = {
        ordinal: 0, action: 'restart_pod', target: { cluster: 'test', ...ref, uid: object.metadata.uid! }, tier: 2, summary: `restart ${name}`, reason: 'x', timeoutS: 60, isWriting: true,
        parameters: { namespace, workload: name, strategy: 'rolling_restart' },
        changes: [{ op: 'edit', ref, uid: object.metadata.uid!, edits: [{ path: PATH, before: object.spec.template.metadata.annotations[RESTARTED_AT], after: at }] }],
        undo: { kind: 'none', why: 'x' },
      };
      return { namespace, actionId: stage.newActionId(), step };
    }),
  );
}

const start = (run: Run): Promise<void> =>
  act(execute, { step: run.step, actionId: run.actionId, mode: 'apply' }, 1000).then(
    () => void (run.endedAt = Date.now()),
    (error: Run['error']) => void Object.assign(run, { error, endedAt: Date.now() }),
  );

const writeOf = async (run: Run): Promise<number | undefined> => {
  const [first] = await stage.ledger(run.actionId);
  return first && Date.parse(first.requestReceivedTimestamp);
};

/** The most that were under way at any instant: from the write in the audit log until it had converged. */
function mostAtOnce(spans: { from: number; to: number }[]): number {
  const edges = spans.flatMap(({ from, to }) => [{ at: from, by: 1 }, { at: to, by: -1 }]).sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  return edges.reduce((most, { by }) => Math.max(most, (now += by)), 0);
}

describe('the brakes', () => {
  it('never let more than ten actions be under way on the cluster, two in a namespace, with a hundred at once', async () => {
    const runs = restarts(5);
    expect(runs).toHaveLength(100);
    await Promise.all(runs.map(start));
    expect(runs.filter((r) => r.error)).toEqual([]);
    const spans = await Promise.all(runs.map(async (r) => ({ namespace: r.namespace, from: (await writeOf(r))!, to: r.endedAt! })));
    expect(mostAtOnce(spans)).toBeLessThanOrEqual(10);
    expect(mostAtOnce(spans)).toBeGreaterThan(1);
    for (const ns of namespaces) expect(mostAtOnce(spans.filter((s) => s.namespace === ns))).toBeLessThanOrEqual(2);
  }, 300_000);

  it('give a slot back to an action that wrote already, and free that of a dead worker after its lease', async () => {
    const slot = { id: 'a', cluster: 'other', target: 'Deployment/shop/api' };
    expect(await store.takeSlot(slot, DEFAULT_BRAKES, { leaseMs: 60_000, isOngoing: false })).toBeUndefined();
    expect(await store.takeSlot(slot, DEFAULT_BRAKES, { leaseMs: 60_000, isOngoing: false })).toBeUndefined();
    expect(await store.takeSlot({ ...slot, id: 'b' }, DEFAULT_BRAKES, { leaseMs: 60_000, isOngoing: false })).toBe('perTarget');
    expect([await store.hasSlot('a'), await store.hasSlot('b')]).toEqual([true, false]);
    expect(await store.takeSlot({ ...slot, id: 'b' }, DEFAULT_BRAKES, { leaseMs: 1, isOngoing: true })).toBeUndefined();
    await store.freeSlot('a');
    expect(await store.hasSlot('a')).toBe(true); // its report may have been lost
    await new Promise((r) => setTimeout(r, 20));
    expect(await store.takeSlot({ ...slot, id: 'c' }, DEFAULT_BRAKES, { leaseMs: 60_000, isOngoing: false })).toBeUndefined();
  });

  it.each([
    ['by command', () => store.setPause({ by: 'ann', reason: 'enough' }), () => store.setPause({ remove: {} })],
    [
      'by the ConfigMap in the cluster',
      () => stage.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: KILL_SWITCH.namespace, name: KILL_SWITCH.name }, data: { by: 'ann', reason: 'enough' } }),
      () => stage.admin.request('DELETE', `/api/v1/namespaces/${KILL_SWITCH.namespace}/configmaps/${KILL_SWITCH.name}`),
    ],
  ])('stop every new write within seconds when the kill switch is thrown %s, with two hundred in flight', async (_how, pause, resume) => {
    const runs = restarts(10);
    expect(runs).toHaveLength(200);
    const all = Promise.all(runs.map(start));
    await new Promise((r) => setTimeout(r, 1500));
    await pause();
    const thrownAt = Date.now();
    await all;
    const writes = (await Promise.all(runs.map(writeOf))).filter((at) => at !== undefined);
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.length).toBeLessThan(200);
    expect(Math.max(...writes) - thrownAt).toBeLessThan(5000);
    const stopped = runs.filter((r) => r.error);
    expect(stopped).toHaveLength(200 - writes.length);
    for (const { error } of stopped) expect(error).toMatchObject({ code: 'Paused', message: expect.stringContaining('paused by ann: enough') });
    await resume();
    await new Promise((r) => setTimeout(r, 1200));
    const again = stopped[0]!;
    const retried: Run = { ...again, error: undefined };
    await start(retried);
    expect(retried.error).toBeUndefined();
  }, 300_000);
});
