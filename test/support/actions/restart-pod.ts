import { podsOf, refOf } from '../../../src/domain/kube.js';
import { deploymentOf, NOW, podOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase } from './action-case.js';
import { deploymentPath, deploymentRef, isAvailable } from './stage.js';

const deployment = deploymentOf('api');
const set = replicaSetOf(deployment, 1, { available: 2 });
const pod = podOf('api-1', { owner: set, isReady: false, lastEnd: 'OOMKilled' });

export const restartPod: ActionCase = {
  fixture: {
    object: pod, others: [set, deployment, ...threeNodes()], params: { namespace: 'shop', pod: 'api-1' },
    satisfied: { object: { ...pod, metadata: { ...pod.metadata, deletionTimestamp: NOW } } },
  },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.deploy(ns);
        const owner = await stage.seen(isAvailable(ns, 2));
        const one = podsOf(stage.cluster.world(), owner)[0]!;
        return { ref: refOf(one), params: { namespace: ns, pod: one.metadata.name }, writes: ['create pods/eviction'], picture: (o) => o.metadata.uid };
      },
      refusals: [],
    },
    {
      name: 'rolling',
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.deploy(ns);
        await stage.seen(isAvailable(ns, 2));
        return {
          ref: deploymentRef(ns),
          params: { namespace: ns, workload: 'api', strategy: 'rolling_restart' },
          writes: ['patch deployments'],
          picture: (o) => o.spec,
          edit: () => stage.person(deploymentPath(ns), { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'a person' } } } } }),
        };
      },
      refusals: [],
    },
  ],
};
