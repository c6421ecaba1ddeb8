import type { KubeObject } from '../../domain/kube.js';
import { redactObject } from '../../domain/redact-object.js';

/** How much of an object decisions need: the target's own chain whole, its surroundings without who wrote what. */
export type Detail = 'whole' | 'trimmed' | 'skeleton';

/** Who owns which field is asked of what one may act on (actions.md 1.3 C5). */
const OWNERSHIP_MATTERS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'HorizontalPodAutoscaler', 'PersistentVolumeClaim']);

const NOISE = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

/**
 * Redacted copies for the record. Watched objects are replaced, never changed, so each version is redacted once however many
 * remediations read it.
 */
export function redactedCopies(): (o: KubeObject, detail: Detail) => KubeObject {
  const kept: Record<Detail, WeakMap<KubeObject, KubeObject>> = { whole: new WeakMap(), trimmed: new WeakMap(), skeleton: new WeakMap() };
  return (o, detail) => {
    const known = kept[detail].get(o);
    if (known) return known;
    const copy = redactObject(SHAPES[detail](o));
    kept[detail].set(o, copy);
    return copy;
  };
}

function withoutNoise(o: KubeObject): KubeObject {
  const annotations = Object.fromEntries(Object.entries(o.metadata.annotations ?? {}).filter(([key]) => !NOISE.has(key)));
  return { ...o, metadata: { ...o.metadata, ...(o.metadata.annotations ? { annotations } : {}) } };
}

function trimmed(o: KubeObject): KubeObject {
  const { managedFields, ...metadata } = withoutNoise(o).metadata;
  const lean: KubeObject = { ...o, metadata: OWNERSHIP_MATTERS.has(o.kind) ? { ...metadata, managedFields } : metadata };
  if (o.kind === 'Pod') lean.spec = trimmedPodSpec(o.spec ?? {});
  if (o.kind === 'Node') lean.status = trimmedNodeStatus(o.status ?? {});
  return lean;
}

interface Named {
  name?: string;
}

/** The token volume that admission adds to every pod says nothing about this one. */
function trimmedPodSpec(spec: KubeObject['spec']): unknown {
  const isToken = (v: Named) => v.name?.startsWith('kube-api-access-') ?? false;
  const containers = (list: { volumeMounts?: Named[] }[] | undefined) =>
    list?.map((c) => ({ ...c, ...(c.volumeMounts ? { volumeMounts: c.volumeMounts.filter((m) => !isToken(m)) } : {}) }));
  return {
    ...spec,
    ...(spec.volumes ? { volumes: spec.volumes.filter((v: Named) => !isToken(v)) } : {}),
    containers: containers(spec.containers),
    ...(spec.initContainers ? { initContainers: containers(spec.initContainers) } : {}),
  };
}

function trimmedNodeStatus(status: KubeObject['status']): unknown {
  const { images: _images, volumesInUse: _inUse, volumesAttached: _attached, config: _config, ...rest } = status;
  return rest;
}

interface Asking {
  name: string;
  restartPolicy?: string;
  resources?: unknown;
}

const askOf = ({ name, restartPolicy, resources }: Asking): Asking => ({ name, ...(restartPolicy ? { restartPolicy } : {}), ...(resources ? { resources } : {}) });

/**
 * A pod that only takes room on its node. Without a uid on purpose: what was merely counted was not read, and nothing may be
 * done to it (grounding is by uid).
 */
function skeleton(pod: KubeObject): KubeObject {
  const { nodeName, containers = [], initContainers, overhead, priority } = pod.spec ?? {};
  const { name, namespace, deletionTimestamp } = pod.metadata;
  return {
    apiVersion: pod.apiVersion,
    kind: pod.kind,
    metadata: { name, namespace, ...(deletionTimestamp ? { deletionTimestamp } : {}) },
    spec: { nodeName, containers: containers.map(askOf), ...(initContainers ? { initContainers: initContainers.map(askOf) } : {}), ...(overhead ? { overhead } : {}), ...(priority === undefined ? {} : { priority }) },
    status: { phase: pod.status?.phase, conditions: (pod.status?.conditions ?? []).filter((c: { type: string }) => c.type === 'Ready') },
  };
}

const SHAPES: Record<Detail, (o: KubeObject) => KubeObject> = { whole: withoutNoise, trimmed, skeleton };
