import { AN_HOUR_AGO, deploymentOf, problemOf, replicaSetOf, YESTERDAY } from '../objects.js';
import type { ActionCase } from './action-case.js';
import { deploymentPath, deploymentRef, isAvailable } from './stage.js';

const broken = deploymentOf('api', { image: 'api:2', annotations: { 'deployment.kubernetes.io/revision': '2' } });
const imagePatch = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'api', image }] } } } });

export const rollbackDeployment: ActionCase = {
  fixture: {
    object: broken,
    others: [replicaSetOf(broken, 2, { createdAt: AN_HOUR_AGO }), replicaSetOf(broken, 1, { image: 'api:1', createdAt: YESTERDAY, available: 1 })],
    params: { namespace: 'shop', name: 'api', revision: 1 },
    problems: [problemOf()],
    satisfied: 'a rollback to the revision it is at is refused; a repeat is caught by the pinned template',
  },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.images(ns, `  - { image: "${ns}/api:2", exit: { code: 1, log: "panic" } }\n`);
        await stage.deploy(ns);
        await stage.seen(isAvailable(ns, 2));
        await stage.person(deploymentPath(ns), imagePatch(`${ns}/api:2`), 'strategic');
        await stage.seen((w) => w.list('Pod', ns).some((p) => (p.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0));
        return {
          ref: deploymentRef(ns),
          params: { namespace: ns, name: 'api' },
          problems: [problemOf({ startedAt: new Date().toISOString() })],
          writes: ['patch deployments'],
          picture: (o) => o.spec,
          edit: () => stage.person(deploymentPath(ns), imagePatch(`${ns}/api:3`), 'strategic'),
        };
      },
      refusals: [],
    },
  ],
};
