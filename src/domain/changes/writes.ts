import type { KubeObject } from '../kube.js';
import type { Found } from './found.js';
import { TRACKED, type ObjectChange } from './object-change.js';

/** Controllers write what belongs to them all day long. */
const CONTROLLERS = /^(kube-controller-manager|kube-scheduler|kubelet|cluster-autoscaler|.*-controller(-manager)?)/;
/** What is written within so long of the creation is the creation. */
const SAME_ACT_MS = 2000;

const tracked: ReadonlySet<string> = new Set(TRACKED);
const nameOf = ({ kind, metadata: m }: KubeObject): Found['object'] => ({ kind, ...(m.namespace ? { namespace: m.namespace } : {}), name: m.name });

/** Edits by people and tools as the API server remembers them: who and when, for ConfigMaps which keys; not what was there before. */
export function writesOf(o: KubeObject): Found[] {
  if (!tracked.has(o.kind)) return [];
  const created = Date.parse(o.metadata.creationTimestamp ?? '');
  return (o.metadata.managedFields ?? [])
    .filter((f) => f.subresource !== 'status' && f.time && f.manager && !CONTROLLERS.test(f.manager) && Date.parse(f.time) - created > SAME_ACT_MS)
    .map((f): Found => {
      const keys = o.kind === 'ConfigMap' ? keysIn(f.fieldsV1) : [];
      return { at: f.time!, object: nameOf(o), ...(keys.length > 0 ? inKeys(keys) : { what: 'written' }), by: f.manager!, source: o.kind === 'ConfigMap' ? 'configuration' : 'managed_fields' };
    });
}

const inKeys = (keys: string[]): Pick<Found, 'what' | 'path'> =>
  keys.length === 1 ? { what: `key ${keys[0]!} written`, path: `data.${keys[0]!}` } : { what: `keys ${keys.slice(0, 6).join(', ')} written`, path: 'data' };

/** `{"f:data": {"f:PORT": {}}}` → `PORT` */
export const keysIn = (set: Record<string, unknown> | undefined): string[] =>
  ['f:data', 'f:binaryData'].flatMap((part) => Object.keys((set?.[part] ?? {}) as object)).filter((k) => k.startsWith('f:')).map((k) => k.slice(2)).sort();

/** What came into being. Pods and revisions come by themselves; so do quotas' and policies' siblings not. */
export const creationOf = (o: KubeObject): Found[] =>
  tracked.has(o.kind) && o.metadata.creationTimestamp ? [{ at: o.metadata.creationTimestamp, object: nameOf(o), what: 'created', source: 'creation' }] : [];

/** What our own watch recorded, with the values before and after. */
export const recordedOf = (c: ObjectChange): Found[] => {
  const base = { at: c.at, object: c.object, ...(c.by ? { by: c.by } : {}), source: 'snapshot' as const };
  if (c.verb !== 'updated') return [{ ...base, what: c.verb }];
  return c.fields.map((f) => ({ ...base, what: c.object.kind === 'ConfigMap' ? `key ${f.path.replace(/^data\./, '')} changed` : `${f.path} changed`, ...f }));
};
