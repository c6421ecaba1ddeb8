import { conditionOf } from '../../../src/domain/kube.js';
import { deploymentOf, hpaOf, threeNodes } from '../objects.js';
import type { ActionCase, Refusal } from './action-case.js';
import { badNames, condition, each, EVERYWHERE, itself, missing, nodes, quota } from './spoil.js';
import { isAvailable } from './stage.js';

export const updateHpa: ActionCase = {
  fixture: {
    object: hpaOf(), others: [deploymentOf('api', { replicas: 4 }), ...threeNodes()], params: { namespace: 'shop', name: 'api', maxReplicas: 8 },
    satisfied: { object: hpaOf('api', { max: 8 }) },
  },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.images(ns, `  - { image: "${ns}/api:1", load: { cpu: 2 } }\n`);
        await stage.deploy(ns, { replicas: 1, container: { resources: { requests: { cpu: '100m', memory: '32Mi' } } } });
        await stage.create({
          apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { namespace: ns, name: 'api' },
          spec: {
            minReplicas: 1, maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' },
            metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
          },
        });
        await stage.seen((w) => conditionOf(w.get('HorizontalPodAutoscaler', ns, 'api'), 'ScalingLimited')?.reason === 'TooManyReplicas' && isAvailable(ns, 2)(w));
        return {
          ref: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', namespace: ns, name: 'api' },
          params: { namespace: ns, name: 'api', maxReplicas: 3 },
          writes: ['patch horizontalpodautoscalers'],
          picture: (o) => o.spec,
          edit: () => stage.person(`/apis/autoscaling/v2/namespaces/${ns}/horizontalpodautoscalers/api`, { spec: { maxReplicas: 5 } }),
        };
      },
      refusals: [
        ...EVERYWHERE,
        ...badNames('name'),
        missing('name'),
        missing('namespace'),
        { when: 'neither bound is given', code: 'InvalidParams', because: 'neither', params: () => ({ maxReplicas: undefined }) },
        ...[0, -1, '3', 2.5, '150%'].map((n): Refusal => ({ when: `the minimum is ${JSON.stringify(n)}`, code: 'InvalidParams', params: () => ({ minReplicas: n }) })),
        ...[0, '3', 2.5, '+1'].map((n): Refusal => ({ when: `the maximum is ${JSON.stringify(n)}`, code: 'InvalidParams', params: () => ({ maxReplicas: n }) })),
        { when: 'the minimum is above the maximum', code: 'InvalidParams', because: 'above maximum', params: () => ({ minReplicas: 4 }) },
        { when: 'the maximum is over the cap', code: 'InvalidParams', because: 'cap of 2', policy: () => ({ actions: { update_hpa: { maxReplicas: 2 } } }) },
        {
          when: 'the minimum is over the cap', code: 'InvalidParams', because: 'minimum of 8', params: () => ({ minReplicas: 8, maxReplicas: undefined }),
          spoil: itself((o) => void (o.spec.maxReplicas = 9)), policy: () => ({ actions: { update_hpa: { maxReplicas: 6 } } }),
        },
        ...['metrics', 'behavior', 'scaleTargetRef'].map((key): Refusal => ({ when: `its ${key} would change`, code: 'InvalidParams', params: () => ({ [key]: [] }) })),
        { when: 'KEDA generates it, by label', code: 'PreconditionChanged', because: 'KEDA', spoil: itself((o) => void (o.metadata.labels = { 'scaledobject.keda.sh/name': 'api' })) },
        { when: 'KEDA generates it, by owner', code: 'PreconditionChanged', because: 'KEDA', spoil: itself((o) => void (o.metadata.ownerReferences = [{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'api', uid: 'k', controller: true }])) },
        { when: 'it is not held at its maximum', code: 'PreconditionChanged', because: 'not held', spoil: itself((o) => condition(o, 'ScalingLimited', 'False', 'DesiredWithinRange')) },
        { when: 'it is held at its minimum', code: 'PreconditionChanged', because: 'not held', spoil: itself((o) => condition(o, 'ScalingLimited', 'True', 'TooFewReplicas')) },
        { when: 'it cannot read its metrics', code: 'PreconditionChanged', because: 'cannot read its metrics', spoil: itself((o) => condition(o, 'ScalingActive', 'False', 'FailedGetResourceMetric')) },
        { when: 'nothing says whether it reads its metrics', code: 'PreconditionChanged', because: 'cannot read its metrics', spoil: itself((o) => void (o.status.conditions = [])) },
        { when: 'what it scales was not read', code: 'PreconditionChanged', because: 'was not read', spoil: (objects, { ref }) => objects.filter((o) => o.kind !== 'Deployment' || o.metadata.namespace !== ref.namespace) },
        { when: 'the nodes have no room for the maximum', code: 'PreconditionChanged', because: 'room for 0', spoil: each(nodes, (n) => void (n.spec.unschedulable = true)) },
        { when: 'the nodes have no room for the minimum', code: 'PreconditionChanged', because: 'room for 0', params: () => ({ minReplicas: 3 }), spoil: each(nodes, (n) => void (n.spec.unschedulable = true)) },
        { when: 'the quota has no room', code: 'QuotaExceeded', spoil: quota({ pods: '2' }, { pods: '2' }) },
      ],
    },
  ],
};
