import { CORDONED_BY } from '../../../src/actions/node.js';
import { podsOf, type KubeObject } from '../../../src/domain/kube.js';
import { deploymentOf, nodeOf, podOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase, LiveCase, Refusal, Scene } from './action-case.js';
import { deploymentPath, deploymentRef, isAvailable } from './stage.js';

const deployment = deploymentOf('api');
const set = replicaSetOf(deployment, 1, { available: 2 });
const opened = { spec: { unschedulable: null }, metadata: { annotations: { [CORDONED_BY]: null } } };

const pinned = (objects: KubeObject[], scene: Scene): KubeObject[] =>
  objects.filter((o) => o.kind === 'Pod' && o.metadata.namespace === scene.ref.namespace && o.spec.nodeName === scene.params.fromNode);
const node = (objects: KubeObject[], name: unknown): KubeObject => objects.find((o) => o.kind === 'Node' && o.metadata.name === name)!;
const others = (objects: KubeObject[], scene: Scene): KubeObject[] => objects.filter((o) => o.kind === 'Node' && o.metadata.name !== scene.params.fromNode);
const mount = (objects: KubeObject[], scene: Scene, volume: object) => void pinned(objects, scene).forEach((p) => p.spec.volumes.push({ name: 'data', ...volume }));

/** A claim and the volume behind it. */
const volumeOf = (ns: string, metadata: object, spec: object): KubeObject[] => [
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: ns, name: 'data', uid: 'c' }, spec: { volumeName: 'v' } },
  { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v', uid: 'v', ...metadata }, spec },
];
const claim = { persistentVolumeClaim: { claimName: 'data' } };
const budgets = (objects: KubeObject[], { ref }: Scene) => objects.filter((o) => o.kind === 'PodDisruptionBudget' && o.metadata.namespace === ref.namespace);

