import { setTimeout as sleep } from 'node:timers/promises';
import { HOOK_CONFIG_MAP } from '../../../src/actions/hook-job.js';
import { conditionOf, type KubeObject, type ObjectRef } from '../../../src/domain/kube.js';
import type { ActionPolicy, Policy } from '../../../src/domain/policy.js';
import { AN_HOUR_AGO, YESTERDAY } from '../objects.js';
import type { ActionCase, Refusal, Scene } from './action-case.js';
import { boundClaim } from './backup-data.js';
import { fillingUp } from './expand-pvc.js';
import { deploymentRef, isAvailable, objectIn, type Stage } from './stage.js';

export const namespaceOf = (name = 'shop'): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: `uid-namespace-${name}` } });

/** A Job that ended well, an hour and more ago. */
export const jobOver = (name: string, endedAt = YESTERDAY, o: { owner?: KubeObject; finalizers?: string[]; annotations?: Record<string, string>; type?: string } = {}): KubeObject => ({
  apiVersion: 'batch/v1', kind: 'Job',
  metadata: {
    name, namespace: 'shop', uid: `uid-job-${name}`, ...(o.finalizers ? { finalizers: o.finalizers } : {}), ...(o.annotations ? { annotations: o.annotations } : {}),
    ...(o.owner ? { ownerReferences: [{ apiVersion: o.owner.apiVersion, kind: o.owner.kind, name: o.owner.metadata.name, uid: o.owner.metadata.uid!, controller: true }] } : {}),
  },
  spec: {},
  status: o.type === 'Failed' ? { conditions: [{ type: 'Failed', status: 'True', lastTransitionTime: endedAt }] } : o.type === 'Running' ? { active: 1 } : { completionTime: endedAt, conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: endedAt }] },
});

export const fullQuota = (key = 'count/jobs.batch', used = '3'): KubeObject => ({
  apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'objects', namespace: 'shop', uid: 'uid-quota-objects' }, spec: { hard: { [key]: '3' } }, status: { hard: { [key]: '3' }, used: { [key]: used } },
});

const namespaceRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Namespace', name });
const policyOf = (own: ActionPolicy): Partial<Policy> => ({ actions: { cleanup_storage: own } });
const young = policyOf({ minAge: '1s' });

async function quotaUsedUp(stage: Stage, ns: string, key: string, count: number): Promise<void> {
  await stage.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: ns, name: 'objects' }, spec: { hard: { [key]: String(count) } } });
  await stage.seen((w) => w.get('ResourceQuota', ns, 'objects')?.status?.used?.[key] === String(count));
  await sleep(1200); // everything is older than the second of the policy
}

const job = (ns: string, name: string, completions = 1): KubeObject => ({
  apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: ns, name },
  spec: { completions, parallelism: completions, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: `${ns}/work:1` }] } } },
});

/** Work that ends at once. */
async function finishing(stage: Stage): Promise<string> {
  const ns = await stage.namespace();
  await stage.images(ns, `  - { image: "${ns}/work:1", exit: { code: 0, after: 200ms } }\n`);
  return ns;
}

const inNamespace = (ns: string, mode: string): Pick<Scene, 'ref' | 'params' | 'policy' | 'picture'> => ({ ref: namespaceRef(ns), params: { namespace: ns, mode }, policy: young, picture: (o) => o.spec });

/** What no mode may be asked for. */
const neverAsked: Refusal[] = [
  ...['path', 'glob', 'command', 'image', 'selector', 'namespaces', 'minAge', 'olderThan'].map((key): Refusal => ({ when: `a ${key} is given`, code: 'InvalidParams', params: () => ({ [key]: '/var/lib' }) })),
  ...['claims', 'volumes', 'secrets', 'namespaces', 'pods', '*', ''].map((mode): Refusal => ({ when: `the mode is ${JSON.stringify(mode)}`, code: 'InvalidParams', params: () => ({ mode }) })),
];

const ofNamespace = (objects: KubeObject[], kind: string, { ref }: Scene): KubeObject[] => objects.filter((o) => o.kind === kind && (o.metadata.namespace === ref.name || o.metadata.namespace === ref.namespace));

