import type { ObjectChange } from './object-change.js';

/** A ConfigMap as it was once seen: a few bits of a hash of each value, never a value. */
export interface ConfigVersion {
  cluster: string;
  namespace: string;
  name: string;
  uid: string;
  version: string;
  /** RFC 3339: when it was last written, as far as its metadata tells. */
  at: string;
  by?: string;
  /** Key → hash. */
  keys: Record<string, string>;
}

/** Which keys are no longer as they were; undefined when none, or when it is another object of the same name. */
export function configChange(before: ConfigVersion | undefined, after: ConfigVersion): ObjectChange | undefined {
  if (!before || before.uid !== after.uid || before.version === after.version) return undefined;
  const names = [...new Set([...Object.keys(before.keys), ...Object.keys(after.keys)])].sort();
  const changed = names.filter((k) => before.keys[k] !== after.keys[k]).slice(0, 12);
  if (changed.length === 0) return undefined;
  return {
    cluster: after.cluster, object: { kind: 'ConfigMap', namespace: after.namespace, name: after.name }, uid: after.uid, version: after.version, at: after.at, verb: 'updated',
    ...(after.by ? { by: after.by } : {}),
    fields: changed.map((k) => ({ path: `data.${k}`, ...(k in before.keys ? {} : { to: '(added)' }), ...(k in after.keys ? {} : { to: '(removed)' }) })),
  };
}
