import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addPool, crowd, isReady, setCordon, type Crowd } from '../../bench/crowded-node.js';
import { clusterCacheOf, type ClusterCache } from '../../sandbox/simulator/cluster-cache.js';
import type { StepReply } from '../../src/activities/contract.js';
import { isPodReady, type KubeObject, type World } from '../../src/domain/kube.js';
import type { Step } from '../../src/domain/plan.js';
import { act } from '../support/act.js';
import { deploymentRef, openStage, type LedgerLine, type Stage } from '../support/actions/stage.js';

const POOL = 'crowd';
const NODES = ['big-1', 'big-2', 'big-3'] as const;
const [FROM, ...OTHERS] = NODES;

let stage: Stage;
/** Every single change of a pod, where our own cache tells of several at once. */
let watched: ClusterCache;

beforeAll(async () => {
  stage = await openStage();
  watched = clusterCacheOf(stage.admin);
  await watched.watch(['Pod']);
  await addPool(stage.admin, POOL, NODES);
}, 600_000);

afterAll(async () => {
  await watched?.stop();
  await stage?.stop();
}, 60_000);

const podsOn = (node: string): KubeObject[] => stage.cluster.world().list('Pod').filter((p) => p.spec?.nodeName === node);
const budgetPath = (ns: string, name: string) => `/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets/${name}`;

/** The fewest Ready pods that each app ever had, from now on. */
function fewestReady({ namespace, apps, replicas }: Crowd): Map<string, number> {
  const fewest = new Map(apps.map((app) => [app, replicas]));
  watched.on('Pod', (_change, pod) => {
    const app = pod.metadata.labels?.app;
    const known = app === undefined || pod.metadata.namespace !== namespace ? undefined : fewest.get(app);
    if (known === undefined) return;
    const ready = watched.list('Pod', namespace).filter((p) => p.metadata.labels?.app === app && isReady(p)).length;
    fewest.set(app!, Math.min(known, ready));
  });
  return fewest;
}

/** Requests of ours: everything but the lists and watches of the cache. */
const requests = (): number => stage.cluster.requests();
/** A watch that the server ends is opened again, now and then with a list before it: that is nobody asking how far it is. */
const withoutWatches = () => ({ ...stage.cluster.requestsByVerb(), watch: 0, list: 0 });

const hasTaint = (w: World, node: string): boolean => (w.get('Node', undefined, node)?.spec?.taints?.length ?? 0) > 0;
/** All are Ready, and every budget has the room it gives. */
const isCalm = (w: World, { namespace, apps, replicas, spare }: Crowd): boolean =>
  w.list('Pod', namespace).filter(isPodReady).length === apps.length * replicas && apps.every((app) => w.get('PodDisruptionBudget', namespace, app)?.status?.disruptionsAllowed === spare);

const evictionsIn = (lines: readonly LedgerLine[]) => lines.filter((l) => l.objectRef?.subresource === 'eviction').map((l) => l.objectRef?.name);

