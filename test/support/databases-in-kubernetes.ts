import type { KubeObject } from '../../src/domain/kube.js';
import { NOW, podOf, statefulSetOf, YESTERDAY } from './objects.js';

/** A PostgreSQL of CloudNativePG and one of Patroni, as recorded objects show them. */

export const CNPG_APIS = ['postgresql.cnpg.io/v1/Cluster', 'postgresql.cnpg.io/v1/Backup'];
const HOURS_AGO = '2026-03-01T09:00:00Z';

const claimOf = (name: string, owner: KubeObject | undefined, labels: Record<string, string> = {}, size = '10Gi'): KubeObject => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim',
  metadata: {
    name, namespace: 'shop', uid: `uid-claim-${name}`, labels,
    ...(owner ? { ownerReferences: [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid!, controller: true }] } : {}),
  },
  spec: { storageClassName: 'standard', resources: { requests: { storage: size } } }, status: { phase: 'Bound', capacity: { storage: size } },
});

export const noteOf = (more: object = {}) => JSON.stringify({ state: 'streaming', lagBytes: 0, lagSeconds: 0.2, at: NOW, ...more });

/** `shop/pg`: primary pg-1, replicas pg-2 and pg-3, last switched long ago. */
export function cnpgCluster(names = ['pg-1', 'pg-2', 'pg-3']): KubeObject {
  return {
    apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster',
    metadata: { name: 'pg', namespace: 'shop', uid: 'uid-cluster-pg', resourceVersion: '7', generation: 1, creationTimestamp: YESTERDAY },
    spec: { instances: names.length, storage: { size: '10Gi' } },
    status: {
      instances: names.length, readyInstances: names.length, instanceNames: names, timelineID: 3, currentPrimary: names[0], targetPrimary: names[0],
      currentPrimaryTimestamp: '2026-02-28T12:00:00.000000Z', targetPrimaryTimestamp: '2026-02-28T11:59:00.000000Z', phase: 'Cluster in healthy state',
      instancesStatus: { healthy: names }, instancesReportedState: Object.fromEntries(names.map((name, n) => [name, { isPrimary: n === 0, timeLineID: 3, ip: `10.0.0.${String(n + 1)}` }])),
    },
  };
}

export function cnpgParts(cluster = cnpgCluster()): KubeObject[] {
  return (cluster.status.instanceNames as string[]).flatMap((name) => {
    const isPrimary = name === cluster.status.currentPrimary;
    const labels = { 'cnpg.io/cluster': 'pg', 'cnpg.io/instanceName': name, 'cnpg.io/instanceRole': isPrimary ? 'primary' : 'replica' };
    return [podOf(name, { owner: cluster, labels, ...(isPrimary ? {} : { annotations: { 'kubernaut.io/replication': noteOf() } }) }), claimOf(name, cluster, labels)];
  });
}

export const cnpgBackup = (stoppedAt = HOURS_AGO, phase = 'completed'): KubeObject => ({
  apiVersion: 'postgresql.cnpg.io/v1', kind: 'Backup', metadata: { name: 'nightly', namespace: 'shop', uid: 'uid-backup-nightly' },
  spec: { cluster: { name: 'pg' } }, status: { phase, startedAt: stoppedAt, stoppedAt },
});

export const standardClass = (): KubeObject => ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'standard', uid: 'uid-class-standard' }, provisioner: 'x' });

export const patroniSet = (annotations: Record<string, string> = { 'kubernaut.io/backup-verified-at': HOURS_AGO }): KubeObject => statefulSetOf('db', { replicas: 3, annotations });

export function patroniParts(set = patroniSet(), names = ['db-0', 'db-1', 'db-2']): KubeObject[] {
  return names.flatMap((name, n) => {
    const role = n === 0 ? 'master' : 'replica';
    const status = JSON.stringify({ conn_url: `postgres://10.0.0.${String(n)}:5432/postgres`, api_url: `http://10.0.0.${String(n)}:8008/patroni`, state: 'running', role, version: '3.3.2', xlog_location: 67_108_960 - n * 100, timeline: 3 });
    const pod = podOf(name, { owner: set, labels: { application: 'spilo', 'cluster-name': 'db', 'spilo-role': role }, annotations: { status }, spec: { volumes: [{ name: 'pgdata', persistentVolumeClaim: { claimName: `pgdata-${name}` } }] } });
    return [pod, claimOf(`pgdata-${name}`, undefined)];
  });
}

export const checkHooks = (data: Record<string, string>): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kubernaut-hooks', namespace: 'shop', uid: 'uid-configmap-hooks' }, data });

export const checkJob = JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', spec: { activeDeadlineSeconds: 300, template: { spec: { containers: [{ name: 'amcheck', image: 'tools/amcheck:1' }] } } } });
