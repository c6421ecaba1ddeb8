import { describe, expect, it } from '@jest/globals';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { act, attempt } from '../../test/support/act.js';
import { memoryCluster, type MemoryCluster } from '../../test/support/memory-cluster.js';
import { ACTION_ID, deploymentOf, evidenceOf, NOW, podOf, problemOf, replicaSetOf, threeNodes } from '../../test/support/objects.js';
import { actions, type ActionId } from '../actions/index.js';
import { KubernautError } from '../domain/errors.js';
import { refOf, type KubeObject } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import { DEFAULT_POLICY } from '../domain/policy.js';
import { createExecute, type ExecuteDeps } from './execute.js';
import { createPlanStep } from './plan-step.js';

const deployment = deploymentOf();
const rejection = (code: string) => expect.objectContaining({ code });
const actionId = 'remediation/test/shop/Deployment/api/r-1/0';

function stepOf(action: ActionId, object: KubeObject, parameters: Record<string, unknown>, others: KubeObject[] = threeNodes()): Step {
  const evidence = evidenceOf([object, ...others], { problems: [problemOf()] });
  const target = { ...refOf(object), uid: object.metadata.uid };
  return createPlanStep({ actions })({ proposal: { action, target, parameters, confidence: 1, reason: 'x', source: 'rules', by: 'test' }, evidence, policy: DEFAULT_POLICY, ordinal: 0, actionId: ACTION_ID, now: NOW });
}

const scaleStep = (): Step => stepOf('scale_deployment', deployment, { namespace: 'shop', name: 'api', replicas: 4 });
const executeOn = (cluster: MemoryCluster, deps: Partial<ExecuteDeps> = {}) => createExecute({ cluster: () => cluster, actions, clock: { now: () => NOW }, ...deps });
const scaled = (available: number, replicas = 4): KubeObject => deploymentOf('api', { replicas, status: { availableReplicas: available, replicas } });

/** The controllers of this little world: pods follow a moment after the spec. */
const settleSoon = (cluster: MemoryCluster, object: KubeObject) => setTimeout(() => cluster.set([object]), 20);

