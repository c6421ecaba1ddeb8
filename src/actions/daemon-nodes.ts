import { isNodeReady, type KubeObject, type World } from '../domain/kube.js';
import { canRunOn } from './capacity.js';

/** What the DaemonSet controller lets its pods tolerate, whatever the template says. */
const ALWAYS_TOLERATED = ['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'];
/** Taints of a broken node: its daemon pod stays there, though the controller no longer counts the node as desired. */
const OF_BROKEN_NODES = ['not-ready', 'unreachable', 'network-unavailable'];

interface Taint {
  key: string;
  effect: string;
}

/** The node as the controller sees it: cordons and the taints named here do not count. */
const without = (node: KubeObject, taints: readonly string[]): KubeObject => ({
  ...node,
  spec: {
    ...node.spec,
    unschedulable: false,
    taints: ((node.spec?.taints ?? []) as Taint[]).filter((t) => !taints.includes(t.key.replace('node.kubernetes.io/', ''))),
  },
});

/** Nodes that carry, or should carry, a pod of this DaemonSet, broken ones included. */
export const nodesOf = (world: World, daemonSet: KubeObject): KubeObject[] =>
  world.list('Node').filter((n) => canRunOn(without(n, [...ALWAYS_TOLERATED, ...OF_BROKEN_NODES]), daemonSet));

/**
 * How many of `desiredNumberScheduled` are on nodes that are not Ready: nobody replaces those pods until the node is back.
 * Nodes whose taints the DaemonSet does not tolerate are not in that number, so they are not subtracted from it either.
 */
export const awayFrom = (world: World, daemonSet: KubeObject): number =>
  daemonSet.kind === 'DaemonSet' ? world.list('Node').filter((n) => !isNodeReady(n) && canRunOn(without(n, ALWAYS_TOLERATED), daemonSet)).length : 0;

/** More than a tenth of these nodes are not Ready: in words, or undefined. */
export function tooManyBroken(nodes: readonly KubeObject[]): string | undefined {
  const broken = nodes.filter((n) => !isNodeReady(n));
  const names = broken.slice(0, 3).map((n) => n.metadata.name).join(', ');
  return broken.length > nodes.length * 0.1 ? `${broken.length} of ${nodes.length} nodes are not Ready (${names}${broken.length > 3 ? ', …' : ''})` : undefined;
}
