import { describe, expect, it } from '@jest/globals';
import { deploymentOf, edited, factsOf, hpaOf, nodeOf, quotaOf, threeNodes } from '../../test/support/objects.js';
import { invert, type Change } from '../domain/change.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { updateHpa } from './update-hpa.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const workload = deploymentOf('api', { replicas: 4 });

function plan(bounds: object, hpa: KubeObject = hpaOf(), others: KubeObject[] = [workload, ...threeNodes()], limits = {}) {
  return updateHpa.plan(hpa, { namespace: 'shop', name: 'api', ...bounds }, factsOf([hpa, ...others], { limits }));
}

const editsOf = (change: Change | undefined) => (change?.op === 'edit' ? change.edits : []);

describe('update_hpa', () => {
  it('raises the maximum of an autoscaler that is held there, and takes it back exactly', () => {
    const hpa = hpaOf();
    const { changes, tier, summary } = plan({ maxReplicas: 8 }, hpa);
    const after = edited(hpa, editsOf(changes[0]));
    expect(after.spec).toEqual({ ...hpa.spec, maxReplicas: 8 });
    expect(edited(after, editsOf(invert(changes[0]!)))).toEqual(hpa);
    expect({ tier, summary }).toEqual({ tier: 1, summary: 'set hpa shop/api from 1–4 to 1–8 replicas' });
  });

  it('does nothing when the bounds are there already', () => {
    expect(plan({ minReplicas: 1, maxReplicas: 4 }).changes).toEqual([]);
  });

  it.each([
    ['a lower maximum', { maxReplicas: 3 }, hpaOf('api', { isHeld: false })],
    ['a lower minimum', { minReplicas: 1 }, hpaOf('api', { min: 2 })],
  ])('asks a person for %s', (_what, bounds, hpa) => {
    expect(plan(bounds, hpa).tier).toBe(3);
  });

  it.each<[string, object, KubeObject, KubeObject[] | undefined, object, string]>([
    ['neither bound is given', {}, hpaOf(), undefined, {}, 'InvalidParams'],
    ['the minimum is above the maximum', { minReplicas: 5 }, hpaOf(), undefined, {}, 'InvalidParams'],
    ['the maximum is over the cap', { maxReplicas: 8 }, hpaOf(), undefined, { maxReplicas: 6 }, 'InvalidParams'],
    ['the minimum is over the cap', { minReplicas: 8 }, hpaOf('api', { max: 9 }), undefined, { maxReplicas: 6 }, 'InvalidParams'],
    ['KEDA generates it', { maxReplicas: 8 }, hpaOf('api', { labels: { 'scaledobject.keda.sh/name': 'api' } }), undefined, {}, 'PreconditionChanged'],
    ['it is not held at its maximum', { maxReplicas: 8 }, hpaOf('api', { isHeld: false }), undefined, {}, 'PreconditionChanged'],
    ['its metrics are broken', { maxReplicas: 8 }, hpaOf('api', { status: { conditions: [{ type: 'ScalingActive', status: 'False', reason: 'FailedGetResourceMetric' }] } }), undefined, {}, 'PreconditionChanged'],
    ['its target was not read', { maxReplicas: 8 }, hpaOf(), threeNodes(), {}, 'PreconditionChanged'],
    ['the nodes have no room', { maxReplicas: 8 }, hpaOf(), [workload, nodeOf('worker-1', { allocatable: { cpu: '200m' } })], {}, 'PreconditionChanged'],
    ['the quota has no room', { maxReplicas: 8 }, hpaOf(), [workload, ...threeNodes(), quotaOf({ pods: '6' }, { pods: '4' })], {}, 'QuotaExceeded'],
  ])('refuses when %s', (_why, bounds, hpa, others, limits, expected) => {
    expect(() => plan(bounds, hpa, others, limits)).toThrow(code(expected));
  });

  it.each([
    ['waits while it is still held', hpaOf('api', { max: 8, current: 4 }), workload, 'waiting'],
    ['waits while the new pods are not Ready', hpaOf('api', { max: 8, current: 6 }), deploymentOf('api', { replicas: 6, status: { readyReplicas: 4 } }), 'waiting'],
    ['is reached when it used the room', hpaOf('api', { max: 8, current: 6 }), deploymentOf('api', { replicas: 6 }), 'reached'],
    ['is reached when it wants no more', hpaOf('api', { max: 8, current: 4, isHeld: false }), workload, 'reached'],
    ['waits while the cache shows the old maximum', hpaOf('api', { isHeld: false }), workload, 'waiting'],
  ])('%s', (_what, hpa, target, state) => {
    const planned = plan({ maxReplicas: 8 });
    const params = { namespace: 'shop', name: 'api', maxReplicas: 8 };
    expect(updateHpa.verify(worldOf([hpa, target]), params, updateHpa.targetOf(params), planned).state).toBe(state);
  });
});
