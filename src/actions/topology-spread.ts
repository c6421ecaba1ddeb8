import { selects, type KubeObject, type World } from '../domain/kube.js';
import { passesSelection } from '../domain/node-match.js';
import { podSpecOf } from './workload.js';

interface Constraint {
  maxSkew: number;
  topologyKey: string;
  whenUnsatisfiable?: string;
  labelSelector?: { matchLabels?: Record<string, string>; matchExpressions?: { key: string; operator: string; values?: string[] }[] };
  matchLabelKeys?: string[];
  minDomains?: number;
  nodeAffinityPolicy?: string;
}

/**
 * The hard spread constraint that forbids this pod on that node, in words. Counted as the scheduler does after the pod has
 * left: pods of its namespace that the selector means, per value of the topology key, over the nodes its affinity accepts.
 * A cordoned node stays a domain (nodeTaintsPolicy Ignore is the default), and often an empty one that blocks the rest.
 */
export function topologySpreadAgainst(world: World, pod: KubeObject, node: KubeObject): string | undefined {
  const hard = ((podSpecOf(pod)?.topologySpreadConstraints ?? []) as Constraint[]).filter((c) => c.whenUnsatisfiable !== 'ScheduleAnyway');
  const broken = hard.find((c) => skewOn(world, pod, node, c) > c.maxSkew);
  return broken && `topology spread over ${broken.topologyKey} allows a skew of ${broken.maxSkew}`;
}

function skewOn(world: World, pod: KubeObject, node: KubeObject, constraint: Constraint): number {
  const domain = node.metadata.labels?.[constraint.topologyKey];
  if (domain === undefined) return Infinity;
  const counts = countsOf(world, pod, constraint);
  const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
  const own = selects(selectorOf(pod, constraint), pod.metadata.labels) ? 1 : 0;
  return (counts.get(domain) ?? 0) + own - least;
}

function countsOf(world: World, pod: KubeObject, constraint: Constraint): Map<string, number> {
  const nodes = world.list('Node').filter((n) => n.metadata.labels?.[constraint.topologyKey] !== undefined && (constraint.nodeAffinityPolicy === 'Ignore' || passesSelection(podSpecOf(pod), n)));
  const domainOf = new Map(nodes.map((n) => [n.metadata.name, n.metadata.labels![constraint.topologyKey]!]));
  const counts = new Map([...domainOf.values()].map((d) => [d, 0]));
  const selector = selectorOf(pod, constraint);
  for (const other of world.list('Pod', pod.metadata.namespace)) {
    const domain = domainOf.get(other.spec?.nodeName);
    const isCounted = domain !== undefined && other.metadata.uid !== pod.metadata.uid && !other.metadata.deletionTimestamp && selects(selector, other.metadata.labels);
    if (isCounted) counts.set(domain, counts.get(domain)! + 1);
  }
  return counts;
}

/** `matchLabelKeys` narrow the selector to pods with the same values (of one revision, mostly). */
function selectorOf(pod: KubeObject, { labelSelector, matchLabelKeys = [] }: Constraint): Constraint['labelSelector'] {
  if (!labelSelector) return undefined;
  const own = matchLabelKeys.flatMap((key) => (pod.metadata.labels?.[key] === undefined ? [] : [[key, pod.metadata.labels[key]] as const]));
  return { ...labelSelector, matchLabels: { ...labelSelector.matchLabels, ...Object.fromEntries(own) } };
}
