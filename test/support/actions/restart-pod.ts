import { podsOf, refOf } from '../../../src/domain/kube.js';
import { deploymentOf, NOW, podOf, replicaSetOf, threeNodes } from '../objects.js';
import type { PastAction } from '../../../src/domain/evidence.js';
import type { ActionCase, Refusal } from './action-case.js';
import { annotate, badNames, condition, each, EVERYWHERE, itself, missing, nodes } from './spoil.js';
import { deploymentPath, deploymentRef, isAvailable, objectIn } from './stage.js';

/** A moment ago, of the workload: its pods have other names each time. */
const restarted: PastAction = {
  remediationId: 'r', action: 'restart_pod', target: { cluster: 'test', apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' }, at: new Date().toISOString(), wasUndone: false, wrote: [],
};

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
      refusals: [
        ...EVERYWHERE,
        ...badNames('pod'),
        missing('pod', 'NotGrounded'),
        { when: 'a workload is named beside the pod', code: 'InvalidParams', params: () => ({ workload: 'api', strategy: 'rolling_restart' }) },
        { when: 'nothing would replace it', code: 'PreconditionChanged', because: 'no controller', spoil: itself((o) => void (o.metadata.ownerReferences = [])) },
        { when: 'its kubelet runs it from a file', code: 'PreconditionChanged', because: 'from a file', spoil: itself((o) => annotate(o, 'kubernetes.io/config.mirror', 'x')) },
        { when: 'its node is its controller', code: 'PreconditionChanged', because: 'from a file', spoil: itself((o) => void (o.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: o.spec.nodeName, uid: 'n', controller: true }])) },
        { when: 'it has succeeded', code: 'PreconditionChanged', because: 'has finished', spoil: itself((o) => void (o.status.phase = 'Succeeded')) },
        { when: 'it has failed', code: 'PreconditionChanged', because: 'has finished', spoil: itself((o) => void (o.status.phase = 'Failed')) },
        { when: 'its node is not Ready', code: 'PreconditionChanged', because: 'fence the node', spoil: each(nodes, (n) => condition(n, 'Ready', 'Unknown')) },
        { when: 'its node is unknown', code: 'PreconditionChanged', because: 'fence the node', spoil: (objects) => objects.filter((o) => o.kind !== 'Node') },
        {
          when: 'its job has no retries left', code: 'PreconditionChanged', because: 'used up its retries',
          spoil: (objects, scene) => {
            objectIn(objects, scene.ref).metadata.ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'import', uid: 'j', controller: true }];
            return [...objects, { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: scene.ref.namespace!, name: 'import', uid: 'j' }, spec: { backoffLimit: 2 }, status: { failed: 2 } }];
          },
        },
        { when: 'its workload was restarted twice within the hour', code: 'PolicyDenied', because: 'restarted 2 times', history: [restarted, restarted] },
      ],
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
      refusals: [
        ...EVERYWHERE,
        ...badNames('workload'),
        missing('workload', 'NotGrounded'),
        { when: 'no strategy is given', code: 'InvalidParams', params: () => ({ strategy: undefined }) },
        { when: 'the strategy is another one', code: 'InvalidParams', params: () => ({ strategy: 'delete' }) },
        { when: 'a pod is named beside the workload', code: 'NotGrounded', params: () => ({ pod: 'api-1' }) },
        ...['DaemonSet', 'ReplicaSet', 'Job'].map((kind): Refusal => ({ when: `it is a ${kind}`, code: 'InvalidParams', params: () => ({ kind }) })),
        { when: 'it is paused', code: 'PreconditionChanged', because: 'paused', spoil: itself((o) => void (o.spec.paused = true)) },
        { when: 'it replaces all pods at once', code: 'PreconditionChanged', because: 'RollingUpdate', spoil: itself((o) => void (o.spec.strategy = { type: 'Recreate' })) },
        { when: "it carries somebody's unreleased change", code: 'PreconditionChanged', because: 'not rolled out yet', spoil: itself((o) => void (o.spec.template.spec.containers[0].image = 'other:1')) },
      ],
    },
  ],
};
