import { describe, expect, it } from '@jest/globals';
import { deployment, node, object, pod, statefulSet } from '../../test/support/kube-objects.js';
import { healthOf } from './health.js';
import { worldOf, type KubeObject } from './kube.js';

const health = (o: KubeObject, others: KubeObject[] = []) => healthOf(worldOf([o, ...others]), o);
const status = (kind: string, s: object, spec: object = {}) => object('v1', kind, 'x', { spec, status: s });

describe('healthy', () => {
  const { deployment: d, sets } = deployment('api', [{ available: 2 }], { completed: true });

  it.each<[string, KubeObject, KubeObject[]]>([
    ['a deployment that is all there', d, [...sets, pod(sets[0]!, { ready: true })]],
    ['a deployment at zero, as its spec says', deployment('z', [{}], { replicas: 0, completed: true }).deployment, []],
    ['a pod that finished', status('Pod', { phase: 'Succeeded' }), []],
    ['a node', node('a'), []],
    ['a bound claim', status('PersistentVolumeClaim', { phase: 'Bound' }), []],
    ['a job that runs', status('Job', { active: 1 }), []],
    ['a kind that has no health', status('ConfigMap', {}), []],
  ])('%s', (_name, o, others) => expect(health(o, others)).toMatchObject({ isHealthy: true, reasons: [] }));

  it('counts', () => expect(health(d, sets)).toMatchObject({ ready: 2, desired: 2 }));
});

describe('not healthy, and why', () => {
  const { deployment: d, sets } = deployment('api', [{ available: 2 }], { completed: true });

  it.each<[string, KubeObject, KubeObject[], string]>([
    ['a deployment with a crashing pod', d, [...sets, pod(sets[0]!, { waiting: { reason: 'CrashLoopBackOff' } })], 'CrashLoopBackOff'],
    ['a deployment in the middle', deployment('api', [{ available: 1 }, {}]).deployment, [], '1/2 available'],
    ['a deployment past its deadline', deployment('api', [{ available: 2 }], { exceeded: true }).deployment, [], 'exceeded its deadline'],
    ['a stateful set', statefulSet('db'), [], '0/2 Ready'],
    ['a daemon set', status('DaemonSet', { desiredNumberScheduled: 3, numberReady: 2, updatedNumberScheduled: 3 }), [], '2/3 Ready'],
    ['a failed job', status('Job', { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] }), [], 'BackoffLimitExceeded'],
    ['a dead node', node('a', { ready: false }), [], 'not Ready'],
    ['a cordoned node', node('a', { spec: { unschedulable: true } }), [], 'cordoned'],
    ['a node under pressure', node('a', { pressure: 'DiskPressure' }), [], 'DiskPressure'],
    ['an autoscaler at its maximum', status('HorizontalPodAutoscaler', { conditions: [{ type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' }] }), [], 'held at its maximum'],
    ['a pending claim', status('PersistentVolumeClaim', { phase: 'Pending' }), [], 'Pending'],
    ['a budget below its need', status('PodDisruptionBudget', { currentHealthy: 1, desiredHealthy: 2 }), [], '1/2 healthy'],
  ])('%s', (_name, o, others, reason) => {
    const found = health(o, others);
    expect(found.isHealthy).toBe(false);
    expect(found.reasons.join()).toContain(reason);
  });
});
