import { deploymentOf, threeNodes } from '../objects.js';
import type { ActionCase } from './action-case.js';
import { deploymentPath, deploymentRef, isAvailable, objectIn } from './stage.js';

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
        { when: 'it would go to zero', code: 'InvalidParams', params: () => ({ replicas: 0 }) },
        { when: 'the count is a text', code: 'InvalidParams', params: () => ({ replicas: '3' }) },
        { when: 'the step is too big', code: 'InvalidParams', params: () => ({ replicas: 40 }) },
        { when: 'it is over the cap of the policy', code: 'InvalidParams', policy: () => ({ actions: { scale_deployment: { maxReplicas: 2 } } }) },
        {
          when: 'an autoscaler owns the count', code: 'PreconditionChanged',
          spoil: (objects, { ref }) => [
            ...objects,
            { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { namespace: ref.namespace!, name: 'api', uid: 'h' }, spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' } } },
          ],
        },
        {
          when: 'no node has room', code: 'PreconditionChanged',
          spoil: (objects) => void objects.filter((o) => o.kind === 'Node').forEach((o) => (o.spec.unschedulable = true)),
        },
        { when: 'it is another object now', code: 'NotGrounded', spoil: (objects, { ref }) => void (objectIn(objects, ref).metadata.name = 'other') },
      ],
    },
  ],
};
