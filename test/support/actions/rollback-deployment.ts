import { AN_HOUR_AGO, deploymentOf, problemOf, replicaSetOf, YESTERDAY } from '../objects.js';
import type { KubeObject } from '../../../src/domain/kube.js';
import type { ActionCase, Refusal, Scene } from './action-case.js';
import { annotate, badNames, EVERYWHERE, itself, missing } from './spoil.js';
import { deploymentPath, deploymentRef, isAvailable, objectIn } from './stage.js';

const isFirst = (o: KubeObject, { ref }: Scene): boolean =>
  o.kind === 'ReplicaSet' && o.metadata.namespace === ref.namespace && o.metadata.annotations?.['deployment.kubernetes.io/revision'] === '1';

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
      refusals: [
        ...EVERYWHERE,
        ...badNames('name'),
        missing('name'),
        missing('namespace'),
        ...[0, -1, 1.5, '1', 'previous', 'latest', 'any'].map((revision): Refusal => ({ when: `the revision is ${JSON.stringify(revision)}`, code: 'InvalidParams', params: () => ({ revision }) })),
        { when: 'it is an Argo Rollout', code: 'InvalidParams', params: () => ({ kind: 'Rollout' }) },
        { when: 'the revision is the current one', code: 'InvalidParams', because: 'already', params: () => ({ revision: 2 }) },
        { when: 'the revision is a later one', code: 'InvalidParams', because: 'no earlier one', params: () => ({ revision: 3 }) },
        { when: 'the revision is not in the history', code: 'InvalidParams', because: 'has no revision 1', params: () => ({ revision: 1 }), spoil: (objects, scene) => void objects.filter((o) => isFirst(o, scene)).forEach((o) => annotate(o, 'deployment.kubernetes.io/revision', '0')) },
        { when: 'the history has no earlier revision', code: 'PreconditionChanged', because: 'no earlier revision', spoil: (objects, scene) => objects.filter((o) => !isFirst(o, scene)) },
        {
          when: 'the templates do not differ', code: 'InvalidParams', because: 'has the template', params: () => ({ revision: 1 }),
          spoil: (objects, scene) => void objects.filter((o) => isFirst(o, scene)).forEach((o) => (o.spec.template = structuredClone(objectIn(objects, scene.ref).spec.template))),
        },
        {
          when: 'no earlier revision is known to have worked', code: 'PreconditionChanged', because: 'known to have worked',
          spoil: (objects, scene) => {
            objectIn(objects, scene.ref).status.conditions = [{ type: 'Available', status: 'False', lastTransitionTime: '2020-01-01T00:00:00Z' }];
            objects.filter((o) => isFirst(o, scene)).forEach((o) => (o.status.availableReplicas = 0));
          },
        },
        { when: 'it is paused', code: 'PreconditionChanged', because: 'paused', spoil: itself((o) => void (o.spec.paused = true)) },
        { when: 'its owner keeps rollbacks manual', code: 'PreconditionChanged', because: 'manual', spoil: itself((o) => annotate(o, 'kubernaut.io/rollback', 'manual')) },
        { when: 'its template was not rolled out yet', code: 'PreconditionChanged', because: 'not rolled out yet', spoil: itself((o) => void (o.spec.template.spec.containers[0].image = 'other:1')) },
        {
          when: 'the earlier revision mounts a claim that is gone', code: 'PreconditionChanged', because: 'claim gone',
          spoil: (objects, scene) => void objects.filter((o) => isFirst(o, scene)).forEach((o) => (o.spec.template.spec.volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'gone' } }])),
        },
        { when: 'the alert began before the rollout', code: 'PreconditionChanged', because: 'began before', problems: [problemOf({ startedAt: '2020-01-01T00:00:00Z' })] },
        { when: 'the alert began long after the rollout', code: 'PreconditionChanged', because: 'long after', problems: [problemOf({ startedAt: '2099-01-01T00:00:00Z' })] },
      ],
    },
  ],
};
