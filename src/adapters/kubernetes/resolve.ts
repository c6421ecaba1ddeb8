import { selects, workloadsSelectedBy, type KubeObject, type World } from '../../domain/kube.js';
import type { TargetHint } from '../../domain/signal.js';
import type { Target } from '../../domain/target.js';
import { KINDS } from './kinds.js';
import { ownerByName } from './owner-by-name.js';

const CLUSTER_SCOPED = new Set(KINDS.filter((k) => !k.isNamespaced).map((k) => k.kind));

/** The object to act on for the first hint that names something real; undefined when none does. */
export function resolveHints(world: World, cluster: string, hints: readonly TargetHint[]): Target | undefined {
  for (const hint of hints) {
    const object = found(world, hint);
    if (object) return targetOf(cluster, actedOn(world, object));
  }
  return undefined;
}

function found(world: World, hint: TargetHint): KubeObject | undefined {
  // alerts on nodes carry the namespace of the exporter that saw them
  if (CLUSTER_SCOPED.has(hint.kind)) return world.get(hint.kind, undefined, hint.name) ?? (hint.kind === 'Node' ? nodeAt(world, hint.name) : undefined);
  if (!hint.namespace) return undefined;
  return world.get(hint.kind, hint.namespace, hint.name) ?? ownerByName(world, hint);
}

/** What scrapes a node often knows its address alone. */
const nodeAt = (world: World, address: string): KubeObject | undefined =>
  world.list('Node').find((node) => node.status?.addresses?.some((a: { address?: string }) => a.address === address));

/** Kinds that stand for a workload without owning it. */
const STANDS_FOR: Record<string, (world: World, o: KubeObject) => KubeObject | undefined> = {
  HorizontalPodAutoscaler: (world, o) => world.get(o.spec?.scaleTargetRef?.kind, o.metadata.namespace, o.spec?.scaleTargetRef?.name),
  Service: (world, o) => workloadBehind(world, o.metadata.namespace, { matchLabels: o.spec?.selector }),
  PodDisruptionBudget: (world, o) => workloadBehind(world, o.metadata.namespace, o.spec?.selector),
  EndpointSlice: (world, o) => {
    const service = world.get('Service', o.metadata.namespace, o.metadata.labels?.['kubernetes.io/service-name'] ?? '');
    return service && actedOn(world, service);
  },
};

/** From what an alert names to what one would change. */
function actedOn(world: World, object: KubeObject): KubeObject {
  const find = STANDS_FOR[object.kind];
  return find ? (find(world, object) ?? object) : world.topOwnerOf(object);
}

type Selector = Parameters<typeof selects>[0];

/** The one workload whose pods these labels select; undefined when there are several, because choosing would be guessing. */
function workloadBehind(world: World, namespace: string | undefined, selector: Selector): KubeObject | undefined {
  // an empty selector selects everything: that names no workload
  if (Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions?.length ?? 0) === 0) return undefined;
  const byTemplate = workloadsSelectedBy(selector, world, namespace);
  if (byTemplate.length > 0) return byTemplate.length === 1 ? byTemplate[0] : undefined;
  const owners = new Set(world.list('Pod', namespace).filter((p) => selects(selector, p.metadata.labels)).map((p) => world.topOwnerOf(p)));
  return owners.size === 1 ? [...owners][0] : undefined;
}

const targetOf = (cluster: string, o: KubeObject): Target => ({
  cluster,
  apiVersion: o.apiVersion,
  kind: o.kind,
  ...(o.metadata.namespace ? { namespace: o.metadata.namespace } : {}),
  name: o.metadata.name,
  ...(o.metadata.uid ? { uid: o.metadata.uid } : {}),
});
