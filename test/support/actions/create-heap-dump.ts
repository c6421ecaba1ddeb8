import { HEAP } from '../../../src/actions/heap-declaration.js';
import { podsOf, refOf, type KubeObject } from '../../../src/domain/kube.js';
import { deploymentOf, podOf, replicaSetOf, threeNodes } from '../objects.js';
import type { ActionCase, LiveCase, Refusal } from './action-case.js';
import { isAvailable, objectIn, type Stage } from './stage.js';

const ANNOTATIONS = { [HEAP.runtime]: 'jvm', [HEAP.dir]: '/dumps/heap' };
const VOLUMES = [{ name: 'dumps', emptyDir: {} }];
const MOUNTS = [{ name: 'dumps', mountPath: '/dumps' }];
const ENABLED = { actions: { create_heap_dump: { enabled: true } } };

const deployment = deploymentOf('api');
const set = replicaSetOf(deployment, 1, { available: 2 });

/** A pod whose owner declared a heap dump. */
export function dumpablePod(name = 'api-1'): KubeObject {
  const pod = podOf(name, { owner: set, annotations: { ...ANNOTATIONS }, pod: { volumes: structuredClone(VOLUMES) } });
  pod.spec.containers[0].volumeMounts = structuredClone(MOUNTS);
  Object.assign(pod.status.containerStatuses[0], { restartCount: 0, state: { running: {} } });
  return pod;
}

/** What stands beside it: its owners, another Ready replica, nodes. */
export const besideDumpable = (): KubeObject[] => [set, deployment, dumpablePod('api-2'), ...threeNodes()];

/** A Deployment of two JVMs with a folder for dumps, as the simulator plays it. */
export async function deployDumpable(stage: Stage, exec = '{}', shape: { container?: object; annotations?: object } = {}): Promise<KubeObject> {
  const ns = await stage.namespace();
  await stage.images(ns, `  - { image: "${ns}/api:1", memory: 96Mi, exec: ${exec} }\n`);
  await stage.create({
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: ns, name: 'api' },
    spec: {
      replicas: 2, selector: { matchLabels: { app: 'api' } },
      template: {
        metadata: { labels: { app: 'api' }, annotations: { ...ANNOTATIONS, ...shape.annotations } },
        spec: {
          terminationGracePeriodSeconds: 1, volumes: VOLUMES,
          containers: [{ name: 'api', image: `${ns}/api:1`, resources: { limits: { memory: '256Mi' }, requests: { memory: '128Mi' } }, volumeMounts: MOUNTS, ...shape.container }],
        },
      },
    },
  });
  const owner = await stage.seen(isAvailable(ns, 2));
  return podsOf(stage.cluster.world(), owner)[0]!;
}

export const dumpPolicy = ENABLED;

