import { conditionOf, isNodeReady, podsOf, type KubeObject, type World } from '../../domain/kube.js';
import type { Target } from '../../domain/target.js';
import { meshParts } from '../../actions/mesh.js';
import { dnsParts } from './dns-parts.js';
import { servicesNamedIn, textsOf } from './named-services.js';
import { behindClaim, budgetsOver, dependentsOf, ownersOf, podsUsing, slicesOf, storageOf } from './relatives.js';
import { newSelection, type Selection } from './selection.js';

/** Workloads of whole namespaces stop here; nodes and the target's own chain never do. */
const MAX_WORKLOADS = 150;
const MAX_PODS = 300;
const MAX_NAMESPACES = 5;
/** Pods that only take room on nodes. */
const MAX_SKELETONS = 3000;
/** A dependency's dependency may be the root. */
const HOPS = 2;

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'] as const;
/** What bounds, serves and protects a namespace's pods. Few per namespace. */
const BOUNDS = ['HorizontalPodAutoscaler', 'PodDisruptionBudget', 'ResourceQuota', 'LimitRange', 'NetworkPolicy', 'Service', 'EndpointSlice', 'Ingress'] as const;

/** Objects of other projects that actions work through, where they are installed. */
const OPERATED = ['VerticalPodAutoscaler', 'ScaledObject', 'VolumeSnapshot', 'Cluster', 'Backup', 'ExternalSecret', 'Certificate'] as const;
/** Few, and of the whole cluster. */
const CLUSTER_WIDE = ['StorageClass', 'VolumeSnapshotClass', 'MutatingWebhookConfiguration'] as const;

export interface CollectedObjects {
  object?: KubeObject;
  /** Pods of the target: under the workload, on the node, using the claim, or in the namespace. */
  pods: KubeObject[];
  selection: Selection;
}

/** Everything the cache knows that can explain or bound an action on the target. No request. */
export function collectObjects(world: World, target: Target): CollectedObjects {
  const selection = newSelection();
  const object = world.get(target.kind, target.namespace, target.name);
  const pods = object ? podsAbout(world, object) : [];
  if (object) {
    selection.add([object, ...ownersOf(world, object), ...dependentsOf(world, object)], 'whole');
    selection.add(object.kind === 'PersistentVolumeClaim' ? behindClaim(world, object) : []);
    selection.add(scaledBy(world, object), 'whole');
  }
  selection.addSome('pods of the target', pods, MAX_PODS);
  selection.add(pods.flatMap((pod) => ownersOf(world, pod)));
  selection.add(storageOf(world, pods));
  selection.add(budgetsOver(world, pods));
  selection.add(world.list('Node'));
  for (const kind of CLUSTER_WIDE) selection.add(world.list(kind));
  selection.add(meshParts(world));
  selection.add(dnsParts(world));
  addTroubledNodes(world, selection, pods);
  const namespace = target.kind === 'Namespace' ? target.name : target.namespace;
  if (namespace) addNamespace(world, selection, namespace);
  if (object) addNamed(world, selection, [...textsOf(object), ...pods.slice(0, 3).flatMap(textsOf)], namespace);
  return { object, pods, selection };
}

/** What an autoscaler scales, with its revisions: the reason for blind metrics may be its last rollout. */
function scaledBy(world: World, object: KubeObject): KubeObject[] {
  const { kind, name } = object.kind === 'HorizontalPodAutoscaler' ? (object.spec?.scaleTargetRef ?? {}) : {};
  const scaled = kind && name ? world.get(kind, object.metadata.namespace, name) : undefined;
  return scaled ? [scaled, ...dependentsOf(world, scaled)] : [];
}

function podsAbout(world: World, object: KubeObject): KubeObject[] {
  switch (object.kind) {
    case 'Node':
      return world.list('Pod').filter((p) => p.spec?.nodeName === object.metadata.name);
    case 'PersistentVolumeClaim':
      return podsUsing(world, object);
    case 'Namespace':
      return world.list('Pod', object.metadata.name);
    case 'ResourceQuota':
      return world.list('Pod', object.metadata.namespace);
    case 'CronJob':
      return dependentsOf(world, object).filter((o) => o.kind === 'Pod');
    default:
      return podsOf(world, object);
  }
}

