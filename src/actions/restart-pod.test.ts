import { describe, expect, it } from '@jest/globals';
import { daemonSetOf, deploymentOf, edited, factsOf, LAST_YEAR, nodeOf, NOW, pdbOf, podOf, replicaSetOf, statefulSetOf, threeNodes } from '../../test/support/objects.js';
import type { Change } from '../domain/change.js';
import type { PastAction } from '../domain/evidence.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { restartPod } from './restart-pod.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const deployment = deploymentOf();
const set = replicaSetOf(deployment, 1, { available: 2 });
const owned = (name: string, o: Parameters<typeof podOf>[1] = {}) => podOf(name, { owner: set, ...o });

function plan(pod: KubeObject, others: KubeObject[] = [owned('api-2')], more: Parameters<typeof factsOf>[1] = {}) {
  const facts = factsOf([pod, deployment, set, ...others, ...threeNodes()], more);
  return restartPod.plan(pod, { namespace: 'shop', pod: pod.metadata.name }, facts);
}

const restarted = (name: string, at: string): PastAction => ({
  remediationId: 'r', action: 'restart_pod', target: { cluster: 'test', apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name }, at, wasUndone: false, wrote: [],
});

describe('restart_pod, one pod', () => {
  it('evicts exactly this pod, by uid', () => {
    expect(plan(owned('api-1', { isReady: false }))).toMatchObject({
      changes: [{ op: 'evict', ref: { kind: 'Pod', namespace: 'shop', name: 'api-1' }, uid: 'uid-pod-api-1' }],
      parameters: { controllerUid: 'uid-replicaset-api-hash1', othersReady: 1 },
      tier: 2,
    });
  });

  it('does nothing when the pod is on its way out', () => {
    const pod = owned('api-1', { isReady: false });
    pod.metadata.deletionTimestamp = NOW;
    expect(plan(pod).changes).toEqual([]);
  });

  it('asks a person before stopping the only Ready pod', () => {
    expect(plan(owned('api-1'), [owned('api-2', { isReady: false })]).tier).toBe(3);
  });

  it('deletes instead only where policy says so, the pod serves nobody, and a budget blocks it', () => {
    const blocked = [owned('api-2'), pdbOf('api', { minAvailable: 2, allowed: 0 })];
    const limits = { deleteWhenBlocked: true };
    expect(plan(owned('api-1', { isReady: false }), blocked, { limits })).toMatchObject({ changes: [{ op: 'delete' }], tier: 3 });
    expect(plan(owned('api-1', { isReady: false }), blocked).changes[0]?.op).toBe('evict');
    expect(plan(owned('api-1'), blocked, { limits }).changes[0]?.op).toBe('evict');
  });

  it.each<[string, KubeObject, KubeObject[], Parameters<typeof factsOf>[1], string]>([
    ['nothing would replace it', podOf('api-1'), [], {}, 'PreconditionChanged'],
    ['its kubelet runs it from a file', owned('api-1', { annotations: { 'kubernetes.io/config.mirror': 'x' } }), [], {}, 'PreconditionChanged'],
    ['it has finished', owned('api-1', { phase: 'Succeeded' }), [], {}, 'PreconditionChanged'],
    ['its node is not Ready', owned('api-1', { node: 'dead' }), [nodeOf('dead', { isReady: false })], {}, 'PreconditionChanged'],
    ['its node is unknown', owned('api-1', { node: 'gone' }), [], {}, 'PreconditionChanged'],
    ['it is an agent of a protected namespace', podOf('agent-1', { namespace: 'kube-system', owner: daemonSetOf('agent', { namespace: 'kube-system' }) }), [], {}, 'PolicyDenied'],
    ['its workload was restarted twice within the hour', owned('api-1'), [owned('api-2')], { history: [restarted('api-2', NOW), restarted('api-2', NOW)] }, 'PolicyDenied'],
  ])('refuses when %s', (_why, pod, others, more, expected) => {
    expect(() => plan(pod, others, more)).toThrow(code(expected));
  });

  it('does not count restarts of last year', () => {
    expect(plan(owned('api-1'), [owned('api-2')], { history: [restarted('api-2', LAST_YEAR), restarted('api-2', LAST_YEAR)] }).changes).toHaveLength(1);
  });

  it('refuses a pod of a job without retries left', () => {
    const job: KubeObject = { ...deploymentOf('import'), apiVersion: 'batch/v1', kind: 'Job', spec: { backoffLimit: 2 }, status: { failed: 2 } };
    expect(() => plan(podOf('import-1', { owner: job }), [job])).toThrow(code('PreconditionChanged'));
  });

  it.each([
    ['waits while the pod is there', [owned('api-1'), owned('api-2')], 'waiting'],
    ['waits while the new one is not Ready', [owned('api-3', { isReady: false }), owned('api-2')], 'waiting'],
    ['is reached with one Ready pod more than the others had', [owned('api-3'), owned('api-2')], 'reached'],
  ])('%s', (_what, pods, state) => {
    const planned = plan(owned('api-1', { isReady: false }));
    const target = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'api-1', uid: 'uid-pod-api-1' };
    expect(restartPod.verify(worldOf([set, deployment, ...pods]), planned.parameters as never, target, planned).state).toBe(state);
  });
});

