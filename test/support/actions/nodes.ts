import { CORDONED_BY } from '../../../src/actions/node.js';
import type { KubeObject, ObjectRef, World } from '../../../src/domain/kube.js';
import { deploymentOf, nodeOf, podOf, problemOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase, LiveCase, Refusal } from './action-case.js';
import { adding, annotate, badNames, budget, condition, each, EVERYWHERE, itself, missing, nodes, otherNodes, podsOnIt } from './spoil.js';
import { isAvailable } from './stage.js';

const closed = nodeOf('worker-1', { isCordoned: true, annotations: { [CORDONED_BY]: 'remediation/test/-/Node/worker-1' } });
const [, two, three] = threeNodes() as [KubeObject, KubeObject, KubeObject];
const nodeRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Node', name });
const picture = (o: KubeObject) => [o.spec.unschedulable, o.metadata.annotations?.[CORDONED_BY]];
const opened = { spec: { unschedulable: null }, metadata: { annotations: { [CORDONED_BY]: null } } };
const theirs = { metadata: { annotations: { [CORDONED_BY]: 'a person' } } };

const severalNodes: Refusal[] = [...EVERYWHERE, ...badNames('node'), missing('node')];

/** Another node of the pool, made from one that is there. */
const another = (name: string, change: (o: KubeObject) => void = () => undefined) => (objects: KubeObject[]): KubeObject => {
  const copy = structuredClone(nodes(objects)[0]!);
  Object.assign(copy.metadata, { name, uid: `n-${name}` });
  change(copy);
  return copy;
};
/** So many that the size of the pool is no reason. */
const spares = (objects: KubeObject[]): KubeObject[] => ['spare-1', 'spare-2', 'spare-3', 'spare-4', 'spare-5'].map((name) => another(name)(objects));
const close = (o: KubeObject): void => void (o.spec.unschedulable = true);

const poolRefusals: Refusal[] = [
  { when: 'only one open node would stay', code: 'PreconditionChanged', because: 'would stay schedulable', spoil: (objects, scene) => close(otherNodes(objects, scene)[0]!) },
  { when: 'it is the last open node', code: 'PreconditionChanged', because: 'would stay schedulable', spoil: each(otherNodes, close) },
  { when: 'the others are not Ready', code: 'PreconditionChanged', because: 'would stay schedulable', spoil: each(otherNodes, (n) => condition(n, 'Ready', 'False')) },
  { when: 'the others belong to another pool', code: 'PreconditionChanged', because: 'would stay schedulable', spoil: each(otherNodes, (n) => void (n.metadata.labels = { 'karpenter.sh/nodepool': 'gpu' })) },
  {
    when: 'less than 51 % of the pool would stay', code: 'PreconditionChanged', because: '2 of 6',
    spoil: adding((_scene, objects) => ['down-1', 'down-2', 'down-3'].map((name) => another(name, (n) => condition(n, 'Ready', 'False'))(objects))),
  },
];

const LEAVING = ['ToBeDeletedByClusterAutoscaler', 'DeletionCandidateOfClusterAutoscaler', 'karpenter.sh/disrupted', 'node.kubernetes.io/out-of-service'];
const leaving = (o: KubeObject, key: string): void => void (o.spec.taints = [...(o.spec.taints ?? []), { key, effect: 'NoSchedule' }]);

const cordon: LiveCase = {
  prepare: (stage) => {
    const path = '/api/v1/nodes/sandbox-1';
    return Promise.resolve({
      ref: nodeRef('sandbox-1'), params: { node: 'sandbox-1' }, writes: ['patch nodes'], picture,
      edit: () => stage.person(path, { spec: { unschedulable: true }, ...theirs }),
      clean: () => stage.person(path, opened),
    });
  },
  refusals: [...severalNodes, ...poolRefusals],
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
  refusals: [
    ...severalNodes,
    { when: "it is a person's cordon", code: 'PreconditionChanged', because: 'somebody else', spoil: itself((o) => void (o.metadata.annotations = {})) },
    { when: 'it is not Ready', code: 'PreconditionChanged', because: 'not Ready', spoil: itself((o) => condition(o, 'Ready', 'False')) },
    { when: 'it became Ready a moment ago', code: 'PreconditionChanged', because: 'has not been Ready for 5m', spoil: itself((o) => condition(o, 'Ready', 'True')), policy: () => ({ actions: {} }) },
    ...['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable'].map((type): Refusal => ({ when: `it has ${type}`, code: 'PreconditionChanged', because: type, spoil: itself((o) => condition(o, type, 'True')) })),
    ...LEAVING.map((key): Refusal => ({ when: `it carries the taint ${key}`, code: 'PreconditionChanged', because: 'about to be removed', spoil: itself((o) => leaving(o, key)) })),
    { when: 'it is being deleted', code: 'PreconditionChanged', because: 'about to be removed', spoil: itself((o) => void (o.metadata.deletionTimestamp = new Date().toISOString())) },
    { when: 'it is being rebooted', code: 'PreconditionChanged', because: 'upgraded', spoil: itself((o) => annotate(o, 'kured.dev/kured-reboot-in-progress', 'now')) },
    { when: 'it is being upgraded', code: 'PreconditionChanged', because: 'upgraded', spoil: itself((o) => annotate(o, 'machineconfiguration.openshift.io/state', 'Working')) },
    { when: 'the cause is not gone', code: 'PreconditionChanged', because: 'still firing', problems: [problemOf({ alert: 'KubeNodeReadinessFlapping', labels: { node: 'sandbox-2' } })] },
  ],
};

