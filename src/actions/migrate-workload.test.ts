import { describe, expect, it } from '@jest/globals';
import { act, attempt } from '../../test/support/act.js';
import { memoryCluster, type MemoryCluster } from '../../test/support/memory-cluster.js';
import { ACTION_ID, deploymentOf, edited, evidenceOf, factsOf, nodeOf, NOW, pdbOf, podOf, problemOf, replicaSetOf, statefulSetOf, threeNodes } from '../../test/support/objects.js';
import { createExecute } from '../activities/execute.js';
import { createPlanStep } from '../activities/plan-step.js';
import { KubernautError } from '../domain/errors.js';
import { refOf, worldOf, type KubeObject } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import { DEFAULT_POLICY } from '../domain/policy.js';
import { actions } from './index.js';
import { migrateWorkload } from './migrate-workload.js';
import { CORDONED_BY } from './node.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const deployment = deploymentOf('api', { replicas: 3 });
const set = replicaSetOf(deployment, 1, { available: 3, replicas: 3 });
const owned = (name: string, o: Parameters<typeof podOf>[1] = {}) => podOf(name, { owner: set, ...o });
const params = { namespace: 'shop', workload: 'api', fromNode: 'worker-1' };
const three = [owned('api-1'), owned('api-2'), owned('api-3', { node: 'worker-2' })];

function plan(pods: KubeObject[] = three, o: { object?: KubeObject; others?: KubeObject[]; params?: object; more?: Parameters<typeof factsOf>[1] } = {}) {
  const object = o.object ?? deployment;
  return migrateWorkload.plan(object, { ...params, ...o.params }, factsOf([object, set, ...pods, ...(o.others ?? threeNodes())], o.more));
}

describe('migrate_workload', () => {
  it('closes the node, evicts the pinned pods, and opens it again', () => {
    const planned = plan();
    expect(planned.changes.map((c) => (c.op === 'evict' ? c.uid : c.op))).toEqual(['edit', 'uid-pod-api-1', 'uid-pod-api-2', 'edit']);
    expect(planned).toMatchObject({
      tier: 2, summary: 'move 2 pods of deployment shop/api off node worker-1, one at a time',
      undo: { kind: 'partial', changes: [{ op: 'edit', ref: { kind: 'Node', name: 'worker-1' } }] },
      parameters: { pods: ['uid-pod-api-1', 'uid-pod-api-2'], readyElsewhere: 1, kind: 'Deployment' },
    });
    const [close, , , open] = planned.changes;
    if (close?.op !== 'edit' || open?.op !== 'edit') throw new Error('no edits');
    const node = nodeOf('worker-1');
    expect(edited(node, close.edits)).toMatchObject({ spec: { unschedulable: true }, metadata: { annotations: { [CORDONED_BY]: 'remediation/test/shop/Deployment/api' } } });
    expect(edited(edited(node, close.edits), open.edits).spec).toEqual(node.spec);
  });

  it.each<[string, Parameters<typeof plan>[1]]>([
    ['has trouble', { others: [nodeOf('worker-1', { conditions: [{ type: 'DiskPressure', status: 'True' }] }), ...threeNodes().slice(1)] }],
    ['is what the alert is about', { more: { problems: [problemOf({ labels: { node: 'worker-1' } })] } }],
  ])('leaves a node closed that %s', (_why, o) => {
    const planned = plan(three, o);
    expect(planned.changes.filter((c) => c.op === 'edit')).toHaveLength(1);
    expect(planned.summary).toContain('stays cordoned');
  });

  it('leaves the cordon of others alone', () => {
    const planned = plan(three, { others: [nodeOf('worker-1', { isCordoned: true }), ...threeNodes().slice(1)] });
    expect(planned).toMatchObject({ changes: [{ op: 'evict' }, { op: 'evict' }], undo: { kind: 'none' } });
  });

  it('has nothing to do where none of its pods is', () => {
    expect(plan([owned('api-3', { node: 'worker-2' })])).toMatchObject({ changes: [], undo: { kind: 'none' } });
  });

  it.each<[string, KubeObject[], Parameters<typeof plan>[1], string]>([
    ['the destination has no room, though others have', three, { params: { toNode: 'worker-3' }, others: [...threeNodes().slice(0, 2), nodeOf('worker-3', { allocatable: { memory: '1Mi' } })] }, 'PreconditionChanged'],
    ['the pods fit one by one but not together', [owned('api-1', { resources: { requests: { memory: '5Gi' } } }), owned('api-2', { resources: { requests: { memory: '5Gi' } } })], { others: [nodeOf('worker-1', { isCordoned: true }), nodeOf('worker-2'), nodeOf('worker-3', { allocatable: { memory: '1Gi' } })] }, 'PreconditionChanged'],
    ['the node is about to be removed', three, { others: [nodeOf('worker-1', { spec: { taints: [{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }] } }), ...threeNodes().slice(1)] }, 'PreconditionChanged'],
    ['the destination runs the control plane', three, { params: { toNode: 'cp' }, others: [...threeNodes(), nodeOf('cp', { labels: { 'node-role.kubernetes.io/control-plane': '' } })] }, 'PreconditionChanged'],
    ['a budget leaves no room', three, { others: [...threeNodes(), pdbOf('api', { allowed: 0 })] }, 'PreconditionChanged'],
  ])('refuses when %s', (_why, pods, o, expected) => {
    expect(() => plan(pods, o)).toThrow(code(expected));
  });

  it.each<[string, object, object]>([
    ['emptyDir', { emptyDir: {} }, { allowEmptyDir: true }],
    ['hostPath', { hostPath: { path: '/x' } }, { allowHostPath: true }],
  ])('gives %s data up only where policy allows it', (_what, volume, limits) => {
    const pods = [owned('api-1', { spec: { volumes: [{ name: 'v', ...volume }] } })];
    expect(() => plan(pods)).toThrow(code('PreconditionChanged'));
    expect(plan(pods, { more: { limits: { ...limits } } }).changes).toHaveLength(3);
  });
});

