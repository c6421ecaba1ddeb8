import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CORDONED_BY } from '../../src/actions/node.js';
import { isPodReady, podsOf, refOf, type KubeObject } from '../../src/domain/kube.js';
import { shortHash } from '../../src/domain/target.js';
import { act } from '../support/act.js';
import { deploymentRef, describeWrite, isAvailable, openStage, type Stage } from '../support/actions/stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 600_000);

afterAll(() => stage?.stop(), 60_000);

const rejection = (code: string) => expect.objectContaining({ code });
const budgetPath = (ns: string) => `/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets/api`;
const evictPod = (pod: KubeObject) => ({ action: 'restart_pod', ref: refOf(pod), params: { namespace: pod.metadata.namespace!, pod: pod.metadata.name } });

describe('restart_pod', () => {
  let ns: string;

  beforeAll(async () => {
    ns = await stage.namespace();
    await stage.deploy(ns);
    await stage.seen(isAvailable(ns, 2));
  }, 120_000);

  afterAll(() => stage.forget(ns));

  const onePod = (): KubeObject => podsOf(stage.cluster.world(), stage.cluster.world().get('Deployment', ns, 'api')!)[0]!;

  it('waits for a budget that blocks it, and goes on when it frees up', async () => {
    await stage.budget(ns, 2);
    const step = stage.planned(evictPod(onePod()));
    await expect(act(stage.execute, { step, actionId: stage.newActionId(), mode: 'apply' }, 1)).rejects.toEqual(rejection('PdbBlocked'));
    const actionId = stage.newActionId();
    const waiting = act(stage.execute, { step, actionId, mode: 'apply' });
    await sleep(1000);
    expect(await stage.ledger(actionId)).toEqual([]);
    await stage.person(budgetPath(ns), { spec: { minAvailable: 1 } });
    await expect(waiting).resolves.toMatchObject({ status: 'applied' });
    expect((await stage.ledger(actionId)).map(describeWrite)).toEqual(['create pods/eviction']);
  }, 90_000);

  it('asks the server again what became of an eviction before it repeats it', async () => {
    await stage.seen(isAvailable(ns, 2));
    await stage.seen((w) => w.get('PodDisruptionBudget', ns, 'api')?.status?.disruptionsAllowed === 1);
    const [change] = stage.planned(evictPod(onePod())).changes;
    const actionId = stage.newActionId();
    const before = stage.cluster.requestsByVerb().get;
    await expect(stage.cluster.apply(change!, { actionId })).resolves.toMatchObject({ status: 'applied' });
    expect(stage.cluster.requestsByVerb().get).toBe(before);
    await expect(stage.cluster.apply(change!, { actionId, isRepeat: true })).resolves.toMatchObject({ status: 'already_applied' });
    expect(stage.cluster.requestsByVerb().get).toBe(before + 1);
    expect((await stage.ledger(actionId)).map(describeWrite)).toEqual(['create pods/eviction']);
  }, 90_000);

  it('refuses an agent of a protected namespace', async () => {
    const labels = { app: 'agent' };
    await stage.create({
      apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace: 'kube-system', name: 'agent' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'agent', image: 'agent:1' }] } } },
    });
    const pod = await stage.seen((w) => w.list('Pod', 'kube-system').find((p) => p.metadata.labels?.app === 'agent' && isPodReady(p)));
    expect(() => stage.planned(evictPod(pod))).toThrow(rejection('PolicyDenied'));
    await stage.admin.request('DELETE', '/apis/apps/v1/namespaces/kube-system/daemonsets/agent');
  }, 60_000);
});