const isLeaving = (w: World, pod: KubeObject): boolean =>
  pod.metadata.deletionTimestamp !== undefined || w.get('Namespace', undefined, pod.metadata.namespace ?? '')?.metadata.deletionTimestamp !== undefined;

const drain: LiveCase = {
  async prepare(stage) {
    const node = 'sandbox-3';
    // those of the scenes before are on their way out
    await stage.seen((w) => w.list('Pod').every((p) => p.spec?.nodeName !== node || !isLeaving(w, p)));
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
  refusals: [
    ...severalNodes,
    ...['0s', '0', '-5m', '3h', '121m', '1.5h', 'soon', 600, undefined].map((deadline): Refusal => ({ when: `the deadline is ${JSON.stringify(deadline) ?? 'missing'}`, code: 'InvalidParams', params: () => ({ deadline }) })),
    ...['disableEviction', 'gracePeriod', 'deleteEmptyDirData', 'parallel', 'nodes'].map((key): Refusal => ({ when: `${key} is given`, code: 'InvalidParams', params: () => ({ [key]: true }) })),
    ...poolRefusals,
    { when: 'it is not Ready', code: 'PreconditionChanged', because: 'fence it', spoil: itself((o) => condition(o, 'Ready', 'Unknown')) },
    { when: 'it runs the control plane', code: 'PreconditionChanged', because: 'control plane', spoil: itself((o) => void (o.metadata.labels = { 'node-role.kubernetes.io/control-plane': '' })) },
    ...LEAVING.map((key): Refusal => ({ when: `it carries the taint ${key}`, code: 'PreconditionChanged', because: 'being removed', spoil: itself((o) => leaving(o, key)) })),
    {
      when: 'we have another node of the pool out', code: 'PreconditionChanged', because: 'already out',
      spoil: adding((_scene, objects) => [...spares(objects), another('ours', (n) => (close(n), annotate(n, CORDONED_BY, 'remediation/test/-/Node/ours')))(objects)]),
    },
    {
      when: 'a person is draining another node of the pool', code: 'PreconditionChanged', because: 'already out',
      spoil: adding((_scene, objects) => [
        ...spares(objects), another('theirs', close)(objects),
        { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'x', name: 'leaving', uid: 'p', deletionTimestamp: new Date().toISOString() }, spec: { nodeName: 'theirs' } },
      ]),
    },
    { when: 'a node of the pool is being rebooted', code: 'PreconditionChanged', because: 'upgrade', spoil: (objects, scene) => annotate(otherNodes(objects, scene)[0]!, 'kured.dev/kured-reboot-in-progress', 'now') },
    {
      when: 'an upgrade goes through the pool', code: 'PreconditionChanged', because: 'upgrade',
      spoil: adding((_scene, objects) => [...spares(objects), another('next', (n) => (close(n), (n.status.nodeInfo = { kubeletVersion: 'v1.99.0' })))(objects)]),
    },
    ...['kubernaut', 'temporal', 'postgresql'].map((name): Refusal => ({ when: `it hosts ${name}`, code: 'PreconditionChanged', because: 'runs on', spoil: each(podsOnIt, (p) => void (p.metadata.labels = { ...p.metadata.labels, 'app.kubernetes.io/name': name })) })),
    { when: 'it hosts a pod of our namespace', code: 'PreconditionChanged', because: 'runs on', spoil: each(podsOnIt, (p) => void (p.metadata.namespace = 'kubernaut-system')) },
    {
      when: 'it holds the last CoreDNS pod', code: 'PreconditionChanged', because: 'last CoreDNS',
      spoil: each(podsOnIt, (p) => {
        p.metadata.namespace = 'kube-system';
        p.metadata.labels = { 'k8s-app': 'kube-dns' };
        p.metadata.ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'dns', uid: 'unread', controller: true }];
      }),
    },
    { when: 'a pod would not come back', code: 'PreconditionChanged', because: 'no controller', spoil: each(podsOnIt, (p) => void (p.metadata.ownerReferences = [])) },
    { when: 'a pod keeps data in an emptyDir', code: 'PreconditionChanged', because: 'emptyDir', spoil: each(podsOnIt, (p) => void (p.spec.volumes = [{ name: 'tmp', emptyDir: {} }])) },
    { when: 'a pod is under two budgets', code: 'PreconditionChanged', because: '2 disruption budgets', spoil: adding((scene, objects) => podsOnIt(objects, scene).slice(0, 1).map((p) => budget(p.metadata.namespace!, 'second', 1))) },
    { when: 'its pods fit on no other node', code: 'PreconditionChanged', because: 'fit on no other node', spoil: each(podsOnIt, (p) => void (p.spec.containers[0].resources = { requests: { memory: '4Ti' } })) },
    { when: 'the other nodes are not for its pods', code: 'PreconditionChanged', because: 'fit on no other node', spoil: (objects, scene) => void podsOnIt(objects, scene).forEach((p) => (p.spec.nodeSelector = { 'kubernetes.io/hostname': scene.ref.name })) },
    {
      when: 'a volume cannot follow its pod', code: 'PreconditionChanged', because: 'fit on no other node',
      spoil: adding((scene, objects) => podsOnIt(objects, scene).flatMap((p) => {
        p.spec.volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
        return [
          { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: p.metadata.namespace!, name: 'data', uid: 'c' }, spec: { volumeName: 'v' } },
          { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v', uid: 'v', labels: { 'topology.kubernetes.io/zone': 'far' } }, spec: {} },
        ];
      })),
    },
  ],
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