function addNamespace(world: World, selection: Selection, namespace: string): void {
  selection.add([world.get('Namespace', undefined, namespace)]);
  for (const kind of BOUNDS) selection.addSome(`${kind}s of namespace ${namespace}`, world.list(kind, namespace), MAX_WORKLOADS);
  for (const kind of WORKLOADS) selection.addSome(`${kind}s of namespace ${namespace}`, world.list(kind, namespace), MAX_WORKLOADS);
  const pods = world.list('Pod', namespace);
  selection.addSome(`pods of namespace ${namespace}`, pods, MAX_PODS);
  selection.addSome(`ReplicaSets of namespace ${namespace}`, world.list('ReplicaSet', namespace).filter((r) => isWorthKeeping(world, r)), MAX_WORKLOADS);
  selection.addSome(`PersistentVolumeClaims of namespace ${namespace}`, world.list('PersistentVolumeClaim', namespace), MAX_WORKLOADS);
  for (const kind of OPERATED) selection.addSome(`${kind}s of namespace ${namespace}`, world.list(kind, namespace), MAX_WORKLOADS);
}

/** Old revisions matter where something may have to be rolled back: not for workloads that are fine. */
function isWorthKeeping(world: World, replicaSet: KubeObject): boolean {
  if ((replicaSet.status?.replicas ?? 0) > 0) return true;
  const owner = world.topOwnerOf(replicaSet);
  return (owner.status?.availableReplicas ?? 0) < (owner.spec?.replicas ?? 1);
}

/** A broken node under the target may be the root: then it is the node one acts on, and all it carries is at stake. */
function addTroubledNodes(world: World, selection: Selection, pods: readonly KubeObject[]): void {
  const names = new Set(pods.map((p) => p.spec?.nodeName as string | undefined));
  const troubled = world.list('Node').filter((n) => names.has(n.metadata.name) && isTroubledNode(n)).map((n) => n.metadata.name);
  if (troubled.length === 0) return;
  const carried = world.list('Pod').filter((p) => troubled.includes(p.spec?.nodeName));
  selection.addSome('pods on broken nodes', carried, MAX_PODS);
  selection.add(carried.slice(0, MAX_PODS).flatMap((p) => ownersOf(world, p)));
}

const isTroubledNode = (node: KubeObject): boolean =>
  !isNodeReady(node) || ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable'].some((type) => conditionOf(node, type)?.status === 'True');

/** Everything else that is scheduled, reduced to what it asks of its node: "is there room" needs all of it. Call last. */
export function addSkeletons(world: World, selection: Selection): void {
  const others = world.list('Pod').filter((p) => p.spec?.nodeName && !['Succeeded', 'Failed'].includes(p.status?.phase) && !selection.has(p));
  selection.addSome('requests of other pods', others, MAX_SKELETONS, 'skeleton');
}

/** Namespaces that the texts point into, with what runs there, and what that points at in turn. */
export function addNamed(world: World, selection: Selection, texts: readonly string[], home: string | undefined): void {
  let toRead = texts;
  const done = new Set([home]);
  for (let hop = 0; hop < HOPS && toRead.length > 0; hop++) {
    const { services, namespaces } = servicesNamedIn(world, toRead);
    selection.add([...services, ...slicesOf(world, services)]);
    const fresh = [...namespaces].filter((n) => !done.has(n)).slice(0, MAX_NAMESPACES - done.size + 1);
    for (const namespace of fresh) {
      done.add(namespace);
      addNamespace(world, selection, namespace);
    }
    toRead = fresh.flatMap((n) => WORKLOADS.flatMap((kind) => world.list(kind, n)).flatMap(textsOf));
  }
}