describe('one activity per action', () => {
  it('is named by the id of each member', () => {
    expect(Object.keys(executeOn(memoryCluster([])))).toEqual([...actions.ids]);
  });

  it('writes, waits for the success condition and says what it saw', async () => {
    const cluster = memoryCluster([deployment]);
    settleSoon(cluster, scaled(4));
    await expect(attempt(executeOn(cluster), { step: scaleStep(), actionId, mode: 'apply' })).resolves.toEqual({ status: 'applied', detail: '4/4 available' });
    expect(cluster.asked).toMatchObject([{ change: { op: 'scale', after: 4 }, options: { actionId } }]);
  });

  it('calls a desired state that is there already a success', async () => {
    await expect(attempt(executeOn(memoryCluster([scaled(4)])), { step: scaleStep(), actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'already_applied' });
  });

  it('remembers over attempts that it was we who wrote', async () => {
    const cluster = memoryCluster([deployment]);
    const beats: unknown[] = [];
    const first = attempt(executeOn(cluster), { step: scaleStep(), actionId, mode: 'apply' }, { beats, onEnvironment: (e) => setTimeout(() => e.cancel('WORKER_SHUTDOWN'), 20) });
    await expect(first).rejects.toMatchObject({ name: 'CancelledFailure' });
    settleSoon(cluster, scaled(4));
    await expect(attempt(executeOn(cluster), { step: scaleStep(), actionId, mode: 'apply' }, { heartbeatDetails: beats.at(-1) })).resolves.toMatchObject({ status: 'applied' });
  });

  it('fails when the object does not get there in time, saying how far it came', async () => {
    const failing = attempt(executeOn(memoryCluster([deployment])), { step: { ...scaleStep(), timeoutS: 1 }, actionId, mode: 'apply' });
    await expect(failing).rejects.toMatchObject({ code: 'ConvergeFailed', message: expect.stringContaining('not done within 1 s: 2/4 available') });
  });

  it('looks twice before it believes in a failure: the cache may be behind', async () => {
    const cluster = memoryCluster([]);
    setTimeout(() => cluster.set([scaled(4)]), 50);
    const step = { ...scaleStep(), changes: [] };
    await expect(attempt(executeOn(cluster), { step, actionId, mode: 'apply' })).resolves.toMatchObject({ detail: '4/4 available' });
    cluster.set([]);
    await expect(attempt(executeOn(cluster), { step, actionId, mode: 'apply' })).rejects.toEqual(rejection('ConvergeFailed'));
  }, 10_000);

  it('ends at once when it is cancelled, and stays a cancellation', async () => {
    const cancel = (e: MockActivityEnvironment) => setTimeout(() => e.cancel('CANCELLED'), 20);
    await expect(attempt(executeOn(memoryCluster([deployment])), { step: scaleStep(), actionId, mode: 'apply' }, { onEnvironment: cancel })).rejects.toMatchObject({ name: 'CancelledFailure' });
  });

  it('heartbeats from the start', async () => {
    const beats: unknown[] = [];
    await attempt(executeOn(memoryCluster([scaled(4)])), { step: scaleStep(), actionId, mode: 'apply' }, { beats });
    expect(beats.length).toBeGreaterThan(0);
  });

  it.each(['ConflictTransient', 'K8sThrottled', 'OutcomeUnknown', 'PreconditionChanged', 'Forbidden'] as const)('leaves %s as it is, for Temporal to decide on', async (code) => {
    const cluster = memoryCluster([deployment]);
    cluster.onApply = () => {
      throw new KubernautError(code, 'x');
    };
    await expect(attempt(executeOn(cluster), { step: scaleStep(), actionId, mode: 'apply' })).rejects.toEqual(rejection(code));
  });

  it('asks a blocked budget again in five seconds, not in minutes', async () => {
    const set = replicaSetOf(deployment, 1);
    const pod = podOf('api-1', { owner: set, isReady: false });
    const cluster = memoryCluster([pod]);
    cluster.onApply = () => {
      throw new KubernautError('PdbBlocked', 'x');
    };
    const step = stepOf('restart_pod', pod, { namespace: 'shop', pod: 'api-1' }, [set, deployment, ...threeNodes()]);
    await expect(attempt(executeOn(cluster), { step, actionId, mode: 'apply' })).rejects.toMatchObject({ code: 'PdbBlocked', details: { retryAfterMs: 5000 } });
  });
});

describe('the kill switch and the resolve', () => {
  const paused: Partial<ExecuteDeps> = {
    assertNotPaused: () => {
      throw new KubernautError('Paused', 'x');
    },
  };

  it('stop the first write', async () => {
    const cluster = memoryCluster([deployment]);
    await expect(attempt(executeOn(cluster, paused), { step: scaleStep(), actionId, mode: 'apply' })).rejects.toEqual(rejection('Paused'));
    const resolved = { assertStillFiring: () => Promise.reject(new KubernautError('AlreadyRemediated', 'x')) };
    const input = { step: scaleStep(), actionId, mode: 'apply' as const, problems: [{ fingerprint: 'f', startedAt: NOW }] };
    await expect(attempt(executeOn(cluster, resolved), input)).rejects.toEqual(rejection('AlreadyRemediated'));
    expect(cluster.objects).toEqual([deployment]);
  });

  it('do not stop an undo, nor a step that has written already', async () => {
    const cluster = memoryCluster([scaled(4)]);
    await expect(attempt(executeOn(cluster, paused), { step: scaleStep(), actionId, mode: 'apply' }, { heartbeatDetails: { hasWritten: true } })).resolves.toMatchObject({ status: 'applied' });
    settleSoon(cluster, deployment);
    await expect(attempt(executeOn(cluster, paused), { step: scaleStep(), actionId, mode: 'undo' })).resolves.toMatchObject({ status: 'applied' });
  });
});

describe('undo', () => {
  it('of which a second attempt finds everything done was done by the first', async () => {
    const undone = attempt(executeOn(memoryCluster([deployment])), { step: scaleStep(), actionId, mode: 'undo' }, { attempt: 2 });
    await expect(undone).resolves.toMatchObject({ status: 'applied' });
  });

  it('writes the recorded inverse as an undo and waits until it settles', async () => {
    const cluster = memoryCluster([scaled(4)]);
    settleSoon(cluster, deployment);
    await expect(attempt(executeOn(cluster), { step: scaleStep(), actionId, mode: 'undo' })).resolves.toEqual({ status: 'applied', detail: 'the previous values are back' });
    expect(cluster.asked).toMatchObject([{ change: { op: 'scale', before: 4, after: 2 }, options: { isUndo: true } }]);
  });

  it('refuses when somebody changed the field since', async () => {
    await expect(attempt(executeOn(memoryCluster([scaled(5, 5)])), { step: scaleStep(), actionId, mode: 'undo' })).rejects.toEqual(rejection('Drifted'));
  });

  it('does not wait for health that was never there', async () => {
    const sick = deploymentOf('api', { status: { availableReplicas: 0 } });
    const cluster = memoryCluster([scaled(0)]);
    settleSoon(cluster, sick);
    await expect(attempt(executeOn(cluster, { settleMs: 100 }), { step: scaleStep(), actionId, mode: 'undo' })).resolves.toMatchObject({ detail: expect.stringContaining('the previous values are back, 0/2') });
  });

  it('says so when there is none', async () => {
    const step: Step = { ...scaleStep(), undo: { kind: 'none', why: 'the controller recreates' } };
    await expect(attempt(executeOn(memoryCluster([deployment])), { step, actionId, mode: 'undo' })).rejects.toEqual(rejection('InverseUnavailable'));
  });
});

describe('draining', () => {
  const set = replicaSetOf(deployment, 1, { available: 8 });
  const pods = Array.from({ length: 8 }, (_, i) => podOf(`api-${i}`, { owner: set }));
  const drainStep = (): Step => stepOf('drain_node', threeNodes()[0]!, { node: 'worker-1', deadline: '10m' }, [...threeNodes().slice(1), deployment, set, ...pods]);
  const nodes = (cluster: MemoryCluster) => cluster.objects.filter((o) => o.kind === 'Node');

  it('evicts at most five at once, and not again what an earlier attempt evicted', async () => {
    const cluster = memoryCluster([...threeNodes(), ...pods]);
    let now = 0;
    let most = 0;
    let failures = 0;
    cluster.onApply = async (change) => {
      if (change.op !== 'evict') return;
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 10));
      now -= 1;
      if (change.ref.name === 'api-7' && failures++ === 0) throw new KubernautError('K8sUnavailable', 'x');
    };
    await expect(act(executeOn(cluster), { step: drainStep(), actionId, mode: 'apply' }, 2)).resolves.toMatchObject({ status: 'applied' });
    expect(most).toBe(5);
    expect(cluster.objects.filter((o) => o.kind === 'Pod')).toEqual([]);
    const evicted = cluster.asked.flatMap(({ change }) => (change.op === 'evict' ? [change.ref.name] : []));
    expect(evicted.filter((name) => name !== 'api-7')).toHaveLength(new Set(evicted).size - 1);
    expect(nodes(cluster)[0]?.spec.unschedulable).toBe(true);
  });

  it('finishes what it began, whatever storm comes after its first write', async () => {
    const cluster = memoryCluster([...threeNodes(), ...pods]);
    let asked = 0;
    const assertStillNeeded = () => {
      if ((asked += 1) > 1) throw new KubernautError('PolicyDenied', 'storm mode');
    };
    await expect(attempt(executeOn(cluster, { assertStillNeeded }), { step: drainStep(), actionId, mode: 'apply' })).resolves.toMatchObject({ status: 'applied' });
    expect([asked, cluster.objects.filter((o) => o.kind === 'Pod')]).toEqual([1, []]);
  });

  it('waits for a budget until the deadline, then names what is left', async () => {
    const cluster = memoryCluster([...threeNodes(), ...pods]);
    cluster.onApply = (change) => {
      if (change.op === 'evict' && change.ref.name === 'api-3') throw new KubernautError('PdbBlocked', 'x');
    };
    const draining = attempt(executeOn(cluster), { step: { ...drainStep(), timeoutS: 6.2 }, actionId, mode: 'apply' });
    await expect(draining).rejects.toMatchObject({ code: 'ConvergeFailed', message: expect.stringContaining('1 pods left (shop/api-3)') });
  }, 10_000);

  it('stops at any other refusal and leaves the rest where it is', async () => {
    const cluster = memoryCluster([...threeNodes(), ...pods]);
    cluster.onApply = (change) => {
      if (change.op === 'evict') throw new KubernautError('Unsupported', 'two budgets');
    };
    await expect(attempt(executeOn(cluster), { step: drainStep(), actionId, mode: 'apply' })).rejects.toEqual(rejection('Unsupported'));
    expect(cluster.objects.filter((o) => o.kind === 'Pod')).toHaveLength(8);
  });
});

