import { deploymentOf, threeNodes } from '../objects.js';
import type { ActionCase, Refusal } from './action-case.js';
import { adding, badNames, budget, condition, each, EVERYWHERE, itself, missing, nodes, quota } from './spoil.js';
import { deploymentPath, deploymentRef, isAvailable } from './stage.js';

export const scaleDeployment: ActionCase = {
  fixture: { object: deploymentOf('api'), others: threeNodes(), params: { namespace: 'shop', name: 'api', replicas: 4 }, satisfied: { object: deploymentOf('api', { replicas: 4 }) } },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.deploy(ns);
        await stage.seen(isAvailable(ns, 2));
        return {
          ref: deploymentRef(ns),
          params: { namespace: ns, name: 'api', replicas: 3 },
          writes: ['update deployments/scale'],
          picture: (o) => o.spec,
          edit: () => stage.person(deploymentPath(ns), { spec: { replicas: 5 } }),
        };
      },
      refusals: [
        ...EVERYWHERE,
        ...badNames('name'),
        missing('name'),
        missing('namespace'),
        ...badNames('namespace'),
        { when: 'a ReplicaSet is named', code: 'NotGrounded', params: () => ({ name: 'api-5d4f7c9b8' }) },
        { when: 'another kind is given', code: 'InvalidParams', params: () => ({ kind: 'ReplicaSet' }) },
        ...[0, -1, 2.5, '3', '+1', '50%', '2x', 1e9, undefined].map((replicas): Refusal => ({ when: `the count is ${JSON.stringify(replicas) ?? 'missing'}`, code: 'InvalidParams', params: () => ({ replicas }) })),
        { when: 'it would more than double', code: 'InvalidParams', because: 'at most 4', params: () => ({ replicas: 5 }) },
        { when: 'it would be more than ten more', code: 'InvalidParams', because: 'at most 30', params: () => ({ replicas: 31 }), spoil: itself((o) => void (o.spec.replicas = 20)) },
        { when: 'it is over the cap of the policy', code: 'InvalidParams', because: 'cap of 2', policy: () => ({ actions: { scale_deployment: { maxReplicas: 2 } } }) },
        {
          when: 'an autoscaler owns the count', code: 'PreconditionChanged', because: 'use update_hpa',
          spoil: adding(({ ref }) => [{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { namespace: ref.namespace!, name: 'api', uid: 'h' }, spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' } } }]),
        },
        {
          when: 'KEDA owns the count', code: 'PreconditionChanged', because: 'ScaledObject api',
          spoil: adding(({ ref }) => [{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { namespace: ref.namespace!, name: 'api', uid: 'k' }, spec: { scaleTargetRef: { name: 'api' } } }]),
        },
        { when: 'no node is open', code: 'PreconditionChanged', because: 'room for 0', spoil: each(nodes, (n) => void (n.spec.unschedulable = true)) },
        { when: 'no node is Ready', code: 'PreconditionChanged', because: 'room for 0', spoil: each(nodes, (n) => condition(n, 'Ready', 'False')) },
        { when: 'no node tolerates it', code: 'PreconditionChanged', because: 'room for 0', spoil: each(nodes, (n) => void (n.spec.taints = [{ key: 'gpu', effect: 'NoSchedule' }])) },
        { when: 'its selector passes no node', code: 'PreconditionChanged', because: 'room for 0', spoil: itself((o) => void (o.spec.template.spec.nodeSelector = { rack: 'none' })) },
        { when: 'its pods ask for more than any node has', code: 'PreconditionChanged', because: 'room for 0', spoil: itself((o) => void (o.spec.template.spec.containers[0].resources = { requests: { memory: '4Ti' } })) },
        { when: 'the quota is full', code: 'QuotaExceeded', spoil: quota({ pods: '2' }, { pods: '2' }) },
        { when: 'fewer would break its budget', code: 'PreconditionChanged', because: 'needs 2 pods', params: () => ({ replicas: 1 }), spoil: adding(({ ref }) => [budget(ref.namespace!, 'api', 2)]) },
        { when: 'it is fewer than were ever needed', code: 'InvalidParams', because: 'minimum of 2', params: () => ({ replicas: 1 }), policy: () => ({ actions: { scale_deployment: { minReplicas: 2 } } }) },
        {
          when: 'it is paused in the middle of a rollout', code: 'PreconditionChanged', because: 'paused',
          spoil: itself((o) => {
            o.spec.paused = true;
            o.status.updatedReplicas = 1;
          }),
        },
      ],
    },
  ],
};