describe('restart_pod, rolling', () => {
  const params = { namespace: 'shop', workload: 'api', strategy: 'rolling_restart' as const };
  const editsOf = (change: Change | undefined) => (change?.op === 'edit' ? change.edits : []);

  it('writes the time of the plan where kubectl would, so that a repeat changes nothing', () => {
    const planned = restartPod.plan(deployment, params, factsOf([deployment, set]));
    const after = edited(deployment, editsOf(planned.changes[0]));
    expect(after.spec.template.metadata.annotations).toEqual({ 'kubectl.kubernetes.io/restartedAt': '2026-03-01T12:00:00Z' });
    const again = restartPod.plan(after, params, factsOf([after, replicaSetOf(after, 2)]));
    expect(again.changes).toEqual([]);
  });

  it('keeps the other annotations of the template', () => {
    const object = structuredClone(deployment);
    object.spec.template.metadata.annotations = { team: 'shop' };
    const { changes } = restartPod.plan(object, params, factsOf([object, replicaSetOf(object, 1)]));
    expect(edited(object, editsOf(changes[0])).spec.template.metadata.annotations).toMatchObject({ team: 'shop', 'kubectl.kubernetes.io/restartedAt': expect.any(String) });
  });

  it('restarts a StatefulSet named by kind', () => {
    const object = statefulSetOf();
    expect(restartPod.plan(object, { namespace: 'shop', workload: 'db', kind: 'StatefulSet', strategy: 'rolling_restart' }, factsOf([object])).changes).toHaveLength(1);
  });

  it.each<[string, KubeObject, object]>([
    ['it is paused', deploymentOf('api', { spec: { paused: true } }), params],
    ['it replaces all pods at once', deploymentOf('api', { spec: { strategy: { type: 'Recreate' } } }), params],
    ['it waits for a hand to delete pods', statefulSetOf('api', { spec: { updateStrategy: { type: 'OnDelete' } } }), { ...params, kind: 'StatefulSet' }],
  ])('refuses when %s', (_why, object, given) => {
    expect(() => restartPod.plan(object, given as never, factsOf([object, replicaSetOf(object, 1)]))).toThrow(code('PreconditionChanged'));
  });

  it.each([
    ['a pod and a workload', { namespace: 'shop', pod: 'api-1', workload: 'api' }],
    ['a workload without a strategy', { namespace: 'shop', workload: 'api' }],
    ['a strategy for one pod', { namespace: 'shop', pod: 'api-1', strategy: 'rolling_restart' as const }],
    ['nothing', { namespace: 'shop' }],
  ])('refuses %s', (_what, given) => {
    expect(() => restartPod.plan(deployment, given, factsOf([deployment, set]))).toThrow(code('InvalidParams'));
  });
});