describe('migrate_workload, a single replica', () => {
  const lone = (pod: object = {}, o: Parameters<typeof deploymentOf>[1] = {}) => deploymentOf('api', { replicas: 1, pod, ...o });
  const planLone = (object: KubeObject) =>
    migrateWorkload.plan(object, params, factsOf([object, replicaSetOf(object, 1, { available: 1, replicas: 1 }), podOf('api-1', { owner: replicaSetOf(object, 1) }), ...threeNodes(), pdbOf('api', { allowed: 0 })]));
  const not = { key: 'metadata.name', operator: 'NotIn', values: ['worker-1'] };

  it('is rolled out elsewhere first, in spite of a budget that would forbid an eviction; the inverse is exact', () => {
    const object = lone();
    const planned = planLone(object);
    expect(planned).toMatchObject({ changes: [{ op: 'edit', ref: { kind: 'Deployment' } }], undo: { kind: 'exact' } });
    const [change] = planned.changes;
    if (change?.op !== 'edit' || planned.undo?.kind !== 'exact' || planned.undo.changes[0]?.op !== 'edit') throw new Error('no edit');
    const after = edited(object, change.edits);
    expect(after.spec.template.spec.affinity).toEqual({ nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [not] }] } } });
    expect(edited(after, planned.undo.changes[0].edits)).toEqual(object);
  });

  it('keeps what its affinity asks already, in each of the alternatives', () => {
    const term = (zone: string) => ({ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] });
    const affinity = { podAffinity: {}, nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term('a'), term('b')] } } };
    const object = lone({ affinity });
    const nodes = threeNodes().map((n) => ({ ...n, metadata: { ...n.metadata, labels: { zone: 'a' } } }));
    const planned = migrateWorkload.plan(object, params, factsOf([object, replicaSetOf(object, 1, { available: 1, replicas: 1 }), podOf('api-1', { owner: replicaSetOf(object, 1), pod: { affinity } }), ...nodes]));
    expect(planned.changes).toMatchObject([{ edits: [{ before: affinity, after: { podAffinity: {}, nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ ...term('a'), matchFields: [not] }, { ...term('b'), matchFields: [not] }] } } } }] }]);
  });

  it.each<[string, KubeObject]>([
    ['a strategy that stops it first', lone({}, { spec: { strategy: { type: 'Recreate' } } })],
    ['no surge', lone({}, { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } } })],
    ['a pause', lone({}, { spec: { paused: true } })],
  ])('is evicted with %s, which a person must approve', (_what, object) => {
    const planned = migrateWorkload.plan(object, params, factsOf([object, replicaSetOf(object, 1, { available: 1, replicas: 1 }), podOf('api-1', { owner: replicaSetOf(object, 1) }), ...threeNodes()]));
    expect(planned).toMatchObject({ tier: 3, changes: [{ op: 'edit' }, { op: 'evict' }, { op: 'edit' }] });
  });

  it('a StatefulSet member is evicted', () => {
    const sts = statefulSetOf('db', { replicas: 1 });
    const planned = migrateWorkload.plan(sts, { ...params, workload: 'db', kind: 'StatefulSet' }, factsOf([sts, podOf('db-0', { owner: sts }), ...threeNodes()]));
    expect(planned.changes.map((c) => c.op)).toEqual(['edit', 'evict', 'edit']);
  });
});

