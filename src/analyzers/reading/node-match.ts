import type { KubeObject } from '../../domain/kube.js';
import { taintsAgainst as allTaintsAgainst, termsOf, type NodeSelectorTerm, type NodeWishes, type Taint } from '../../domain/node-match.js';

/** `pool=gpu`, `zone in (a, b)`: what a pod asks of its node, for people. */
export function wishesOf(podSpec: NodeWishes | undefined): string[] {
  const selector = Object.entries(podSpec?.nodeSelector ?? {}).map(([key, value]) => `${key}=${value}`);
  return [...selector, ...(termsOf(podSpec) ?? []).map((t) => [...(t.matchExpressions ?? []), ...(t.matchFields ?? [])].map(inWords).join(' and '))].filter((w) => w !== '');
}

const inWords = ({ key, operator, values = [] }: NonNullable<NodeSelectorTerm['matchExpressions']>[number]): string => `${key} ${operator}${values.length > 0 ? ` (${values.join(', ')})` : ''}`;

/** Taints that keep the pod off the node, leaving out those that the node's own state puts there. */
export const taintsAgainst = (podSpec: NodeWishes | undefined, node: KubeObject): Taint[] => allTaintsAgainst(podSpec, node).filter((t) => !t.key.startsWith('node.kubernetes.io/'));
