import type { KubeObject } from '../../../src/domain/kube.js';

/** `shop/data`, 10 GiB of disk.example, bound: as the API server would show it. */
export function claimOf(o: { name?: string; size?: string; capacity?: string; storageClassName?: string; annotations?: Record<string, string>; owner?: KubeObject; spec?: object; status?: object } = {}): KubeObject {
  const name = o.name ?? 'data';
  const size = o.size ?? '10Gi';
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name, namespace: 'shop', uid: `uid-claim-${name}`, resourceVersion: '1', creationTimestamp: '2025-03-01T12:00:00Z',
      ...(o.annotations ? { annotations: o.annotations } : {}),
      ...(o.owner ? { ownerReferences: [{ apiVersion: o.owner.apiVersion, kind: o.owner.kind, name: o.owner.metadata.name, uid: o.owner.metadata.uid!, controller: true }] } : {}),
    },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: o.storageClassName ?? 'fast', volumeName: `pv-${name}`, volumeMode: 'Filesystem', resources: { requests: { storage: size } }, ...o.spec },
    status: { phase: 'Bound', capacity: { storage: o.capacity ?? size }, ...o.status },
  };
}

export const storageClassOf = (name = 'fast', o: { provisioner?: string; canExpand?: boolean; parameters?: Record<string, string> } = {}): KubeObject => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name, uid: `uid-storageclass-${name}` },
  provisioner: o.provisioner ?? 'disk.example', allowVolumeExpansion: o.canExpand ?? true, ...(o.parameters ? { parameters: o.parameters } : {}),
});

export const volumeOf = (claim = 'data', o: { driver?: string; fsType?: string } = {}): KubeObject => ({
  apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `pv-${claim}`, uid: `uid-pv-${claim}` },
  spec: { capacity: { storage: '10Gi' }, csi: { driver: o.driver ?? 'disk.example', fsType: o.fsType ?? 'ext4' }, claimRef: { namespace: 'shop', name: claim } },
  status: { phase: 'Bound' },
});
