import type { ClusterCache } from './cluster-cache.js';
import { tolerating, type KubeClient } from './kube-client.js';
import type { Claim, PersistentVolume, Quantities, StorageClass } from './kube-types.js';
import { quantityOf } from './quantity.js';
import { objectPath } from './resource-paths.js';
import { taskPool } from './task-pool.js';

export const provisioner = 'sandbox.kubernaut.io/disk';
const provisionedBy = 'pv.kubernetes.io/provisioned-by';
const selectedNode = 'volume.kubernetes.io/selected-node';

export type StorageStep = { do: 'provision'; class: StorageClass } | { do: 'resize'; volume: PersistentVolume; size: string } | { do: 'nothing' };

const nothing: StorageStep = { do: 'nothing' };

const storageOf = (quantities: Quantities | undefined): string | undefined => quantities?.['storage'];

function resizeStep(claim: Claim, storageClass: StorageClass, volume: PersistentVolume | undefined): StorageStep {
  const size = storageOf(claim.spec.resources?.requests);
  const isLarger = quantityOf(size) > quantityOf(storageOf(claim.status?.capacity));
  return isLarger && size && volume && storageClass.allowVolumeExpansion ? { do: 'resize', volume, size } : nothing;
}

function provisionStep(claim: Claim, storageClass: StorageClass): StorageStep {
  if (claim.spec.volumeName || storageClass.provisioner === 'kubernetes.io/no-provisioner') return nothing;
  const waitsForPod = storageClass.volumeBindingMode === 'WaitForFirstConsumer' && !claim.metadata.annotations?.[selectedNode];
  return waitsForPod ? nothing : { do: 'provision', class: storageClass };
}

/**
 * What a provisioner and a resizer would do for a claim now. Binding itself is the real controller's. Every class is
 * served except `kubernetes.io/no-provisioner`, whose volumes people make by hand; any bound volume whose class allows
 * expansion grows.
 */
export function storageStepOf(claim: Claim, storageClass: StorageClass | undefined, volume: PersistentVolume | undefined): StorageStep {
  if (claim.metadata.deletionTimestamp || !storageClass) return nothing;
  return claim.status?.phase === 'Bound' ? resizeStep(claim, storageClass, volume) : provisionStep(claim, storageClass);
}

function volumeFor(claim: Claim, storageClass: StorageClass): object {
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  const volume = `pvc-${uid}`;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volume, annotations: { [provisionedBy]: storageClass.provisioner } },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.['storage'] ?? '1Gi' },
      accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'],
      volumeMode: claim.spec.volumeMode ?? 'Filesystem',
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      hostPath: { path: `/var/lib/sandbox/${volume}` },
    },
  };
}

const defaultClasses = [
  { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' }, allowVolumeExpansion: true },
  { name: 'fixed', annotations: {}, allowVolumeExpansion: false },
];

export async function createDefaultClasses(client: KubeClient): Promise<void> {
  for (const { name, annotations, allowVolumeExpansion } of defaultClasses) {
    const body = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name, annotations },
      provisioner,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
      allowVolumeExpansion,
    };
    await tolerating([409], client.request('POST', '/apis/storage.k8s.io/v1/storageclasses', body));
  }
}

/** On a claim: its storage refuses to grow. */
export const resizeErrorAnnotation = 'sandbox.kubernaut.io/resize-error';

async function resize(client: KubeClient, claim: Claim, volume: PersistentVolume, size: string): Promise<void> {
  if (claim.metadata.annotations?.[resizeErrorAnnotation] !== undefined) return refuse(client, claim, size);
  await tolerating([404, 409], client.request('merge', objectPath('PersistentVolume', undefined, volume.metadata.name), { spec: { capacity: { storage: size } } }));
  const status = { capacity: { storage: size }, conditions: null, allocatedResources: null, allocatedResourceStatuses: null };
  await tolerating([404, 409], client.request('merge', `${objectPath('PersistentVolumeClaim', claim.metadata.namespace, claim.metadata.name)}/status`, { status }));
}

/** As a resizer reports that it will never succeed (KEP-1790). */
async function refuse(client: KubeClient, claim: Claim, size: string): Promise<void> {
  const status = { allocatedResources: { storage: size }, allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } };
  await tolerating([404, 409], client.request('merge', `${objectPath('PersistentVolumeClaim', claim.metadata.namespace, claim.metadata.name)}/status`, { status }));
}

/** Removing a volume of a deleted claim is its provisioner's work too. */
function isReclaimable({ metadata, spec, status }: PersistentVolume): boolean {
  const isOurs = metadata.annotations?.[provisionedBy] !== undefined && metadata.name.startsWith('pvc-');
  return isOurs && status?.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Delete';
}

const isRefused = ({ status }: Claim): boolean => status?.allocatedResourceStatuses?.['storage'] === 'ControllerResizeInfeasible';

/** Provisions, expands and removes volumes as an external provisioner and resizer would. */
export function runStorage(client: KubeClient, cache: ClusterCache, onError: (error: unknown) => void): void {
  const pool = taskPool(4, onError);
  const busy = new Set<string>();

  const look = (claim: Claim): void => {
    const storageClass = claim.spec.storageClassName ? cache.get('StorageClass', undefined, claim.spec.storageClassName) : undefined;
    const volume = claim.spec.volumeName ? cache.get('PersistentVolume', undefined, claim.spec.volumeName) : undefined;
    const step = storageStepOf(claim, storageClass, volume);
    if (step.do === 'resize' && isRefused(claim)) return;
    const key = `${claim.metadata.uid}/${step.do}/${step.do === 'resize' ? step.size : ''}`;
    if (step.do === 'nothing' || busy.has(key)) return;
    busy.add(key);
    pool.run(async () => {
      try {
        if (step.do === 'resize') await resize(client, claim, step.volume, step.size);
        else await tolerating([409], client.request('POST', '/api/v1/persistentvolumes', volumeFor(claim, step.class)));
      } finally {
        busy.delete(key);
      }
    });
  };
  const lookAtAll = (): void => cache.list('PersistentVolumeClaim').forEach(look);

  cache.on('PersistentVolumeClaim', (change, claim) => {
    if (change !== 'delete') look(claim);
  });
  cache.on('StorageClass', lookAtAll);
  cache.on('PersistentVolume', (change, volume) => {
    if (change === 'delete' || volume.metadata.deletionTimestamp) return;
    if (isReclaimable(volume)) {
      const path = objectPath('PersistentVolume', undefined, volume.metadata.name);
      pool.run(async () => void (await tolerating([404, 409], client.request('DELETE', path))));
    }
    const { namespace, name = '' } = volume.spec.claimRef ?? {};
    const claim = cache.get('PersistentVolumeClaim', namespace, name);
    if (claim) look(claim);
  });
  lookAtAll();
}
