import { HOOK_CONFIG_MAP } from '../../../src/actions/hook-job.js';
import { isPodReady, type KubeObject, type ObjectRef } from '../../../src/domain/kube.js';
import type { ActionPolicy, Policy } from '../../../src/domain/policy.js';
import { podOf, statefulSetOf, threeNodes } from '../objects.js';
import type { ActionCase, Refusal } from './action-case.js';
import { hookJob, hooks, hooksRef } from './cleanup-storage.js';
import { fillingUp } from './expand-pvc.js';
import { objectIn } from './stage.js';

export const ETCD_KEY = 'etcd-defragment.json';
export const defrag = (o: { command?: string[]; pod?: object } = {}): string => hookJob('etcd:3', { pod: { containers: [{ name: 'defrag', image: 'etcd:3', command: o.command ?? ['etcdctl', 'defrag'] }], ...o.pod } });

/** `shop/etcd` of two members, the second leads. */
export function etcdOf(replicas = 2): KubeObject[] {
  const set = statefulSetOf('etcd', { replicas, labels: { 'app.kubernetes.io/name': 'etcd' } });
  return [set, ...Array.from({ length: replicas }, (_, n) => podOf(`etcd-${String(n)}`, { owner: set, labels: { app: 'etcd', ...(n === 0 ? { 'kubernaut.io/role': 'leader' } : {}) } }))];
}

const setRef = (namespace: string): ObjectRef => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name: 'etcd' });
const policyOf = (own: ActionPolicy): Partial<Policy> => ({ actions: { compact_storage: own } });
const limits: ActionPolicy = { hookConfigMap: HOOK_CONFIG_MAP, needsBackup: false };
const withPolicy = (own: ActionPolicy): Refusal['policy'] => () => policyOf({ ...limits, ...own });

const inScene = (objects: KubeObject[], kind: string, namespace: string | undefined): KubeObject[] => objects.filter((o) => o.kind === kind && o.metadata.namespace === namespace);
const withCommand = (...command: string[]): Refusal['spoil'] => (objects, { ref }) => void (objectIn(objects, hooksRef(ref.namespace!)).data[ETCD_KEY] = defrag({ command }));
const mounting = (objects: KubeObject[], namespace: string): KubeObject => {
  for (const pod of inScene(objects, 'Pod', namespace)) pod.spec.volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }];
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name: 'data', uid: 'x' }, status: { phase: 'Bound' } };
};

const [set, ...pods] = etcdOf() as [KubeObject, ...KubeObject[]];

