import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../src/domain/kube.js';
import type { Snapshot } from './snapshot.js';

export interface Difference {
  key: string;
  kind: string;
  namespace?: string;
  name: string;
  change: 'added' | 'removed' | 'replaced' | 'changed';
  /** What differs: `spec.replicas`, `metadata.labels`. */
  paths: string[];
  before?: KubeObject;
  after?: KubeObject;
}

export interface DiffScope {
  /** Other files' namespaces: what happens there, or for them, is not this file's business. */
  isForeign(namespace: string): boolean;
}

type Json = Record<string, unknown>;
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Annotations that are no change: a restart mark, our own notes, bookkeeping of controllers and of this runner. */
const FREE_ANNOTATION = /^(kubectl\.kubernetes\.io\/(restartedAt|last-applied-configuration)$|kubernaut\.io\/|deployment\.kubernetes\.io\/(revision|desired-replicas|max-replicas)|deprecated\.daemonset\.template\.generation$|pv\.kubernetes\.io\/|volume\.(beta\.)?kubernetes\.io\/|autoscaling\.alpha\.kubernetes\.io\/|node\.alpha\.kubernetes\.io\/|batch\.kubernetes\.io\/)/;
/** Our own marks, and what the node lifecycle controller copies onto a new node. */
const FREE_LABEL = /^(sandbox\.kubernaut\.io\/|beta\.kubernetes\.io\/(arch|os)$)/;
/** Taints of the node lifecycle controller follow a node's condition and cordon. */
const CONTROLLER_TAINT = /^node\.kubernetes\.io\//;

const without = (map: unknown, free: RegExp): Json => Object.fromEntries(Object.entries(isRecord(map) ? map : {}).filter(([key]) => !free.test(key)));

/** The pod template's annotations count as the object's own. */
function withoutFreeAnnotations(spec: unknown): unknown {
  if (!isRecord(spec) || !isRecord(spec['template']) || !isRecord(spec['template']['metadata'])) return spec;
  const { annotations, ...metadata } = spec['template']['metadata'];
  const kept = without(annotations, FREE_ANNOTATION);
  return { ...spec, template: { ...spec['template'], metadata: { ...metadata, ...(Object.keys(kept).length > 0 ? { annotations: kept } : {}) } } };
}

/** Fields of a spec that controllers fill in by themselves. */
function withoutServerSet(o: KubeObject, isAutoscaled: boolean): unknown {
  const spec = withoutFreeAnnotations(o.spec);
  if (!isRecord(spec)) return spec;
  const { replicas, taints, volumeName, ...rest } = spec;
  return {
    ...rest,
    ...(replicas === undefined || isAutoscaled ? {} : { replicas }),
    ...(o.kind === 'Node' ? keptTaints(taints) : taints === undefined ? {} : { taints }),
    ...(volumeName === undefined || o.kind === 'PersistentVolumeClaim' ? {} : { volumeName }),
  };
}

function keptTaints(taints: unknown): { taints?: unknown[] } {
  const kept = Array.isArray(taints) ? taints.filter((t: { key?: string }) => !CONTROLLER_TAINT.test(t.key ?? '')) : [];
  return kept.length > 0 ? { taints: kept } : {};
}

/** Everything of an object that counts: no status, no server-set metadata. */
export function essenceOf(o: KubeObject, isAutoscaled: boolean): Json {
  const { status: _status, metadata, spec: _spec, apiVersion: _version, kind: _kind, ...rest } = o;
  const spec = withoutServerSet(o, isAutoscaled);
  return {
    ...rest,
    ...(spec === undefined ? {} : { spec }),
    metadata: {
      labels: without(metadata.labels, FREE_LABEL),
      annotations: without(metadata.annotations, FREE_ANNOTATION),
      ...(metadata.deletionTimestamp ? { deletionTimestamp: 'set' } : {}),
    },
  };
}

/** `kind/namespace/name` of everything an autoscaler scales. */
function autoscaledIn(snapshot: Snapshot): Set<string> {
  const hpas = [...snapshot.values()].filter((o) => o.kind === 'HorizontalPodAutoscaler');
  return new Set(hpas.map((h) => `${h.spec?.scaleTargetRef?.kind}/${h.metadata.namespace}/${h.spec?.scaleTargetRef?.name}`));
}

/** Made and kept by a controller: it follows its owner, whose own change is judged. A volume follows its claim. */
const isManaged = (o: KubeObject): boolean => (o.metadata.ownerReferences ?? []).some((r) => r.controller) || (o.kind === 'PersistentVolume' && Boolean(o.metadata.annotations?.['pv.kubernetes.io/provisioned-by']));

/** Objects every namespace gets by itself, and the runner's own table. */
const isAutomatic = (o: KubeObject): boolean =>
  (o.kind === 'ConfigMap' && o.metadata.name === 'kube-root-ca.crt') ||
  (o.kind === 'ServiceAccount' && o.metadata.name === 'default') ||
  (o.kind === 'ConfigMap' && o.metadata.namespace === 'kubernaut-sandbox');

function namespaceOf(o: KubeObject): string | undefined {
  if (o.kind === 'Namespace') return o.metadata.name;
  return o.metadata.namespace ?? (o.kind === 'PersistentVolume' ? (o.spec?.claimRef?.namespace as string | undefined) : undefined);
}

function pathsOf(before: unknown, after: unknown, path: string, depth: number): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (depth === 0 || !isRecord(before) || !isRecord(after)) return [path];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => pathsOf(before[key], after[key], path ? `${path}.${key}` : key, depth - 1));
}

function differenceOf(before: KubeObject | undefined, after: KubeObject | undefined, isAutoscaled: boolean): Pick<Difference, 'change' | 'paths'> | undefined {
  if (!before) return { change: 'added', paths: [] };
  if (!after) return { change: 'removed', paths: [] };
  const paths = pathsOf(essenceOf(before, isAutoscaled), essenceOf(after, isAutoscaled), '', 4);
  if (before.metadata.uid !== after.metadata.uid) return { change: 'replaced', paths: ['metadata.uid', ...paths] };
  return paths.length > 0 ? { change: 'changed', paths } : undefined;
}

/** What differs between two moments of the whole cluster, apart from what follows by itself. */
export function diffSnapshots(before: Snapshot, after: Snapshot, scope: DiffScope): Difference[] {
  const autoscaled = new Set([...autoscaledIn(before), ...autoscaledIn(after)]);
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    const [old, now] = [before.get(key), after.get(key)];
    const one = (now ?? old)!;
    const namespace = namespaceOf(one);
    if (isManaged(one) || isAutomatic(one) || (namespace !== undefined && scope.isForeign(namespace))) return [];
    const found = differenceOf(old, now, autoscaled.has(`${one.kind}/${one.metadata.namespace}/${one.metadata.name}`));
    if (!found) return [];
    const { name } = one.metadata;
    return [{ key, kind: one.kind, ...(one.metadata.namespace ? { namespace: one.metadata.namespace } : {}), name, ...found, ...(old ? { before: old } : {}), ...(now ? { after: now } : {}) }];
  });
}
