import { conditionOf } from '../../../src/domain/kube.js';
import { deploymentOf, hpaOf, threeNodes } from '../objects.js';
import type { ActionCase } from './action-case.js';
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
      refusals: [],
    },
  ],
};