export const compactStorage: ActionCase = {
  fixture: {
    object: set, others: [...pods, ...threeNodes(), hooks('shop', { [ETCD_KEY]: defrag() })], params: { namespace: 'shop', target: 'StatefulSet/etcd' }, limits,
    satisfied: 'how fragmented a store is stands in no object: each compaction is a new one',
  },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await stage.images(ns, `  - { image: "${ns}/defrag:1", exit: { code: 0, after: 200ms } }\n`);
        const template = { metadata: { labels: { app: 'etcd' } }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'etcd', image: `${ns}/etcd:3` }] } };
        await stage.create({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { namespace: ns, name: 'etcd', labels: { 'app.kubernetes.io/name': 'etcd' } }, spec: { replicas: 2, serviceName: 'etcd', selector: { matchLabels: { app: 'etcd' } }, template } });
        await stage.create(hooks(ns, { [ETCD_KEY]: defrag({ pod: { containers: [{ name: 'defrag', image: `${ns}/defrag:1`, command: ['etcdctl', 'defrag'] }] } }) }));
        await stage.seen((w) => w.list('Pod', ns).filter(isPodReady).length === 2);
        await stage.person(`/api/v1/namespaces/${ns}/pods/etcd-0`, { metadata: { labels: { 'kubernaut.io/role': 'leader' } } });
        await stage.seen((w) => w.get('Pod', ns, 'etcd-0')?.metadata.labels?.['kubernaut.io/role'] === 'leader' && w.get('StatefulSet', ns, 'etcd')?.status?.readyReplicas === 2);
        return {
          ref: setRef(ns), params: { namespace: ns, target: 'StatefulSet/etcd' }, policy: policyOf(limits), extras: [await stage.live(hooksRef(ns))],
          writes: ['create jobs', 'create jobs'], picture: (o) => o.spec,
        };
      },
      refusals: [
        ...['command', 'sql', 'image', 'members', 'adapter'].map((key): Refusal => ({ when: `a ${key} is given`, code: 'InvalidParams', params: () => ({ [key]: 'VACUUM FULL' }) })),
        { when: 'all of a kind are meant', code: 'InvalidParams', params: () => ({ target: 'StatefulSet/*' }) },
        { when: 'it is no product that we know', code: 'Unsupported', spoil: (objects, { ref }) => { const o = objectIn(objects, ref); o.metadata.labels = {}; o.spec.template.spec.containers[0].image = 'shop/own-store:1'; } },
        { when: 'nobody stored a hook', code: 'Unsupported', spoil: (objects) => objects.filter((o) => o.kind !== 'ConfigMap') },
        { when: 'the hook is of another product', code: 'Unsupported', spoil: (objects, { ref }) => void (objectIn(objects, hooksRef(ref.namespace!)).data = { 'prometheus-clean-tombstones.json': defrag() }) },
        { when: 'no policy names a hook', code: 'Unsupported', policy: () => policyOf({}) },
        { when: 'the hook takes all members at once', code: 'PolicyDenied', spoil: withCommand('etcdctl', 'defrag', '--cluster') },
        { when: 'the hook does something else', code: 'PolicyDenied', spoil: withCommand('etcdctl', 'del', '/') },
        { when: 'it is outside the window', code: 'PreconditionChanged', policy: withPolicy({ window: '00:00-00:00' }) },
        { when: 'the window is not readable', code: 'PolicyDenied', policy: withPolicy({ window: 'nights' }) },
        { when: 'a member is not Ready', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (inScene(objects, 'Pod', ref.namespace)[0]!.status.conditions = []) },
        { when: 'a member is missing', code: 'PreconditionChanged', spoil: (objects, { ref }) => objects.filter((o) => o !== inScene(objects, 'Pod', ref.namespace)[0]) },
        { when: 'nobody knows who leads', code: 'PreconditionChanged', spoil: (objects, { ref }) => void inScene(objects, 'Pod', ref.namespace).forEach((p) => delete p.metadata.labels!['kubernaut.io/role']) },
        { when: 'two say that they lead', code: 'PreconditionChanged', spoil: (objects, { ref }) => void inScene(objects, 'Pod', ref.namespace).forEach((p) => (p.metadata.labels!['kubernaut.io/role'] = 'leader')) },
        { when: 'the nodes are under pressure', code: 'PreconditionChanged', spoil: (objects) => void objects.filter((o) => o.kind === 'Node').forEach((o) => (o.status.conditions = [{ type: 'Ready', status: 'True' }, { type: 'DiskPressure', status: 'True' }])) },
        { when: 'it is being compacted', code: 'PreconditionChanged', spoil: (objects, { ref }) => [...objects, { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: ref.namespace!, name: 'other', annotations: { 'kubernaut.io/compacts': 'StatefulSet/etcd' } }, status: { active: 1 } }] },
        { when: 'a copy would not fit', code: 'PreconditionChanged', spoil: (objects, { ref }) => [...objects, mounting(objects, ref.namespace!)], problems: [fillingUp('x', { labels: { persistentvolumeclaim: 'data' } })] },
        { when: 'its data has no backup', code: 'PreconditionChanged', spoil: (objects, { ref }) => [...objects, mounting(objects, ref.namespace!)], policy: () => policyOf({ hookConfigMap: HOOK_CONFIG_MAP }) },
      ],
    },
  ],
};