describe('drain_node of a node with 200 pods under budgets', () => {
  const STUCK = 'app-7';
  const apps = Array.from({ length: 8 }, (_, n) => `app-${n}`);
  let team: Crowd;
  let step: Step;
  let running: Promise<StepReply>;
  let fewest: Map<string, number>;
  let before: number;
  let actionId: string;

  beforeAll(async () => {
    team = { namespace: await stage.namespace(), apps, replicas: 25, spare: 2 };
    await crowd(stage.admin, POOL, { node: FROM, others: OTHERS }, team);
    await stage.person(budgetPath(team.namespace, STUCK), { spec: { minAvailable: team.replicas } });
    await stage.seen((w) => w.get('PodDisruptionBudget', team.namespace, STUCK)?.status?.disruptionsAllowed === 0 && podsOn(FROM).length === 200 && OTHERS.every((n) => !hasTaint(w, n)));
    fewest = fewestReady(team);
    actionId = stage.newActionId();
    step = stage.planned({ action: 'drain_node', actionId, ref: { apiVersion: 'v1', kind: 'Node', name: FROM }, params: { node: FROM, deadline: '10m' } });
    before = requests();
    running = act(stage.execute, { step, actionId, mode: 'apply' });
    running.catch(() => undefined); // whoever awaits it hears of it
  }, 300_000);

  afterAll(() => stage.forget(team?.namespace), 60_000);

  it('lets a budget that blocks stand in nobody else\'s way', async () => {
    await stage.seen(() => podsOn(FROM).length === team.replicas, 180_000);
    expect(new Set(podsOn(FROM).map((p) => p.metadata.labels?.app))).toEqual(new Set([STUCK]));
  }, 200_000);

  it('waits for it by watch: not one request while all are blocked', async () => {
    await stage.seen((w) => w.list('Pod', team.namespace).filter((p) => p.metadata.deletionTimestamp).length === 0);
    const then = withoutWatches();
    await sleep(12_000);
    expect(withoutWatches()).toEqual(then);
  }, 90_000);

  it('goes on when the budget has room again, and ends', async () => {
    await stage.person(budgetPath(team.namespace, STUCK), { spec: { minAvailable: team.replicas - team.spare } });
    await expect(running).resolves.toMatchObject({ status: 'applied' });
    expect(podsOn(FROM)).toEqual([]);
  }, 120_000);

  it('never had fewer pods Ready than a budget asks for', () => {
    expect([...fewest.keys()]).toEqual(apps);
    for (const least of fewest.values()) expect(least).toBeGreaterThanOrEqual(team.replicas - team.spare);
    expect(Math.min(...fewest.values())).toBeLessThan(team.replicas);
  });

  it('evicted every pod once, with at most 1.2 requests for each', async () => {
    const made = requests() - before;
    const evicted = evictionsIn(await stage.ledger(actionId));
    expect(evicted).toHaveLength(200);
    expect(new Set(evicted).size).toBe(200);
    expect(made).toBeLessThanOrEqual(240);
  });

  it('changes nothing when it is repeated', async () => {
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'already_applied' });
    expect(evictionsIn(await stage.ledger(actionId))).toHaveLength(200);
  }, 60_000);
});

describe('migrate_workload of 200 pods under budgets, four workloads at once', () => {
  const apps = ['red', 'green', 'blue', 'grey'];
  const actionIds: string[] = [];
  let team: Crowd;
  let fewest: Map<string, number>;
  let before: number;
  let running: Promise<StepReply[]>;

  beforeAll(async () => {
    team = { namespace: await stage.namespace(), apps, replicas: 50, spare: 1 };
    await crowd(stage.admin, POOL, { node: FROM, others: OTHERS }, team);
    await setCordon(stage.admin, FROM, true);
    await stage.seen((w) => isCalm(w, team) && hasTaint(w, FROM) && OTHERS.every((n) => !hasTaint(w, n)));
    fewest = fewestReady(team);
    const steps = apps.map((workload) => {
      const actionId = actionIds[actionIds.push(stage.newActionId()) - 1]!;
      const params = { namespace: team.namespace, workload, fromNode: FROM };
      return { actionId, step: stage.planned({ action: 'migrate_workload', actionId, ref: deploymentRef(team.namespace, workload), params }) };
    });
    before = requests();
    running = Promise.all(steps.map((one) => act(stage.execute, { ...one, mode: 'apply' })));
    running.catch(() => undefined);
  }, 300_000);

  afterAll(() => stage.forget(team?.namespace), 60_000);

  it('waits by watch when budgets have no room any more', async () => {
    await stage.seen(() => podsOn(FROM).length <= 180, 120_000);
    for (const app of apps) await stage.person(budgetPath(team.namespace, app), { spec: { minAvailable: team.replicas } });
    await stage.seen((w) => isCalm(w, { ...team, spare: 0 }), 120_000);
    await sleep(1000);
    const then = withoutWatches();
    await sleep(8000);
    expect(withoutWatches()).toEqual(then);
    for (const app of apps) await stage.person(budgetPath(team.namespace, app), { spec: { minAvailable: team.replicas - team.spare } });
  }, 300_000);

  it('moves all of them, each workload one pod after the other', async () => {
    expect((await running).map((r) => r.status)).toEqual(apps.map(() => 'applied'));
    expect(podsOn(FROM)).toEqual([]);
    expect([...fewest]).toEqual(apps.map((app) => [app, team.replicas - team.spare]));
  }, 300_000);

  it('evicted every pod once, with at most 1.2 requests for each', async () => {
    const made = requests() - before;
    const evicted = (await Promise.all(actionIds.map((id) => stage.ledger(id)))).flatMap(evictionsIn);
    expect([evicted.length, new Set(evicted).size]).toEqual([200, 200]);
    expect(made).toBeLessThanOrEqual(240);
  });
});
