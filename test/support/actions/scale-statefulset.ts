import { isPodReady, type KubeObject, type ObjectRef } from '../../../src/domain/kube.js';
import { podOf, statefulSetOf, threeNodes } from '../objects.js';
import type { ActionCase, Refusal, Scene } from './action-case.js';
import { objectIn, type Stage } from './stage.js';

const set = statefulSetOf('db');
const members = [0, 1, 2].map((n) => podOf(`db-${n}`, { owner: set, labels: { app: 'db' } }));

const setRef = (ns: string): ObjectRef => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: ns, name: 'db' });
const pathOf = (ns: string): string => `/apis/apps/v1/namespaces/${ns}/statefulsets/db`;

const template = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };

async function prepare(stage: Stage, replicas: number, spec: object): Promise<string> {
  const ns = await stage.namespace();
  const labels = { app: 'db' };
  await stage.create({
    apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { namespace: ns, name: 'db' },
    spec: { serviceName: 'db', replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'db', image: `${ns}/db:1` }] } }, ...spec },
  });
  await stage.seen((w) => {
    const { status, metadata } = w.get('StatefulSet', ns, 'db') ?? {};
    return status?.readyReplicas === replicas && status.currentRevision === status.updateRevision && status.observedGeneration === metadata?.generation && areReady(w.list('Pod', ns), replicas);
  });
  return ns;
}

const areReady = (pods: KubeObject[], count: number): boolean => pods.filter(isPodReady).length === count;

const setIn = (objects: KubeObject[], { ref }: Scene): KubeObject => objectIn(objects, ref);
const quota = (ns: string, hard: Record<string, string>): KubeObject => ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: ns, name: 'q', uid: 'q' }, status: { hard, used: hard } });

const ups: Refusal[] = [
  { when: 'it would go to zero', code: 'InvalidParams', params: () => ({ replicas: 0 }) },
  { when: 'the count is a text', code: 'InvalidParams', params: () => ({ replicas: '3' }) },
  { when: 'it is more than one step up', code: 'InvalidParams', params: () => ({ replicas: 4 }) },
  { when: 'it is over the cap of the policy', code: 'InvalidParams', policy: () => ({ actions: { scale_statefulset: { maxReplicas: 2 } } }) },
  {
    when: 'an autoscaler owns the count', code: 'PreconditionChanged',
    spoil: (objects, { ref }) => [
      ...objects,
      { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { namespace: ref.namespace!, name: 'db', uid: 'h' }, spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' } } },
    ],
  },
  {
    when: 'an operator owns it', code: 'PreconditionChanged',
    spoil: (objects, scene) => void (setIn(objects, scene).metadata.ownerReferences = [{ apiVersion: 'kafka.strimzi.io/v1beta2', kind: 'Kafka', name: 'k', uid: 'k', controller: true }]),
  },
  { when: 'an operator looks after it', code: 'PreconditionChanged', spoil: (objects, scene) => void (setIn(objects, scene).metadata.labels = { 'app.kubernetes.io/managed-by': 'percona-server-mongodb-operator' }) },
  { when: 'an update is in progress', code: 'PreconditionChanged', spoil: (objects, scene) => void (setIn(objects, scene).status.updateRevision = 'db-next') },
  {
    when: 'a partitioned update is in progress', code: 'PreconditionChanged',
    spoil: (objects, scene) => {
      setIn(objects, scene).status.updateRevision = 'db-next';
      setIn(objects, scene).spec.updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    },
  },
  { when: 'its spec was not observed', code: 'PreconditionChanged', spoil: (objects, scene) => void (setIn(objects, scene).metadata.generation = 99) },
  {
    when: 'a lower ordinal is not Ready', code: 'PreconditionChanged',
    spoil: (objects, { ref }) => void (objectIn(objects, { apiVersion: 'v1', kind: 'Pod', namespace: ref.namespace!, name: 'db-0' }).status.conditions = []),
  },
  { when: 'no node has room', code: 'PreconditionChanged', spoil: (objects) => void objects.filter((o) => o.kind === 'Node').forEach((o) => (o.spec.unschedulable = true)) },
  { when: 'a quota counts its pods out', code: 'QuotaExceeded', spoil: (objects, { ref }) => [...objects, quota(ref.namespace!, { pods: '2' })] },
];

const withClaims: Refusal[] = [
  { when: 'it is more than one step down', code: 'InvalidParams', params: () => ({ replicas: 1 }) },
  { when: 'it is under the minimum of the policy', code: 'InvalidParams', policy: () => ({ actions: { scale_statefulset: { minReplicas: 3 } } }) },
  { when: 'it would delete the claims of the removed member', code: 'PreconditionChanged', spoil: (objects, scene) => void (setIn(objects, scene).spec.persistentVolumeClaimRetentionPolicy = { whenScaled: 'Delete', whenDeleted: 'Retain' }) },
  {
    when: 'a budget needs more members', code: 'PreconditionChanged',
    spoil: (objects, { ref }) => [...objects, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace: ref.namespace!, name: 'db', uid: 'b' }, spec: { minAvailable: 3, selector: { matchLabels: { app: 'db' } } } }],
  },
  {
    when: 'the storage class of a new member is gone', code: 'PreconditionChanged', params: () => ({ replicas: 4 }),
    spoil: (objects) => objects.filter((o) => o.kind !== 'StorageClass'),
  },
  {
    when: 'nothing provisions its class', code: 'PreconditionChanged', params: () => ({ replicas: 4 }),
    spoil: (objects) => void objects.filter((o) => o.kind === 'StorageClass').forEach((o) => (o.provisioner = 'kubernetes.io/no-provisioner')),
  },
  { when: 'a quota has no storage left', code: 'QuotaExceeded', params: () => ({ replicas: 4 }), spoil: (objects, { ref }) => [...objects, quota(ref.namespace!, { 'requests.storage': '3Gi' })] },
  { when: 'a quota counts its claims out', code: 'QuotaExceeded', params: () => ({ replicas: 4 }), spoil: (objects, { ref }) => [...objects, quota(ref.namespace!, { 'count/persistentvolumeclaims': '3' })] },
];

export const scaleStatefulset: ActionCase = {
  fixture: {
    object: set, others: [...members.slice(0, 2), ...threeNodes()], params: { namespace: 'shop', name: 'db', replicas: 3 },
    satisfied: { object: statefulSetOf('db', { replicas: 3 }), others: [...members, ...threeNodes()] },
  },
  live: [
    {
      name: 'up',
      async prepare(stage) {
        const ns = await prepare(stage, 2, {});
        return {
          ref: setRef(ns), params: { namespace: ns, name: 'db', replicas: 3 }, writes: ['update statefulsets/scale'], picture: (o) => o.spec,
          edit: () => stage.person(pathOf(ns), { spec: { replicas: 5 } }),
        };
      },
      refusals: ups,
    },
    {
      name: 'down, with claims',
      async prepare(stage) {
        const ns = await prepare(stage, 3, { volumeClaimTemplates: [template] });
        return {
          ref: setRef(ns), params: { namespace: ns, name: 'db', replicas: 2 }, writes: ['update statefulsets/scale'], picture: (o) => o.spec,
          edit: () => stage.person(pathOf(ns), { spec: { replicas: 5 } }),
        };
      },
      refusals: withClaims,
    },
  ],
};
