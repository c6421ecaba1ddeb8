import { deploymentOf, podOf, problemOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase } from './action-case.js';
import { deploymentPath, deploymentRef } from './stage.js';

const deployment = deploymentOf('api');
const set = replicaSetOf(deployment, 1, { available: 2 });

export const increaseResources: ActionCase = {
  fixture: {
    object: deployment,
    others: [set, podOf('api-1', { owner: set, isReady: false, lastEnd: 'OOMKilled' }), ...threeNodes()],
    params: { namespace: 'shop', name: 'api', kind: 'Deployment', container: 'api', memory: '512Mi' },
    problems: [problemOf()],
    satisfied: { object: deploymentOf('api', { resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } } }) },
  },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.images(ns, `  - { image: "${ns}/api:1", memory: 200Mi }\n`);
        await stage.deploy(ns, { replicas: 1, container: { resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '128Mi' } } } });
        await stage.seen((w) => w.list('Pod', ns).some((p) => p.status?.containerStatuses?.[0]?.lastState?.terminated?.reason === 'OOMKilled'));
        const resources = { limits: { memory: '140Mi' } };
        return {
          ref: deploymentRef(ns),
          params: { namespace: ns, name: 'api', kind: 'Deployment', container: 'api', memory: '256Mi' },
          writes: ['patch deployments'],
          picture: (o) => o.spec,
          edit: () => stage.person(deploymentPath(ns), { spec: { template: { spec: { containers: [{ name: 'api', resources }] } } } }, 'strategic'),
        };
      },
      refusals: [],
    },
  ],
};
