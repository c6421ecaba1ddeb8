import type { OperatorObject } from './define.js';

export const label = { cluster: 'cnpg.io/cluster', instance: 'cnpg.io/instanceName', role: 'cnpg.io/instanceRole', pod: 'cnpg.io/podRole', claim: 'cnpg.io/pvcRole' };
/** No operator's: what an owner lets write replication down does it on the instance's pod, and so do we. */
export const replicationAnnotation = 'kubernaut.io/replication';

const ownedBy = ({ apiVersion, metadata }: OperatorObject) => [{ apiVersion, kind: 'Cluster', name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }];

const metaOf = (cluster: OperatorObject, instance: string, labels: Record<string, string>) => ({
  name: instance,
  namespace: cluster.metadata.namespace,
  labels: { [label.cluster]: cluster.metadata.name, [label.instance]: instance, ...labels },
  ownerReferences: ownedBy(cluster),
});

export const claimFor = (cluster: OperatorObject, instance: string): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: metaOf(cluster, instance, { [label.claim]: 'PG_DATA' }),
  spec: {
    accessModes: ['ReadWriteOnce'],
    ...(cluster.spec?.storage?.storageClass ? { storageClassName: cluster.spec.storage.storageClass as string } : {}),
    resources: { requests: { storage: (cluster.spec?.storage?.size as string | undefined) ?? '1Gi' } },
  },
});

export const podFor = (cluster: OperatorObject, instance: string, role: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: metaOf(cluster, instance, { [label.pod]: 'instance', [label.role]: role, role }),
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'postgres',
        image: (cluster.spec?.imageName as string | undefined) ?? 'ghcr.io/cloudnative-pg/postgresql:17',
        ports: [{ name: 'postgresql', containerPort: 5432 }],
        volumeMounts: [{ name: 'pgdata', mountPath: '/var/lib/postgresql/data' }],
      },
    ],
    volumes: [{ name: 'pgdata', persistentVolumeClaim: { claimName: instance } }],
  },
});

export const writeServiceFor = (cluster: OperatorObject): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: `${cluster.metadata.name}-rw`, namespace: cluster.metadata.namespace, labels: { [label.cluster]: cluster.metadata.name }, ownerReferences: ownedBy(cluster) },
  spec: { selector: { [label.cluster]: cluster.metadata.name, [label.role]: 'primary' }, ports: [{ name: 'postgres', port: 5432, targetPort: 5432 }] },
});
