/* eslint-disable @typescript-eslint/no-explicit-any -- Kubernetes objects are open-ended JSON; narrow them with `import type` from the client where it helps. */

/** A Kubernetes object as plain JSON, exactly as the API server sent it (timestamps are strings). */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: OwnerReference[];
    finalizers?: string[];
    managedFields?: ManagedField[];
    [key: string]: any;
  };
  spec?: any;
  status?: any;
  data?: any;
  [key: string]: any;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

export interface ManagedField {
  manager?: string;
  operation?: string;
  time?: string;
  subresource?: string;
  fieldsV1?: Record<string, unknown>;
}

export interface ObjectRef {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

export const refOf = (o: KubeObject): ObjectRef => ({
  apiVersion: o.apiVersion,
  kind: o.kind,
  ...(o.metadata.namespace ? { namespace: o.metadata.namespace } : {}),
  name: o.metadata.name,
});

export const controllerOf = (o: KubeObject): OwnerReference | undefined =>
  o.metadata.ownerReferences?.find((r) => r.controller);

/** Read-only view over a set of objects that were read together. All lookups are O(1) or one scan of a kind. */
export interface World {
  readonly objects: readonly KubeObject[];
  get(kind: string, namespace: string | undefined, name: string): KubeObject | undefined;
  byUid(uid: string): KubeObject | undefined;
  list(kind: string, namespace?: string): KubeObject[];
  /** Objects whose controller owner is this uid. */
  ownedBy(uid: string): KubeObject[];
  /** Follows controller references as far as the world reaches. */
  topOwnerOf(o: KubeObject): KubeObject;
}

export function worldOf(objects: readonly KubeObject[]): World {
  const byName = new Map<string, KubeObject>();
  const byUid = new Map<string, KubeObject>();
  const byKind = new Map<string, KubeObject[]>();
  const byOwner = new Map<string, KubeObject[]>();
  const push = (map: Map<string, KubeObject[]>, key: string, o: KubeObject) => {
    const list = map.get(key);
    if (list) list.push(o);
    else map.set(key, [o]);
  };
  for (const o of objects) {
    byName.set(`${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`, o);
    if (o.metadata.uid) byUid.set(o.metadata.uid, o);
    push(byKind, o.kind, o);
    const owner = controllerOf(o);
    if (owner) push(byOwner, owner.uid, o);
  }
  const world: World = {
    objects,
    get: (kind, namespace, name) => byName.get(`${kind}/${namespace ?? ''}/${name}`),
    byUid: (uid) => byUid.get(uid),
    list: (kind, namespace) =>
      (byKind.get(kind) ?? []).filter((o) => namespace === undefined || o.metadata.namespace === namespace),
    ownedBy: (uid) => byOwner.get(uid) ?? [],
    topOwnerOf(o) {
      const owner = controllerOf(o);
      const parent = owner && byUid.get(owner.uid);
      return parent ? world.topOwnerOf(parent) : o;
    },
  };
  return world;
}

/** `matchLabels` and `matchExpressions` of a LabelSelector. An empty selector matches everything, `undefined` nothing. */
export function selects(
  selector: { matchLabels?: Record<string, string>; matchExpressions?: { key: string; operator: string; values?: string[] }[] } | undefined,
  labels: Record<string, string> = {},
): boolean {
  if (!selector) return false;
  const equal = Object.entries(selector.matchLabels ?? {}).every(([k, v]) => labels[k] === v);
  return equal && (selector.matchExpressions ?? []).every((e) => expressionHolds(e, labels[e.key]));
}

const SELECTED = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

/** Workloads whose pods a selector is meant for, by their templates. An empty selector selects everything: that names no workload. */
export function workloadsSelectedBy(selector: Parameters<typeof selects>[0], world: World, namespace: string | undefined): KubeObject[] {
  if (Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions?.length ?? 0) === 0) return [];
  return SELECTED.flatMap((kind) => world.list(kind, namespace)).filter((w) => selects(selector, w.spec?.template?.metadata?.labels));
}

function expressionHolds(e: { operator: string; values?: string[] }, value: string | undefined): boolean {
  switch (e.operator) {
    case 'In':
      return value !== undefined && (e.values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(e.values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

export const isPodReady = (pod: KubeObject): boolean =>
  !pod.metadata.deletionTimestamp &&
  (pod.status?.conditions ?? []).some((c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'True');

export const conditionOf = (
  o: KubeObject | undefined,
  type: string,
): { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string } | undefined =>
  (o?.status?.conditions ?? []).find((c: { type: string }) => c.type === type);

export const isNodeReady = (node: KubeObject): boolean => conditionOf(node, 'Ready')?.status === 'True';

/** All pods below a workload: directly owned, or owned by its ReplicaSets. */
export function podsOf(world: World, workload: KubeObject): KubeObject[] {
  if (workload.kind === 'Pod') return [workload];
  const direct = world.ownedBy(workload.metadata.uid ?? '');
  return direct.flatMap((o) => (o.kind === 'Pod' ? [o] : world.ownedBy(o.metadata.uid ?? '').filter((p) => p.kind === 'Pod')));
}