describe('drain_node', () => {
  const node = 'sandbox-3';
  const ref = { apiVersion: 'v1', kind: 'Node', name: node };
  const params = { node, deadline: '2m' };
  let ns: string;

  beforeAll(async () => {
    await stage.seen((w) => w.list('Pod').length === 0); // those of the tests before
    ns = await stage.namespace();
    await stage.deploy(ns, { replicas: 6 });
    await stage.seen((w) => isAvailable(ns, 6)(w) && w.list('Pod', ns).some((p) => p.spec?.nodeName === node));
    await stage.budget(ns, 5);
    await stage.seen((w) => w.get('PodDisruptionBudget', ns, 'api')?.status?.disruptionsAllowed === 1);
  }, 120_000);

  afterAll(async () => {
    await stage.person(`/api/v1/nodes/${node}`, { spec: { unschedulable: null }, metadata: { annotations: { [CORDONED_BY]: null } } });
    await stage.forget(ns);
  });

  it('empties the node without ever breaking the budget, evicting each pod once and telling of it once', async () => {
    const actionId = stage.newActionId();
    const step = stage.planned({ action: 'drain_node', actionId, ref, params });
    const pinned = step.changes.filter((c) => c.op === 'evict');
    expect(pinned.length).toBeGreaterThan(0);
    let fewest = 6;
    const watching = new AbortController();
    const watch = stage.cluster.waitFor((w) => void (fewest = Math.min(fewest, w.list('Pod', ns).filter(isPodReady).length)), watching.signal).catch(() => undefined);
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'applied' });
    watching.abort();
    await watch;
    expect(fewest).toBe(5);
    expect(stage.cluster.world().list('Pod').filter((p) => p.spec?.nodeName === node)).toEqual([]);
    const writes = (await stage.ledger(actionId)).map(describeWrite);
    expect(writes.sort()).toEqual([...pinned.map(() => 'create pods/eviction'), 'patch nodes']);
    const told = stage.cluster.world().list('Event').filter((e) => e.metadata.name === `kubernaut.${shortHash(actionId)}`);
    expect(told).toHaveLength(1);
  }, 150_000);

  it('leaves a node that somebody else had closed closed, and takes up where a dead worker left off', async () => {
    await stage.person(`/api/v1/nodes/${node}`, { spec: { unschedulable: null }, metadata: { annotations: { [CORDONED_BY]: null } } });
    await stage.person(`/apis/apps/v1/namespaces/${ns}/deployments/api`, { spec: { replicas: 9 } });
    await stage.seen((w) => isAvailable(ns, 9)(w) && w.list('Pod', ns).filter((p) => p.spec?.nodeName === node).length > 1);
    await stage.person(`/api/v1/nodes/${node}`, { spec: { unschedulable: true } });
    await stage.seen((w) => (w.get('Node', undefined, node)?.spec?.taints?.length ?? 0) > 0);
    const actionId = stage.newActionId();
    const step = stage.planned({ action: 'drain_node', actionId, ref, params });
    expect(step.undo.kind).toBe('none');
    const [first] = step.changes;
    await stage.cluster.apply(first!, { actionId }); // and died before it could say so
    await expect(act(stage.execute, { step, actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'applied' });
    expect((await stage.ledger(actionId)).map(describeWrite)).toEqual(step.changes.map(() => 'create pods/eviction'));
    await expect(act(stage.execute, { step, actionId, mode: 'undo' })).rejects.toEqual(rejection('InverseUnavailable'));
    expect((await stage.live(ref)).spec.unschedulable).toBe(true);
  }, 150_000);
});

describe('an eviction of a pod that is not the planned one any more', () => {
  it('is done already, and the newcomer stays', async () => {
    const ns = await stage.namespace();
    await stage.deploy(ns, { replicas: 1 });
    await stage.seen(isAvailable(ns, 1));
    const pod = podsOf(stage.cluster.world(), stage.cluster.world().get('Deployment', ns, 'api')!)[0]!;
    const change = { op: 'evict' as const, ref: refOf(pod), uid: 'of-a-pod-that-went' };
    await expect(stage.cluster.apply(change, { actionId: stage.newActionId() })).resolves.toMatchObject({ status: 'already_applied' });
    expect(await stage.live(deploymentRef(ns))).toMatchObject({ status: { readyReplicas: 1 } });
    await stage.forget(ns);
  }, 60_000);
});
