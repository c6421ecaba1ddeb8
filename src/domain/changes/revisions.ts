import { controllerOf, type KubeObject, type World } from '../kube.js';
import { redactObject } from '../redact-object.js';
import { fieldChanges, type FieldChange } from './field-changes.js';
import { lastWriter } from './object-change.js';
import type { Found } from './found.js';

const REVISION = 'deployment.kubernetes.io/revision';
const HASHES = ['pod-template-hash', 'controller-revision-hash'];

interface Revision {
  number: number;
  at: string;
  template: unknown;
  isReused: boolean;
}

/** Rollouts of a workload, told by the templates that its controller keeps: each against the one before it. */
export function rolloutsOf(world: World, workload: KubeObject): Found[] {
  const revisions = revisionsOf(world, workload);
  return revisions.flatMap((revision, i) => {
    const before = revisions[i - 1];
    if (!before) return [];
    // one that was taken up again is as old as its first life: when it came back is written nowhere but in the newest write
    const at = revision.isReused ? (lastWriter(workload)?.time ?? revision.at) : revision.at;
    return fieldsOf(before, revision).map((f): Found => ({
      at, object: { kind: workload.kind, namespace: workload.metadata.namespace, name: workload.metadata.name },
      what: `revision ${revision.number} rolled out`, ...f, ...writerNear(workload, at), source: 'revision',
    }));
  });
}

/** Oldest first. */
function revisionsOf(world: World, workload: KubeObject): Revision[] {
  const owned = world.ownedBy(workload.metadata.uid ?? '').filter((o) => controllerOf(o)?.uid === workload.metadata.uid);
  const found = workload.kind === 'Deployment' ? owned.filter((o) => o.kind === 'ReplicaSet').map(ofReplicaSet) : owned.filter((o) => o.kind === 'ControllerRevision').map(ofControllerRevision);
  return found.sort((a, b) => a.number - b.number);
}

const ofReplicaSet = (rs: KubeObject): Revision => ({
  number: Number(rs.metadata.annotations?.[REVISION] ?? 0),
  at: rs.metadata.creationTimestamp ?? '',
  template: rs.spec?.template,
  isReused: rs.metadata.annotations?.['deployment.kubernetes.io/revision-history'] !== undefined,
});

const ofControllerRevision = (revision: KubeObject): Revision => ({
  number: Number(revision.revision ?? 0),
  at: revision.metadata.creationTimestamp ?? '',
  template: revision.data?.spec?.template,
  isReused: false,
});

const fieldsOf = (before: Revision, after: Revision): FieldChange[] => fieldChanges(comparable(before.template), comparable(after.template), 'spec.template');

/** Without what controllers stamp on each revision. */
function comparable(template: unknown): unknown {
  const { metadata = {}, spec = {}, ...rest } = (redactObject(template ?? {}) ?? {}) as { metadata?: Record<string, unknown>; spec?: Record<string, unknown>; [key: string]: unknown };
  const labels = Object.fromEntries(Object.entries((metadata.labels as Record<string, string>) ?? {}).filter(([key]) => !HASHES.includes(key)));
  const { creationTimestamp: _created, ...others } = metadata;
  const { $patch: _patch, ...own } = rest;
  return { ...own, metadata: { ...others, labels }, spec: Object.fromEntries(Object.entries(spec).filter(([key]) => key !== '$patch')) };
}

/** Who wrote the workload in the seconds in which the revision was made. */
function writerNear(workload: KubeObject, at: string): { by?: string } {
  const near = (workload.metadata.managedFields ?? []).find((f) => f.subresource !== 'status' && f.manager && Math.abs(Date.parse(f.time ?? '') - Date.parse(at)) <= 3000);
  return near?.manager ? { by: near.manager } : {};
}
