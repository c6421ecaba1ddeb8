/** How many writing actions may be under way at once (actions.md 1.5). */
export interface Brakes {
  perCluster: number;
  perNamespace: number;
  perTarget: number;
  perNodePool: number;
}

export const DEFAULT_BRAKES: Brakes = { perCluster: 10, perNamespace: 2, perTarget: 1, perNodePool: 1 };

/** One action that is under way, from just before its first write until it has converged. */
export interface Slot {
  /** The action id: a repeat finds its own. */
  id: string;
  cluster: string;
  namespace?: string;
  /** `Deployment/shop/api` */
  target: string;
  /** For actions on nodes. */
  nodePool?: string;
}

/** Which brake holds, in words for people. */
export const brakeText: Record<keyof Brakes, (most: number, slot: Slot) => string> = {
  perCluster: (most, { cluster }) => `${most} actions are under way on cluster ${cluster}, which is the most`,
  perNamespace: (most, { namespace }) => `${most} actions are under way in namespace ${namespace ?? '-'}, which is the most`,
  perTarget: (_most, { target }) => `another action on ${target} is under way`,
  perNodePool: (_most, { nodePool }) => `another action on a node of pool ${nodePool ?? '-'} is under way`,
};
