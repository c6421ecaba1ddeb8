import type { KubeObject, ManagedField } from '../../domain/kube.js';

/** Field owners are asked of these alone (who owns spec.replicas, resources, the template: the GitOps check C5; when a claim was resized last). */
const OWNERSHIP_MATTERS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'HorizontalPodAutoscaler', 'PersistentVolumeClaim']);

/**
 * Drops what nobody here reads and what makes caches big: field sets (about half of a pod), image lists of nodes.
 * Changes the object in place: it was parsed for us alone.
 */
export function slim(o: KubeObject): KubeObject {
  if (o.kind === 'Event') delete o.metadata.managedFields;
  else o.metadata.managedFields = o.metadata.managedFields?.map((f) => withoutSet(f, o.kind));
  if (o.kind === 'Node' && o.status) delete o.status.images;
  return o;
}

function withoutSet(field: ManagedField, kind: string): ManagedField {
  if (OWNERSHIP_MATTERS.has(kind) && field.subresource !== 'status') return field;
  const { fieldsV1: _dropped, ...rest } = field;
  return rest;
}