const finished = (kind: 'Pod' | 'Job'): Refusal[] => [
  ...neverAsked,
  { when: 'nothing is under pressure', code: 'PreconditionChanged', spoil: (objects) => objects.filter((o) => o.kind !== 'ResourceQuota') },
  { when: 'the quota has room', code: 'PreconditionChanged', spoil: (objects, s) => void ofNamespace(objects, 'ResourceQuota', s).forEach((q) => (q.status.used = {})) },
  { when: 'all are younger than an hour', code: 'PreconditionChanged', policy: () => policyOf({}) },
  { when: 'a finalizer holds them', code: 'PreconditionChanged', spoil: (objects, s) => void ofNamespace(objects, kind, s).forEach((o) => (o.metadata.finalizers = ['someone/keeps'])) },
  { when: 'they are marked to be left alone', code: 'PreconditionChanged', spoil: (objects, s) => void ofNamespace(objects, kind, s).forEach((o) => (o.metadata.annotations = { 'kubernaut.io/ignore': 'true' })) },
  { when: 'they still run', code: 'PreconditionChanged', spoil: (objects, s) => void ofNamespace(objects, kind, s).forEach((o) => (o.status = kind === 'Pod' ? { phase: 'Running' } : { active: 1 })) },
  { when: 'only the newest is left', code: 'PreconditionChanged', spoil: (objects, s) => objects.filter((o) => ofNamespace(objects, kind, s).indexOf(o) < 1) },
  { when: 'a workload is named', code: 'NotGrounded', params: () => ({ workload: 'api' }) },
  { when: 'another namespace is named', code: 'NotGrounded', params: () => ({ namespace: 'elsewhere' }) },
];

export const hookJob = (image: string, o: { spec?: object; pod?: object } = {}): string =>
  JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'ignored' }, spec: { backoffLimit: 6, activeDeadlineSeconds: 120, ...o.spec, template: { spec: { containers: [{ name: 'clean', image }], ...o.pod } } } });

export const hooks = (ns: string, data: Record<string, string>): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: ns, name: HOOK_CONFIG_MAP }, data });
export const hooksRef = (ns: string): ObjectRef => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: ns, name: HOOK_CONFIG_MAP });

/** A Deployment on a claim that has a snapshot. */
export async function workloadWithBackup(stage: Stage): Promise<string> {
  const ns = await boundClaim(stage);
  await stage.images(ns, `  - { image: "${ns}/work:1", exit: { code: 0, after: 200ms } }\n`);
  await stage.deploy(ns, { replicas: 1, pod: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }, strategy: { type: 'Recreate' } });
  await stage.create({ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { namespace: ns, name: 'before' }, spec: { volumeSnapshotClassName: 'sandbox', source: { persistentVolumeClaimName: 'data' } } });
  await stage.seen((w) => w.get('VolumeSnapshot', ns, 'before')?.status?.readyToUse === true && isAvailable(ns, 1)(w));
  return ns;
}

const ownHook = policyOf({ hookConfigMap: HOOK_CONFIG_MAP });
const withHook = (text: (scene: Scene) => string): Refusal['spoil'] => (objects, scene) => void (objectIn(objects, hooksRef(scene.ref.namespace!)).data['job.json'] = text(scene));

