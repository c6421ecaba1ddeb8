import { tolerating } from '../simulator/kube-client.js';
import type { Claim } from '../simulator/kube-types.js';
import { provisioner } from '../simulator/storage.js';
import type { Hands, Operator, OperatorObject, Watched } from './define.js';

const apiVersion = 'snapshot.storage.k8s.io/v1';
const snapshots: Watched = { apiVersion, plural: 'volumesnapshots' };
const classes: Watched = { apiVersion, plural: 'volumesnapshotclasses' };

/** On a claim: every snapshot of it fails with this text, as one of a sick driver would. */
export const snapshotErrorAnnotation = 'sandbox.kubernaut.io/snapshot-error';
/** As the snapshot controller has it: a snapshot with a content behind it goes only when that is dealt with. */
const boundProtection = 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection';
const takesMs = 500;

const isDone = ({ status }: OperatorObject): boolean => status?.readyToUse === true || status?.error !== undefined;

const pathOf = ({ metadata }: OperatorObject, hands: Hands): string => hands.pathOf(snapshots, metadata.namespace, metadata.name);

async function setFinalizers(object: OperatorObject, finalizers: string[], hands: Hands): Promise<void> {
  await tolerating([404, 409], hands.client.request('merge', pathOf(object, hands), { metadata: { finalizers, resourceVersion: object.metadata.resourceVersion } }));
}

/** Why no picture of the claim can be taken. */
function whyNot(claim: Claim | undefined, name: string): string | undefined {
  if (!claim) return `the PVC ${name} is not found`;
  if (!claim.spec.volumeName || claim.status?.phase !== 'Bound') return `the PVC ${name} is not yet bound to a PV`;
  const error = claim.metadata.annotations?.[snapshotErrorAnnotation];
  return error === undefined ? undefined : `Failed to create snapshot: ${error}`;
}

/** What the driver would say: an error that stays, or a picture of the claim as it is. */
function statusOf(object: OperatorObject, hands: Hands): object {
  const time = hands.now();
  const name = String(object.spec?.source?.persistentVolumeClaimName ?? '');
  const claim = hands.world.get('PersistentVolumeClaim', object.metadata.namespace, name);
  const message = whyNot(claim, name);
  if (message !== undefined) return { readyToUse: false, error: { time, message } };
  return {
    readyToUse: true,
    creationTime: time,
    restoreSize: claim?.status?.capacity?.['storage'] ?? '1Gi',
    boundVolumeSnapshotContentName: `snapcontent-${object.metadata.uid}`,
  };
}

const inClass = (object: OperatorObject, hands: Hands): boolean => {
  const name: string | undefined = object.spec?.volumeSnapshotClassName;
  return name === undefined || hands.get(classes, undefined, name)?.['driver'] === provisioner;
};

/** Takes pictures of volumes: ready half a second later, unless the claim says otherwise. */
export const volumeSnapshots: Operator = {
  id: 'volume-snapshots',
  crds: ['volume-snapshots'],
  watches: [snapshots, classes],
  defaults: ['Delete', 'Retain'].map((deletionPolicy) => ({
    what: classes,
    object: {
      apiVersion,
      kind: 'VolumeSnapshotClass',
      metadata:
        deletionPolicy === 'Delete'
          ? { name: 'sandbox', annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } }
          : { name: 'sandbox-retain' },
      driver: provisioner,
      deletionPolicy,
    },
  })),
  async react(object, hands) {
    if (object.spec === undefined) return;
    if (object.metadata.deletionTimestamp) return setFinalizers(object, (object.metadata.finalizers ?? []).filter((one) => one !== boundProtection), hands);
    if (!inClass(object, hands) || isDone(object)) return;
    if (!object.metadata.finalizers?.includes(boundProtection)) return setFinalizers(object, [...(object.metadata.finalizers ?? []), boundProtection], hands);
    hands.after(takesMs, async () => {
      const now = hands.get(snapshots, object.metadata.namespace, object.metadata.name);
      if (now?.metadata.uid === object.metadata.uid && !isDone(now)) await hands.setStatus(snapshots, now, statusOf(now, hands));
    });
  },
};
