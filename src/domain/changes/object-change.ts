import type { KubeObject } from '../kube.js';
import { redactObject } from '../redact-object.js';
import { fieldChanges, type FieldChange } from './field-changes.js';

/** One difference between two versions of a watched object, small enough to keep for a week. */
export interface ObjectChange {
  cluster: string;
  object: { kind: string; namespace?: string; name: string };
  uid: string;
  /** resourceVersion after it: with the uid, its identity. */
  version: string;
  /** RFC 3339. */
  at: string;
  verb: 'updated' | 'created' | 'deleted';
  by?: string;
  fields: FieldChange[];
}

/** Kinds whose edits explain trouble. No pods, no statuses, nothing that changes by itself. */
export const TRACKED = [
  'Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Service', 'Ingress', 'NetworkPolicy', 'HorizontalPodAutoscaler',
  'PodDisruptionBudget', 'ResourceQuota', 'LimitRange', 'Node', 'PersistentVolumeClaim', 'StorageClass', 'ConfigMap',
] as const;
const tracked: ReadonlySet<string> = new Set(TRACKED);

/** Written by controllers and by us as they go: no edit of anybody. */
const OWN_ACCORD = /^spec\.(podCIDRs?|providerID|volumeName|clusterIPs?|nodeName)\b|^spec\.template\.metadata\.annotations\.kubernaut\.io\//;

/** What an edit changed, or undefined when it is none: a status, a heartbeat, a label of no consequence. Redacted. */
export function changeBetween(cluster: string, before: KubeObject, after: KubeObject, seenAt: string): ObjectChange | undefined {
  if (!isEditable(before, after)) return undefined;
  const fields = fieldChanges(specOf(before), specOf(after), 'spec').filter((f) => !OWN_ACCORD.test(f.path));
  const { time, manager } = lastWriter(after) ?? {};
  if (fields.length === 0 || isAutoscaled(fields, manager)) return undefined;
  return { ...identity(cluster, after), at: time ?? seenAt, verb: 'updated', ...(manager ? { by: manager } : {}), fields };
}

const specOf = (o: KubeObject): unknown => redactObject(o.spec ?? {});

/** The server counts the edits of most kinds: then a heartbeat costs one comparison. */
function isEditable(before: KubeObject, after: KubeObject): boolean {
  const { uid, generation } = before.metadata;
  return tracked.has(after.kind) && uid === after.metadata.uid && (generation === undefined || generation !== after.metadata.generation);
}

/** What is gone: its time is when we saw it. */
export const deletionOf = (cluster: string, o: KubeObject, seenAt: string): ObjectChange | undefined =>
  tracked.has(o.kind) ? { ...identity(cluster, o), version: `${o.metadata.resourceVersion ?? ''}-deleted`, at: seenAt, verb: 'deleted', fields: [] } : undefined;

/** An autoscaler at its work, several times a minute on a busy day. */
const isAutoscaled = (fields: readonly FieldChange[], manager = ''): boolean => manager === 'kube-controller-manager' && fields.every((f) => f.path === 'spec.replicas');

const identity = (cluster: string, { kind, metadata }: KubeObject): Pick<ObjectChange, 'cluster' | 'object' | 'uid' | 'version'> => {
  const { namespace, name, uid = '', resourceVersion: version = '' } = metadata;
  return { cluster, object: { kind, ...(namespace ? { namespace } : {}), name }, uid, version };
};

/** Who last wrote anything but the status. */
export function lastWriter(o: KubeObject): { manager?: string; time?: string } | undefined {
  const writes = (o.metadata.managedFields ?? []).filter((f) => f.subresource !== 'status' && f.time !== undefined);
  return writes.sort((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))[0];
}
