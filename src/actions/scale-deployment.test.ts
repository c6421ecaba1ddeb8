import { describe, expect, it } from '@jest/globals';
import { deploymentOf, factsOf, hpaOf, nodeOf, pdbOf, quotaOf, threeNodes } from '../../test/support/objects.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { scaleDeployment } from './scale-deployment.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const plan = (replicas: number, object: KubeObject, others: KubeObject[] = threeNodes(), limits = {}) =>
  scaleDeployment.plan(object, { namespace: 'shop', name: 'api', replicas }, factsOf([object, ...others], { limits }));

describe('scale_deployment', () => {
  it('pins the count before and after', () => {
    expect(plan(4, deploymentOf())).toMatchObject({
      changes: [{ op: 'scale', uid: 'uid-deployment-api', before: 2, after: 4 }],
      summary: 'scale deployment shop/api 2 → 4',
      tier: 1,
    });
  });

  it('does nothing when the count is there already', () => {
    expect(plan(2, deploymentOf()).changes).toEqual([]);
  });

  it('asks a person before scaling down', () => {
    expect(plan(2, deploymentOf('api', { replicas: 4 })).tier).toBe(3);
  });

  it.each<[string, number, KubeObject, KubeObject[], object, string]>([
    ['an autoscaler owns the replicas', 3, deploymentOf(), [...threeNodes(), hpaOf()], {}, 'PreconditionChanged'],
    ['KEDA owns the replicas', 3, deploymentOf(), [...threeNodes(), { ...hpaOf(), kind: 'ScaledObject', spec: { scaleTargetRef: { name: 'api' } } }], {}, 'PreconditionChanged'],
    ['it is paused in the middle of a rollout', 3, deploymentOf('api', { spec: { paused: true }, status: { updatedReplicas: 1 } }), threeNodes(), {}, 'PreconditionChanged'],
    ['it is over the cap of the policy', 4, deploymentOf(), threeNodes(), { maxReplicas: 3 }, 'InvalidParams'],
    ['it is more than double', 5, deploymentOf(), threeNodes(), {}, 'InvalidParams'],
    ['it is more than ten at once', 31, deploymentOf('api', { replicas: 20 }), threeNodes(), {}, 'InvalidParams'],
    ['no node has room', 4, deploymentOf('api', { resources: { requests: { memory: '7Gi' } } }), [nodeOf('worker-1')], {}, 'PreconditionChanged'],
    ['only tainted nodes have room', 4, deploymentOf(), [nodeOf('worker-1', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } })], {}, 'PreconditionChanged'],
    ['the quota counts its pods out', 4, deploymentOf(), [...threeNodes(), quotaOf({ pods: '3' }, { pods: '2' })], {}, 'QuotaExceeded'],
    ['the quota has no memory left', 4, deploymentOf(), [...threeNodes(), quotaOf({ 'requests.memory': '300Mi' }, { 'requests.memory': '256Mi' })], {}, 'QuotaExceeded'],
    ['a budget needs more pods', 2, deploymentOf('api', { replicas: 4 }), [...threeNodes(), pdbOf('api', { minAvailable: 3 })], {}, 'PreconditionChanged'],
    ['a budget needs a higher share', 2, deploymentOf('api', { replicas: 4 }), [...threeNodes(), pdbOf('api', { minAvailable: '75%' })], {}, 'PreconditionChanged'],
    ['the policy knows a minimum', 2, deploymentOf('api', { replicas: 4 }), threeNodes(), { minReplicas: 3 }, 'InvalidParams'],
  ])('refuses when %s', (_why, replicas, object, others, limits, expected) => {
    expect(() => plan(replicas, object, others, limits)).toThrow(code(expected));
  });

  it.each([
    ['waits while pods are missing', { availableReplicas: 3, replicas: 4 }, 4, 'waiting'],
    ['waits while old pods are still there', { availableReplicas: 4, replicas: 5 }, 4, 'waiting'],
    ['waits while the controller has not looked', { availableReplicas: 4, replicas: 4, observedGeneration: 0 }, 4, 'waiting'],
    ['waits while the cache shows the old count', { availableReplicas: 4, replicas: 4 }, 2, 'waiting'],
    ['is reached when exactly so many are available', { availableReplicas: 4, replicas: 4 }, 4, 'reached'],
  ])('%s', (_what, status, inSpec, state) => {
    const world = worldOf([deploymentOf('api', { replicas: inSpec, status })]);
    const params = { namespace: 'shop', name: 'api', replicas: 4 };
    expect(scaleDeployment.verify(world, params, scaleDeployment.targetOf(params), { changes: [] }).state).toBe(state);
  });
});
