import { isNodeReady, selects, type KubeObject, type World } from '../domain/kube.js';
import { passesTerms } from '../domain/node-match.js';
import { canRunOn, howMany, requestsOf, roomOn } from './capacity.js';
import { topologySpreadAgainst } from './topology-spread.js';
import { podSpecOf } from './workload.js';

/** Why the scheduler would not put this pod, once it is evicted, on that node; undefined when it would. */
export function misfitOf(world: World, pod: KubeObject, node: KubeObject): string | undefined {
  if (!isNodeReady(node)) return 'it is not Ready';
  if (!canRunOn(node, pod)) return 'it is cordoned, tainted, or not selected by the pod';
  if (howMany(roomOn(world, node), requestsOf(pod)) < 1) return 'it has no room';
  return placementAgainst(world, pod, node);
}

/** What goes beyond the node itself: where volumes are, and where other pods run. */
export const placementAgainst = (world: World, pod: KubeObject, node: KubeObject): string | undefined =>
  volumeAgainst(world, pod, node) ?? topologySpreadAgainst(world, pod, node) ?? podAffinityAgainst(world, pod, node);

interface Volume {
  name: string;
  persistentVolumeClaim?: { claimName: string };
  ephemeral?: unknown;
}

/** The bound volumes of a pod. */
export function volumesOf(world: World, pod: KubeObject): KubeObject[] {
  const claims = ((podSpecOf(pod)?.volumes ?? []) as Volume[]).flatMap((v) => v.persistentVolumeClaim?.claimName ?? (v.ephemeral ? `${pod.metadata.name}-${v.name}` : []));
  return claims.flatMap((name) => {
    const claim = world.get('PersistentVolumeClaim', pod.metadata.namespace, name);
    return world.get('PersistentVolume', undefined, claim?.spec?.volumeName ?? '') ?? [];
  });
}

/** Volumes of older provisioners say their zone by label only. */
const ZONE_LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region'];

function volumeAgainst(world: World, pod: KubeObject, node: KubeObject): string | undefined {
  const stuck = volumesOf(world, pod).find((volume) => !passesTerms(node, volume.spec?.nodeAffinity?.required?.nodeSelectorTerms) || !isInZone(volume, node));
  return stuck && `volume ${stuck.metadata.name} cannot be attached there`;
}

/** `__` separates the zones of a regional volume. */
const isInZone = (volume: KubeObject, node: KubeObject): boolean =>
  ZONE_LABELS.every((key) => {
    const zones = volume.metadata.labels?.[key]?.split('__');
    return !zones || zones.includes(node.metadata.labels?.[key] ?? '');
  });

interface AffinityTerm {
  topologyKey: string;
  labelSelector?: Parameters<typeof selects>[0];
  namespaces?: string[];
  namespaceSelector?: Parameters<typeof selects>[0];
}

/** Required pod affinity and anti-affinity, of this pod towards the others. */
function podAffinityAgainst(world: World, pod: KubeObject, node: KubeObject): string | undefined {
  const { podAffinity, podAntiAffinity } = podSpecOf(pod)?.affinity ?? {};
  const required = (a: { requiredDuringSchedulingIgnoredDuringExecution?: AffinityTerm[] } | undefined) => a?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const enemy = required(podAntiAffinity).find((term) => neighbours(world, pod, node, term).length > 0);
  if (enemy) return `pod anti-affinity over ${enemy.topologyKey} keeps it away`;
  const friend = required(podAffinity).find((term) => neighbours(world, pod, node, term).length === 0 && !isFirst(world, pod, term));
  return friend && `pod affinity over ${friend.topologyKey} asks for another place`;
}

/** Pods that a term is about, in the same domain as the node; the pod itself is leaving. */
function neighbours(world: World, pod: KubeObject, node: KubeObject, term: AffinityTerm): KubeObject[] {
  const domain = node.metadata.labels?.[term.topologyKey];
  if (domain === undefined) return [];
  const isInDomain = (o: KubeObject): boolean => world.get('Node', undefined, o.spec?.nodeName ?? '')?.metadata.labels?.[term.topologyKey] === domain;
  return meant(world, pod, term).filter(isInDomain);
}

function meant(world: World, pod: KubeObject, term: AffinityTerm): KubeObject[] {
  const isNamespace = (namespace: string | undefined): boolean => {
    if (term.namespaces?.includes(namespace ?? '')) return true;
    if (term.namespaceSelector) return selects(term.namespaceSelector, world.get('Namespace', undefined, namespace ?? '')?.metadata.labels);
    return !term.namespaces?.length && namespace === pod.metadata.namespace;
  };
  return world.list('Pod').filter((o) => o.metadata.uid !== pod.metadata.uid && !isOver(o) && isNamespace(o.metadata.namespace) && selects(term.labelSelector, o.metadata.labels));
}

/** The first of a group that wants to be together may go anywhere. */
const isFirst = (world: World, pod: KubeObject, term: AffinityTerm): boolean => meant(world, pod, term).length === 0 && selects(term.labelSelector, pod.metadata.labels);

const isOver = (pod: KubeObject): boolean => pod.metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed'].includes(pod.status?.phase);
