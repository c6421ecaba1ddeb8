import { CORDONED_BY } from '../../../src/actions/node.js';
import type { KubeObject, ObjectRef } from '../../../src/domain/kube.js';
import { deploymentOf, nodeOf, podOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase, LiveCase } from './action-case.js';
import { isAvailable } from './stage.js';

const closed = nodeOf('worker-1', { isCordoned: true, annotations: { [CORDONED_BY]: 'remediation/test/-/Node/worker-1' } });
const [, two, three] = threeNodes() as [KubeObject, KubeObject, KubeObject];
const nodeRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Node', name });
const picture = (o: KubeObject) => [o.spec.unschedulable, o.metadata.annotations?.[CORDONED_BY]];
const opened = { spec: { unschedulable: null }, metadata: { annotations: { [CORDONED_BY]: null } } };
const theirs = { metadata: { annotations: { [CORDONED_BY]: 'a person' } } };

const cordon: LiveCase = {
  prepare: (stage) => {
    const path = '/api/v1/nodes/sandbox-1';
    return Promise.resolve({
      ref: nodeRef('sandbox-1'), params: { node: 'sandbox-1' }, writes: ['patch nodes'], picture,
      edit: () => stage.person(path, { spec: { unschedulable: true }, ...theirs }),
      clean: () => stage.person(path, opened),
    });
  },
  refusals: [],
};

const uncordon: LiveCase = {
  async prepare(stage) {
    const path = '/api/v1/nodes/sandbox-2';
    await stage.person(path, { spec: { unschedulable: true }, metadata: { annotations: { [CORDONED_BY]: 'remediation/test/-/Node/sandbox-2' } } });
    await stage.seen((w) => (w.get('Node', undefined, 'sandbox-2')?.spec?.taints?.length ?? 0) > 0);
    return {
      ref: nodeRef('sandbox-2'), params: { node: 'sandbox-2' }, writes: ['patch nodes'], picture,
      policy: { actions: { uncordon_node: { readyFor: '1s' } } },
      edit: () => stage.person(path, theirs),
      clean: () => stage.person(path, opened),
    };
  },
  refusals: [],
};

const drain: LiveCase = {
  async prepare(stage) {
    const node = 'sandbox-3';
    await stage.seen((w) => w.list('Pod').every((p) => p.spec?.nodeName !== node || p.metadata.deletionTimestamp === undefined));
    const ns = await stage.namespace();
    await stage.deploy(ns, { replicas: 6 });
    await stage.seen((w) => isAvailable(ns, 6)(w) && w.list('Pod', ns).some((p) => p.spec?.nodeName === node));
    await stage.budget(ns, 5);
    const onNode = stage.cluster.world().list('Pod').filter((p) => p.spec?.nodeName === node).length;
    return {
      ref: nodeRef(node), params: { node, deadline: '2m' }, picture,
      writes: ['patch nodes', ...Array.from({ length: onNode }, () => 'create pods/eviction')],
      edit: () => stage.person(`/api/v1/nodes/${node}`, { spec: { unschedulable: true }, ...theirs }),
      clean: async () => {
        await stage.person(`/api/v1/nodes/${node}`, opened);
        await stage.forget(ns);
      },
    };
  },
  refusals: [],
};

export const cordonNode: ActionCase = { fixture: { object: nodeOf('worker-1'), others: [two, three], params: { node: 'worker-1' }, satisfied: { object: closed } }, live: [cordon] };

export const uncordonNode: ActionCase = { fixture: { object: closed, others: [two, three], params: { node: 'worker-1' }, satisfied: { object: nodeOf('worker-1') } }, live: [uncordon] };

const deployment = deploymentOf('api');
const set = replicaSetOf(deployment, 1, { available: 2 });

export const drainNode: ActionCase = {
  fixture: {
    object: nodeOf('worker-1'),
    others: [two, three, deployment, set, podOf('api-1', { owner: set }), podOf('api-2', { owner: set, node: 'worker-2' })],
    params: { node: 'worker-1', deadline: '10m' },
    satisfied: { object: closed, others: [two, three] },
  },
  live: [drain],
};
