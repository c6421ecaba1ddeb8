import type { KubeObject, World } from '../domain/kube.js';
import type { ActionFacts, Planned, Progress } from './define.js';
import { snapshotClassFor } from './snapshot-class.js';
import { nameOfClaim } from './volume.js';
import { refuse } from './workload.js';

export const SNAPSHOT_API = 'snapshot.storage.k8s.io/v1';
const COUNT = 'count/volumesnapshots.snapshot.storage.k8s.io';
export const OURS = { 'app.kubernetes.io/managed-by': 'kubernaut' };

/** Why no snapshot of this claim can be taken; undefined when one can. */
export const whyNoSnapshot = (claim: KubeObject): string | undefined => {
  if (claim.metadata.deletionTimestamp) return 'it is being deleted; back it up before that';
  return claim.status?.phase === 'Bound' ? undefined : `it is ${claim.status?.phase ?? 'not bound'}, so there is no data to back up; bind it first`;
};

/** One VolumeSnapshot of one claim. Consistent as after a power cut, never over several volumes. */
export function planSnapshot(claim: KubeObject, facts: ActionFacts): Pick<Planned, 'changes' | 'summary'> {
  const at = nameOfClaim(claim);
  if (!facts.evidence.apis?.includes(`${SNAPSHOT_API}/VolumeSnapshot`)) {
    refuse('Unsupported', `${at}: the cluster does not serve ${SNAPSHOT_API} VolumeSnapshot; install the CSI snapshot controller, or back the data up by its own means`);
  }
  const reason = whyNoSnapshot(claim);
  if (reason !== undefined) refuse('PreconditionChanged', `${at}: ${reason}`);
  const storageClass = snapshotClassFor(claim, facts);
  checkCount(claim, facts.world);
  const name = `kb-${facts.action.hash}`;
  const object: KubeObject = {
    apiVersion: SNAPSHOT_API,
    kind: 'VolumeSnapshot',
    metadata: { name, namespace: claim.metadata.namespace, labels: { ...OURS } },
    spec: { volumeSnapshotClassName: storageClass.metadata.name, source: { persistentVolumeClaimName: claim.metadata.name } },
  };
  return {
    changes: [{ op: 'create', object }],
    summary: `snapshot ${at} as ${name}, class ${storageClass.metadata.name} (${String(storageClass['deletionPolicy'])}); crash-consistent only: as the volume would be found after a power cut, of this one volume, in the same failure domain`,
  };
}

function checkCount(claim: KubeObject, world: World): void {
  const full = world.list('ResourceQuota', claim.metadata.namespace).find((q) => q.status?.hard?.[COUNT] !== undefined && Number(q.status.used?.[COUNT] ?? 0) >= Number(q.status.hard[COUNT]));
  if (full) refuse('QuotaExceeded', `${nameOfClaim(claim)}: quota ${full.metadata.namespace}/${full.metadata.name} allows ${full.status.hard[COUNT]} snapshots, all in use; remove old ones or raise it`);
}

/** Whole seconds: that is all the driver tells. */
export const isSince = (time: string | undefined, start: string): boolean => Math.floor(Date.parse(time ?? '') / 1000) >= Math.floor(Date.parse(start) / 1000);

export function snapshotProgress(snapshot: KubeObject | undefined, startedAt: string): Progress {
  if (!snapshot) return { state: 'waiting', detail: 'the snapshot is not seen' };
  const { error, readyToUse, creationTime, restoreSize } = snapshot.status ?? {};
  if (error) return { state: 'failed', detail: `the driver says: ${String(error.message ?? 'no reason given').slice(0, 300)}` };
  if (readyToUse !== true) return { state: 'waiting', detail: 'the driver is taking the snapshot' };
  if (!isSince(creationTime, startedAt)) return { state: 'failed', detail: `the snapshot is of ${String(creationTime)}, before this action` };
  return { state: 'reached', detail: `snapshot ${snapshot.metadata.name} of ${creationTime} is ready to use (${String(restoreSize ?? 'size unknown')})` };
}