export const cleanupStorage: ActionCase = {
  fixture: {
    object: namespaceOf(), others: [fullQuota(), jobOver('a'), jobOver('b'), jobOver('c', AN_HOUR_AGO)], params: { namespace: 'shop', mode: 'finished_jobs' },
    satisfied: 'with nothing left to delete there is no pressure that deleting could relieve: the row refuses',
  },
  live: [
    {
      name: 'finished jobs',
      async prepare(stage) {
        const ns = await finishing(stage);
        for (const name of ['one', 'two', 'three', 'four']) await stage.create(job(ns, name));
        await stage.seen((w) => w.list('Job', ns).filter((j) => conditionOf(j, 'Complete')?.status === 'True').length === 4);
        await quotaUsedUp(stage, ns, 'count/jobs.batch', 4);
        return { ...inNamespace(ns, 'finished_jobs'), writes: Array.from({ length: 3 }, () => 'delete jobs') };
      },
      refusals: finished('Job'),
    },
    {
      name: 'finished pods',
      async prepare(stage) {
        const ns = await finishing(stage);
        await stage.create(job(ns, 'report', 4));
        await stage.seen((w) => conditionOf(w.get('Job', ns, 'report'), 'Complete')?.status === 'True' && w.list('Pod', ns).filter((p) => p.status?.phase === 'Succeeded' && !p.metadata.finalizers?.length).length === 4);
        await quotaUsedUp(stage, ns, 'count/pods', 4);
        return { ...inNamespace(ns, 'finished_pods'), writes: Array.from({ length: 3 }, () => 'delete pods') };
      },
      refusals: finished('Pod'),
    },
    {
      name: "the owner's hook",
      async prepare(stage) {
        const ns = await workloadWithBackup(stage);
        await stage.create(hooks(ns, { 'job.json': hookJob(`${ns}/work:1`) }));
        return {
          ref: deploymentRef(ns), params: { namespace: ns, mode: 'owner_hook', workload: 'api' }, problems: [fillingUp(ns)], policy: ownHook,
          extras: [await stage.live(hooksRef(ns))], writes: ['create jobs'], picture: (o) => o.spec,
        };
      },
      refusals: [
        ...neverAsked.filter(({ when }) => !when.includes('mode')),
        { when: 'no policy names a hook', code: 'Unsupported', policy: () => policyOf({}) },
        { when: 'policy names another ConfigMap', code: 'Unsupported', policy: () => policyOf({ hookConfigMap: 'other' }) },
        { when: 'nobody stored a hook', code: 'Unsupported', spoil: (objects) => objects.filter((o) => o.kind !== 'ConfigMap') },
        { when: 'it is under another key', code: 'Unsupported', spoil: (objects, { ref }) => void (objectIn(objects, hooksRef(ref.namespace!)).data = { 'run.sh': 'rm -rf /' }) },
        { when: 'the hook is no JSON', code: 'Unsupported', spoil: withHook(() => 'kind: Job') },
        { when: 'the hook is no Job', code: 'Unsupported', spoil: withHook(() => '{"kind":"Pod","spec":{}}') },
        { when: 'the hook holds a password', code: 'Unsupported', spoil: withHook(() => hookJob('x', { pod: { containers: [{ name: 'x', image: 'x', env: [{ name: 'DB_PASSWORD', value: '<redacted:abc>' }] }] } })) },
        { when: 'the hook wants the host network', code: 'PolicyDenied', spoil: withHook(() => hookJob('x', { pod: { hostNetwork: true } })) },
        { when: 'the hook mounts a path of the node', code: 'PolicyDenied', spoil: withHook(() => hookJob('x', { pod: { volumes: [{ name: 'h', hostPath: { path: '/' } }] } })) },
        { when: 'the hook runs as an account of somebody else', code: 'PolicyDenied', spoil: withHook(() => hookJob('x', { pod: { serviceAccountName: 'admin' } })) },
        { when: 'the hook is privileged', code: 'PolicyDenied', spoil: withHook(() => hookJob('x', { pod: { containers: [{ name: 'x', image: 'x', securityContext: { privileged: true } }] } })) },
        { when: 'no volume is full', code: 'PreconditionChanged', problems: [] },
        { when: 'the volume is 80 % full', code: 'PreconditionChanged', problems: [fillingUp('x', { labels: { persistentvolumeclaim: 'data' }, annotations: { description: 'only 20% free' } })] },
        { when: 'its data has no backup', code: 'PreconditionChanged', spoil: (objects) => objects.filter((o) => o.kind !== 'VolumeSnapshot') },
        { when: 'its backup is of yesterday', code: 'PreconditionChanged', spoil: (objects, s) => void ofNamespace(objects, 'VolumeSnapshot', s).forEach((o) => (o.status.creationTime = '2025-03-01T12:00:00Z')) },
        { when: 'its backup is not ready', code: 'PreconditionChanged', spoil: (objects, s) => void ofNamespace(objects, 'VolumeSnapshot', s).forEach((o) => (o.status.readyToUse = false)) },
      ],
    },
  ],
};
