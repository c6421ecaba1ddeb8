import type { KubeObject, ObjectRef } from '../../../src/domain/kube.js';
import type { Policy } from '../../../src/domain/policy.js';
import type { Stage } from './stage.js';

export const clusterRef = (ns: string): ObjectRef => ({ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', namespace: ns, name: 'pg' });
export const clusterPath = (ns: string): string => `/apis/postgresql.cnpg.io/v1/namespaces/${ns}/clusters/pg`;

const isWell = (o: KubeObject | undefined): boolean => o?.status?.phase === 'Cluster in healthy state';

/** A PostgreSQL of CloudNativePG with three instances, all of them well, in a namespace of its own. */
export async function healthyDatabase(stage: Stage): Promise<string> {
  const ns = await stage.namespace();
  await stage.create({ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { namespace: ns, name: 'pg' }, spec: { instances: 3, storage: { size: '1Gi', storageClass: 'standard' }, backup: { volumeSnapshot: { className: 'sandbox' } } } });
  await stage.seen((w) => {
    const notes = w.list('Pod', ns).filter((p) => p.metadata.annotations?.['kubernaut.io/replication'] !== undefined);
    const claims = w.list('PersistentVolumeClaim', ns).filter((c) => c.status?.phase === 'Bound');
    return isWell(w.get('Cluster', ns, 'pg')) && notes.length === 2 && claims.length === 3;
  });
  return ns;
}

/** A new cluster is young: the product would wait half an hour after the first choice of a primary. */
export const SOON: Partial<Policy> = { actions: { failover_database: { minInterval: '0s' } } };

/** One pod of the evidence. */
export const podIn = (objects: KubeObject[], ns: string | undefined, name: string): KubeObject => objects.find((o) => o.kind === 'Pod' && o.metadata.namespace === ns && o.metadata.name === name)!;

export const isDatabaseWell = (ns: string) => (w: { get(kind: string, ns: string, name: string): KubeObject | undefined }): boolean => isWell(w.get('Cluster', ns, 'pg'));