describe('migrating', () => {
  const objects = [...threeNodes(), deployment, set, ...three];
  const stepFor = (): Step => {
    const target = { ...refOf(deployment), uid: deployment.metadata.uid };
    return createPlanStep({ actions })({ proposal: { action: 'migrate_workload', target, parameters: params, confidence: 1, reason: 'x', source: 'rules', by: 'test' }, evidence: evidenceOf([deployment, ...objects]), policy: DEFAULT_POLICY, ordinal: 0, actionId: ACTION_ID, now: NOW });
  };
  const step = stepFor();
  const executeOn = (cluster: MemoryCluster) => createExecute({ cluster: () => cluster, actions, clock: { now: () => NOW } });
  const input = { step, actionId: ACTION_ID, mode: 'apply' as const };
  const writes = (cluster: MemoryCluster) => cluster.asked.map(({ change: c }) => (c.op === 'evict' ? c.ref.name : c.op === 'edit' ? `unschedulable ${c.edits.some((e) => e.after === true) ? 'on' : 'off'}` : c.op));
  const node = (cluster: MemoryCluster) => cluster.objects.find((o) => o.metadata.name === 'worker-1')!;

  /** The controller of this little world replaces an evicted pod elsewhere after a while. */
  function replacing(cluster: MemoryCluster, ms = 20): { mostMissing: () => number } {
    let missing = 0;
    let most = 0;
    cluster.onApply = (change) => {
      if (change.op !== 'evict' || !cluster.world().byUid(change.uid)) return;
      most = Math.max(most, ++missing);
      setTimeout(() => {
        missing -= 1;
        cluster.set([...cluster.objects, owned(`${change.ref.name}-new`, { node: 'worker-3' })]);
      }, ms);
    };
    return { mostMissing: () => most };
  }

  it('never has more than one pod missing, and leaves the node as it was', async () => {
    const cluster = memoryCluster(objects);
    const { mostMissing } = replacing(cluster);
    await expect(attempt(executeOn(cluster), input)).resolves.toEqual({ status: 'applied', detail: '3/3 Ready on other nodes' });
    expect(mostMissing()).toBe(1);
    expect(writes(cluster)).toEqual(['unschedulable on', 'api-1', 'api-2', 'unschedulable off']);
    expect(node(cluster).spec).toEqual({});
  });

  it('changes nothing when it is repeated, and does not close the node again', async () => {
    const cluster = memoryCluster(objects);
    replacing(cluster);
    await attempt(executeOn(cluster), input);
    cluster.asked.length = 0;
    await expect(attempt(executeOn(cluster), input)).resolves.toMatchObject({ status: 'already_applied' });
    expect(writes(cluster)).not.toContain('unschedulable on');
    expect(node(cluster).spec).toEqual({});
  });

  it.each([1, 2, 3, 4])('finishes the same work when the worker dies after write %i, without its heartbeat', async (n) => {
    const cluster = memoryCluster(objects);
    replacing(cluster);
    const replace = cluster.onApply!;
    let count = 0;
    cluster.onApply = async (change) => {
      if (++count === n + 1) throw new KubernautError('Internal', 'killed');
      await replace(change);
    };
    if (n < 4) await expect(attempt(executeOn(cluster), input)).rejects.toEqual(code('Internal'));
    else await attempt(executeOn(cluster), input);
    cluster.onApply = replace;
    await expect(attempt(executeOn(cluster), input, { attempt: 2 })).resolves.toMatchObject({ status: 'applied' });
    expect(cluster.objects.filter((o) => o.kind === 'Pod').map((o) => o.spec.nodeName).sort()).toEqual(['worker-2', 'worker-3', 'worker-3']);
    expect(node(cluster).spec).toEqual({});
  });

  it('asks a budget again, and says at the deadline what it waited for', async () => {
    const cluster = memoryCluster(objects);
    cluster.onApply = (change) => {
      if (change.op === 'evict') throw new KubernautError('PdbBlocked', 'x');
    };
    const late = attempt(executeOn(cluster), { ...input, step: { ...step, timeoutS: 6.2 } });
    await expect(late).rejects.toMatchObject({ code: 'ConvergeFailed', message: expect.stringContaining('while evicting shop/api-1') });
  }, 10_000);

  it('does not evict the next while the replacement is not Ready', async () => {
    const cluster = memoryCluster(objects);
    const late = attempt(executeOn(cluster), { ...input, step: { ...step, timeoutS: 6.2 } });
    await expect(late).rejects.toMatchObject({ code: 'ConvergeFailed', message: expect.stringContaining('before shop/api-2: 1/2 Ready on other nodes') });
    expect(writes(cluster)).toEqual(['unschedulable on', 'api-1']);
  }, 10_000);

  it('leaves the node closed when it fell ill meanwhile, or somebody made the cordon theirs', async () => {
    for (const spoil of [{ status: { conditions: [{ type: 'Ready', status: 'True' }, { type: 'DiskPressure', status: 'True' }] } }, { metadata: { ...nodeOf('worker-1').metadata, annotations: { [CORDONED_BY]: 'a person' } } }]) {
      const cluster = memoryCluster(objects);
      replacing(cluster);
      const replace = cluster.onApply!;
      cluster.onApply = async (change) => {
        await replace(change);
        if (change.op === 'evict' && change.ref.name === 'api-2') cluster.set(cluster.objects.map((o) => (o.metadata.name === 'worker-1' ? { ...o, ...spoil } : o)));
      };
      await expect(act(executeOn(cluster), input)).resolves.toMatchObject({ status: 'applied' });
      expect(node(cluster).spec.unschedulable).toBe(true);
    }
  });

  it.each<[string, KubeObject[], string]>([
    ['waits for pinned pods', three, 'waiting'],
    ['waits for replacements', [three[2]!], 'waiting'],
    ['does not count those that came back', [three[2]!, owned('api-4'), owned('api-5')], 'waiting'],
    ['is reached when all are Ready elsewhere', [three[2]!, owned('api-4', { node: 'worker-3' }), owned('api-5', { node: 'worker-3' })], 'reached'],
  ])('%s', (_what, pods, state) => {
    expect(migrateWorkload.verify(worldOf([deployment, set, ...pods]), step.parameters as never, step.target, step).state).toBe(state);
  });

  it('fails when the workload is gone', () => {
    expect(migrateWorkload.verify(worldOf([]), step.parameters as never, step.target, step).state).toBe('failed');
  });
});
