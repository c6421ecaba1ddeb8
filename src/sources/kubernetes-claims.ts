import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import { hasLasted, hintOf, nameOf, PATIENCE_MS, type Trouble } from './kubernetes-object.js';

type Says = Pick<Trouble, 'alert' | 'severity' | 'startsAt' | 'summary' | 'description'>;

export function claimTrouble(claim: KubeObject, world: World, nowMs: number): Trouble[] {
  if (claim.metadata.deletionTimestamp) return [];
  const about = { object: hintOf(claim), labels: { namespace: claim.metadata.namespace ?? '', persistentvolumeclaim: claim.metadata.name } };
  return [...resizeSays(claim), ...phaseSays(claim, world, nowMs)].map((says) => ({ ...about, ...says }));
}

function resizeSays(claim: KubeObject): Says[] {
  const failed = ['ControllerResizeError', 'NodeResizeError'].map((type) => conditionOf(claim, type)).find((c) => c?.status === 'True');
  if (!failed?.lastTransitionTime) return [];
  const { lastTransitionTime: startsAt, message, reason } = failed;
  return [{ alert: 'KubePersistentVolumeClaimResizeFailed', severity: 'warning', startsAt, summary: 'PersistentVolumeClaim cannot be resized.', description: `PersistentVolumeClaim ${nameOf(claim)}: ${message ?? reason ?? ''}` }];
}

function phaseSays(claim: KubeObject, world: World, nowMs: number): Says[] {
  const { creationTimestamp: startsAt } = claim.metadata;
  const name = `PersistentVolumeClaim ${nameOf(claim)}`;
  if (claim.status?.phase === 'Lost' && startsAt) return [{ alert: 'KubePersistentVolumeClaimLost', severity: 'critical', startsAt, summary: 'PersistentVolumeClaim has lost its volume.', description: name }];
  if (claim.status?.phase !== 'Pending' || !hasLasted(startsAt, PATIENCE_MS.claim, nowMs) || waitsForPod(claim, world)) return [];
  return [{ alert: 'KubePersistentVolumeClaimPending', severity: 'warning', startsAt, summary: 'PersistentVolumeClaim is not bound.', description: `${name} has been pending for longer than expected` }];
}

/** A claim of such a class is bound with its first pod: without one it waits, which is no trouble. */
function waitsForPod(claim: KubeObject, world: World): boolean {
  const storageClass = claim.spec?.storageClassName ? world.get('StorageClass', undefined, claim.spec.storageClassName) : undefined;
  if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') return false;
  const uses = (pod: KubeObject): boolean => (pod.spec?.volumes ?? []).some((v: { persistentVolumeClaim?: { claimName?: string } }) => v.persistentVolumeClaim?.claimName === claim.metadata.name);
  return !world.list('Pod', claim.metadata.namespace).some(uses);
}