describe('reading actions', () => {
  const set = replicaSetOf(deployment, 1);
  const secret = deploymentOf('api', { pod: { containers: [{ name: 'api', image: 'api:1', env: [{ name: 'MODE', value: 'hunter2' }] }] } });
  const pod = podOf('api-1', { owner: set, lastEnd: 'Error' });

  it('collect what there is, without values of environment variables, and keep it', async () => {
    const kept: unknown[] = [];
    const cluster = memoryCluster([secret, set, pod, ...threeNodes()]);
    const step = stepOf('collect_diagnostics', secret, { namespace: 'shop', target: 'Deployment/api' }, [set, pod]);
    const keepArtifact = (artifact: unknown) => Promise.resolve(String(kept.push(artifact)));
    await expect(attempt(executeOn(cluster, { keepArtifact }), { step, actionId, mode: 'apply' })).resolves.toEqual({ status: 'applied', detail: '3 objects, 0 events, 2 logs, 1 parts missing (1)' });
    expect(JSON.stringify(kept)).not.toContain('hunter2');
    expect(kept[0]).toMatchObject({ nodes: [{ name: 'worker-1' }], logs: [{ pod: 'api-1', isPrevious: false }, { pod: 'api-1', isPrevious: true }] });
    expect(cluster.asked).toEqual([]);
  });

  it('list what could not be read instead of failing', async () => {
    const cluster = memoryCluster([secret, set, pod]);
    cluster.logs = () => Promise.reject(new KubernautError('Forbidden', 'x'));
    const kept: unknown[] = [];
    const step = stepOf('collect_diagnostics', secret, { namespace: 'shop', target: 'Deployment/api' }, [set, pod]);
    await attempt(executeOn(cluster, { keepArtifact: (a) => Promise.resolve(String(kept.push(a))) }), { step, actionId, mode: 'apply' });
    expect(kept[0]).toMatchObject({ logs: [], missing: expect.arrayContaining([{ what: 'previous log of api-1/api', why: 'Forbidden' }]) });
  });

  it('tell people without touching the cluster', async () => {
    const cluster = memoryCluster([deployment]);
    const step = stepOf('notify_only', deployment, { summary: 'Look at it.' });
    await expect(attempt(executeOn(cluster), { step, actionId, mode: 'apply' })).resolves.toEqual({ status: 'applied', detail: 'Look at it.' });
  });
});
