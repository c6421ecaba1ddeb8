import type { KubeObject, ObjectRef } from '../../../src/domain/kube.js';
import type { ActionCase } from './action-case.js';
import { claimOf, storageClassOf, volumeOf } from './claims.js';
import { clusterRef, healthyDatabase } from './databases.js';
import { objectIn, type Stage } from './stage.js';

const SNAPSHOTS = 'snapshot.storage.k8s.io/v1';
export const SNAPSHOT_APIS = [`${SNAPSHOTS}/VolumeSnapshot`, `${SNAPSHOTS}/VolumeSnapshotClass`];

export const snapshotClassOf = (name: string, o: { driver?: string; deletionPolicy?: string; isDefault?: boolean } = {}): KubeObject => ({
  apiVersion: SNAPSHOTS, kind: 'VolumeSnapshotClass',
  metadata: { name, uid: `uid-class-${name}`, ...(o.isDefault ? { annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } } : {}) },
  driver: o.driver ?? 'disk.example', deletionPolicy: o.deletionPolicy ?? 'Delete',
});

export const claimRef = (namespace: string, name = 'data'): ObjectRef => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });

/** A bound claim of the sandbox's own class, in a namespace of its own. */
export async function boundClaim(stage: Stage, o: { size?: string; annotations?: Record<string, string>; storageClassName?: string } = {}): Promise<string> {
  const ns = await stage.namespace();
  await stage.create({
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: ns, name: 'data', annotations: o.annotations ?? {} },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: o.storageClassName ?? 'standard', resources: { requests: { storage: o.size ?? '10Gi' } } },
  });
  await stage.seen((w) => w.get('PersistentVolumeClaim', ns, 'data')?.status?.phase === 'Bound' && w.list('PersistentVolume').some((v) => v.spec?.claimRef?.namespace === ns));
  return ns;
}

const classesOnly = (driver: string) => (objects: KubeObject[]) => void objects.filter((o) => o.kind === 'VolumeSnapshotClass').forEach((o) => (o['driver'] = driver));

export const backupData: ActionCase = {
  fixture: {
    object: claimOf(), others: [storageClassOf(), volumeOf(), snapshotClassOf('csi', { isDefault: true })], params: { namespace: 'shop', pvc: 'data' }, apis: SNAPSHOT_APIS,
    satisfied: 'each backup is a new object; a repeat of the same action finds its own by name',
  },
  live: [
    {
      async prepare(stage) {
        const ns = await boundClaim(stage);
        return { ref: claimRef(ns), params: { namespace: ns, pvc: 'data' }, writes: ['create volumesnapshots'], picture: (o) => o.spec };
      },
      refusals: [
        { when: 'the snapshot API is not served', code: 'Unsupported', apis: [] },
        { when: 'no class is there at all', code: 'Unsupported', spoil: (objects) => objects.filter((o) => o.kind !== 'VolumeSnapshotClass') },
        { when: 'every class is of another driver', code: 'Unsupported', spoil: classesOnly('other.example') },
        { when: 'no class keeps what policy wants kept', code: 'Unsupported', spoil: (objects) => objects.filter((o) => o['deletionPolicy'] !== 'Retain'), policy: () => ({ actions: { backup_data: { deletionPolicy: 'Retain' } } }) },
        { when: 'the class of the policy is of another driver', code: 'PreconditionChanged', spoil: classesOnly('other.example'), policy: () => ({ actions: { backup_data: { class: 'sandbox' } } }) },
        { when: 'the class of the policy does not exist', code: 'Unsupported', policy: () => ({ actions: { backup_data: { class: 'gone' } } }) },
        { when: 'the claim is Pending', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).status.phase = 'Pending') },
        { when: 'the claim is Lost', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).status.phase = 'Lost') },
        { when: 'the claim is going away', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).metadata.deletionTimestamp = '2026-03-01T12:00:00Z') },
        {
          when: 'the quota of snapshots is used up', code: 'QuotaExceeded',
          spoil: (objects, { ref }) => [
            ...objects,
            { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: ref.namespace!, name: 'q', uid: 'q' }, status: { hard: { 'count/volumesnapshots.snapshot.storage.k8s.io': '2' }, used: { 'count/volumesnapshots.snapshot.storage.k8s.io': '2' } } },
          ],
        },
        { when: 'a destination is given', code: 'InvalidParams', params: () => ({ destination: 's3://elsewhere' }) },
        { when: 'a bucket is given', code: 'InvalidParams', params: () => ({ bucket: 'elsewhere' }) },
        { when: 'the snapshot is named by the caller', code: 'InvalidParams', params: () => ({ name: 'mine' }) },
        { when: 'both a claim and a database are named', code: 'NotGrounded', params: () => ({ database: 'orders' }) },
        { when: 'it is of another namespace', code: 'NotGrounded', params: () => ({ namespace: 'elsewhere' }) },
      ],
    },
    {
      name: 'a database',
      async prepare(stage) {
        const ns = await healthyDatabase(stage);
        return { ref: clusterRef(ns), params: { namespace: ns, database: 'pg' }, writes: ['create backups'], picture: (o) => o.spec };
      },
      refusals: [
        { when: 'its operator is not installed', code: 'Unsupported', apis: [] },
        { when: 'its owner configured no backup', code: 'Unsupported', spoil: (objects, { ref }) => void delete objectIn(objects, ref).spec.backup },
        { when: 'policy asks for another method', code: 'Unsupported', policy: () => ({ actions: { backup_data: { method: 'plugin' } } }) },
        { when: 'a destination is given', code: 'InvalidParams', params: () => ({ destinationPath: 's3://elsewhere' }) },
      ],
    },
  ],
};