const spoilt = (change: (o: KubeObject) => unknown): Refusal['spoil'] => (objects, { ref }) => void change(objectIn(objects, ref));
const annotated = (key: string, value: string | undefined) => spoilt((o) => (o.metadata.annotations![key] = value as string));
const first = (o: KubeObject) => o.spec.containers[0];
const allowing = (own: object) => () => ({ actions: { create_heap_dump: { enabled: true, ...own } } });
const jvm: LiveCase = {
  async prepare(stage) {
    const pod = await deployDumpable(stage);
    const ref = refOf(pod);
    const at = { namespace: ref.namespace!, name: ref.name, uid: pod.metadata.uid! };
    const free = () => stage.cluster.exec(at, { container: 'api', argv: ['df', '-P', '-k', '/dumps/heap'], timeoutMs: 5000, actionId: 'picture' });
    return {
      ref, params: { namespace: ref.namespace!, pod: ref.name }, policy: ENABLED, writes: ['get pods/exec'],
      // nothing of the object changes; what lies on the volume does
      picture: async (o) => [o.spec, o.status.containerStatuses[0].restartCount, (await free()).stdout],
    };
  },
  refusals: [
    { when: 'the policy does not turn it on', code: 'PolicyDenied', policy: () => ({ actions: {} }) },
    { when: 'the policy turns it on with a text', code: 'PolicyDenied', policy: () => ({ actions: { create_heap_dump: { enabled: 'true' as never } } }) },
    ...['command', 'path', 'pid', 'destination', 'container', 'file', 'runtime'].map((key): Refusal => ({ when: `${key} is given`, code: 'InvalidParams', params: () => ({ [key]: 'x' }) })),
    { when: 'no runtime is declared', code: 'PreconditionChanged', spoil: annotated(HEAP.runtime, undefined) },
    { when: 'no folder is declared', code: 'PreconditionChanged', spoil: annotated(HEAP.dir, undefined) },
    ...['node', 'go', 'python', 'constructor', '__proto__', ''].map((name): Refusal => ({ when: `the runtime is ${JSON.stringify(name)}`, code: 'Unsupported', spoil: annotated(HEAP.runtime, name) })),
    ...['dumps', '/dumps/../etc', '/dumps/..', '/dumps/', '/dumps/-rf', '/dumps/a b', '/dumps/$(id)', '/dumps/a;b', '//dumps', ''].map(
      (dir): Refusal => ({ when: `the folder is ${JSON.stringify(dir)}`, code: 'PreconditionChanged', spoil: annotated(HEAP.dir, dir) }),
    ),
    { when: 'the folder is on no volume', code: 'PreconditionChanged', spoil: annotated(HEAP.dir, '/tmp') },
    { when: 'the volume is read-only', code: 'PreconditionChanged', spoil: spoilt((o) => (first(o).volumeMounts.find((m: { name: string }) => m.name === 'dumps').readOnly = true)) },
    { when: 'the volume is a folder of the node', code: 'PreconditionChanged', spoil: spoilt((o) => (o.spec.volumes = [{ name: 'dumps', hostPath: { path: '/' } }])) },
    { when: 'the volume lies in memory', code: 'PreconditionChanged', spoil: spoilt((o) => (o.spec.volumes = [{ name: 'dumps', emptyDir: { medium: 'Memory' } }])) },
    { when: 'the volume may not hold it', code: 'PreconditionChanged', spoil: spoilt((o) => (o.spec.volumes = [{ name: 'dumps', emptyDir: { sizeLimit: '256Mi' } }])) },
    { when: 'the size of the heap is not known', code: 'PreconditionChanged', spoil: spoilt((o) => (first(o).resources = {})) },
    { when: 'the declared container is not there', code: 'PreconditionChanged', spoil: annotated(HEAP.container, 'web') },
    { when: 'it has several containers and none is named', code: 'PreconditionChanged', spoil: spoilt((o) => o.spec.containers.push({ name: 'side', image: 'x' })) },
    { when: 'the liveness probe kills sooner', code: 'PreconditionChanged', spoil: spoilt((o) => (first(o).livenessProbe = { periodSeconds: 10, failureThreshold: 3 })) },
    { when: 'the pause may be long', code: 'PreconditionChanged', policy: allowing({ expectedPause: '5m' }), spoil: spoilt((o) => (first(o).livenessProbe = { periodSeconds: 20, failureThreshold: 10 })) },
    { when: 'no other replica is Ready', code: 'PreconditionChanged', spoil: (objects, { ref }) => void objects.filter((o) => o.kind === 'Pod' && o.metadata.name !== ref.name).forEach((o) => (o.status.conditions = [])) },
    { when: 'there is no other replica', code: 'PreconditionChanged', spoil: (objects, { ref }) => objects.filter((o) => o.kind !== 'Pod' || o.metadata.name === ref.name) },
    { when: 'the pod has no controller', code: 'PreconditionChanged', spoil: spoilt((o) => delete o.metadata.ownerReferences) },
    { when: 'the pod goes', code: 'PreconditionChanged', spoil: spoilt((o) => (o.metadata.deletionTimestamp = new Date().toISOString())) },
    { when: 'its container does not run', code: 'PreconditionChanged', spoil: spoilt((o) => (o.status.containerStatuses = [])) },
    { when: 'its node is short of memory', code: 'PreconditionChanged', spoil: (objects) => void objects.filter((o) => o.kind === 'Node').forEach((o) => o.status.conditions.find((c: { type: string }) => c.type === 'MemoryPressure').status = 'True') },
  ],
};

export const createHeapDump: ActionCase = {
  fixture: {
    object: dumpablePod(), others: besideDumpable(), params: { namespace: 'shop', pod: 'api-1' }, limits: { enabled: true },
    satisfied: 'whether the file is there shows only inside the container; a repeat finds it before it writes',
  },
  live: [jvm],
};