const refusals: Refusal[] = [
  { when: 'it would stay where it is', code: 'InvalidParams', params: ({ params }) => ({ toNode: params.fromNode }) },
  { when: 'the destination is unknown (or of another cluster)', code: 'InvalidParams', params: () => ({ toNode: 'elsewhere' }) },
  { when: 'the source is unknown', code: 'InvalidParams', params: () => ({ fromNode: 'elsewhere' }) },
  { when: 'it is a DaemonSet', code: 'InvalidParams', params: () => ({ kind: 'DaemonSet' }) },
  { when: 'no workload is named', code: 'InvalidParams', params: () => ({ workload: undefined }) },
  { when: 'all of a namespace is meant', code: 'InvalidParams', params: () => ({ workload: '*' }) },
  { when: 'a node name is to be set', code: 'InvalidParams', params: () => ({ nodeName: 'sandbox-2' }) },
  {
    when: 'the destination is not Ready', code: 'PreconditionChanged', params: (scene) => ({ toNode: scene.params.fromNode === 'sandbox-1' ? 'sandbox-2' : 'sandbox-1' }),
    spoil: (objects, scene) => void others(objects, scene).forEach((n) => (n.status.conditions = [])),
  },
  { when: 'the source is not Ready', code: 'PreconditionChanged', spoil: (objects, { params }) => void (node(objects, params.fromNode).status.conditions = []) },
  { when: 'no other node takes pods', code: 'PreconditionChanged', spoil: (objects, scene) => void others(objects, scene).forEach((n) => (n.spec.unschedulable = true)) },
  { when: 'no other node has room', code: 'PreconditionChanged', spoil: (objects, scene) => void pinned(objects, scene).forEach((p) => (p.spec.containers[0].resources = { requests: { memory: '4Ti' } })) },
  { when: 'no other node passes its selector', code: 'PreconditionChanged', spoil: (objects, scene) => void pinned(objects, scene).forEach((p) => (p.spec.nodeSelector = { 'kubernetes.io/hostname': scene.params.fromNode })) },
  {
    when: 'its topology spread forbids every other node', code: 'PreconditionChanged',
    spoil: (objects, scene) => void pinned(objects, scene).forEach((p) => (p.spec.topologySpreadConstraints = [{ maxSkew: 1, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'api' } } }])),
  },
  {
    when: 'its volume is in another zone', code: 'PreconditionChanged',
    spoil: (objects, scene) => {
      mount(objects, scene, claim);
      return [...objects, ...volumeOf(scene.ref.namespace!, { labels: { 'topology.kubernetes.io/zone': 'far' } }, {})];
    },
  },
  {
    when: 'its volume is a disk of the node', code: 'PreconditionChanged',
    spoil: (objects, scene) => {
      mount(objects, scene, claim);
      return [...objects, ...volumeOf(scene.ref.namespace!, {}, { local: { path: '/disk' } })];
    },
  },
  { when: 'it keeps data in an emptyDir', code: 'PreconditionChanged', spoil: (objects, scene) => mount(objects, scene, { emptyDir: {} }) },
  { when: 'it uses a path of the node', code: 'PreconditionChanged', spoil: (objects, scene) => mount(objects, scene, { hostPath: { path: '/data' } }) },
  { when: 'a pod is run from a file', code: 'PreconditionChanged', spoil: (objects, scene) => void pinned(objects, scene).forEach((p) => (p.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' })) },
  { when: 'its budget leaves no room', code: 'PreconditionChanged', spoil: (objects, scene) => void budgets(objects, scene).forEach((b) => (b.status.disruptionsAllowed = 0)) },
  { when: 'it is under two budgets', code: 'PreconditionChanged', spoil: (objects, scene) => [...objects, ...budgets(objects, scene).map((b) => ({ ...b, metadata: { ...b.metadata, name: 'second', uid: 'second' } }))] },
  { when: 'too little of the pool would stay', code: 'PreconditionChanged', spoil: (objects, scene) => void (others(objects, scene)[0]!.spec.unschedulable = true) },
];

const evicting: LiveCase = {
  async prepare(stage) {
    const ns = await stage.namespace();
    await stage.deploy(ns, { replicas: 4 });
    const top = await stage.seen(isAvailable(ns, 4));
    await stage.budget(ns, 3);
    await stage.seen((w) => w.get('PodDisruptionBudget', ns, 'api')?.status?.disruptionsAllowed === 1);
    const pods = podsOf(stage.cluster.world(), top);
    const fromNode = pods[0]!.spec.nodeName as string;
    const path = `/api/v1/nodes/${fromNode}`;
    return {
      ref: deploymentRef(ns), params: { namespace: ns, workload: 'api', fromNode }, isUsedUp: true,
      writes: ['patch nodes', 'patch nodes', ...pods.filter((p) => p.spec.nodeName === fromNode).map(() => 'create pods/eviction')],
      picture: (o) => o.spec,
      edit: () => stage.person(path, { spec: { unschedulable: true }, metadata: { annotations: { [CORDONED_BY]: 'a person' } } }),
      clean: async () => {
        await stage.person(path, opened);
        await stage.forget(ns);
      },
    };
  },
  refusals,
};

const single: LiveCase = {
  name: 'a single replica',
  async prepare(stage) {
    const ns = await stage.namespace();
    await stage.deploy(ns, { replicas: 1 });
    const top = await stage.seen(isAvailable(ns, 1));
    const fromNode = podsOf(stage.cluster.world(), top)[0]!.spec.nodeName as string;
    const term = { matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] };
    return {
      ref: deploymentRef(ns), params: { namespace: ns, workload: 'api', fromNode }, writes: ['patch deployments'],
      picture: (o) => o.spec,
      edit: () => stage.person(deploymentPath(ns), { spec: { template: { spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } } } } } }),
    };
  },
  refusals: [],
};

export const migrateWorkload: ActionCase = {
  fixture: {
    object: deployment,
    others: [set, podOf('api-1', { owner: set }), podOf('api-2', { owner: set, node: 'worker-2' }), ...threeNodes()],
    params: { namespace: 'shop', workload: 'api', fromNode: 'worker-1' },
    satisfied: { object: deployment, others: [set, podOf('api-2', { owner: set, node: 'worker-2' }), nodeOf('worker-1'), nodeOf('worker-2')] },
  },
  live: [evicting, single],
};
