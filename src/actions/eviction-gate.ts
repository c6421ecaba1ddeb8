import { isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Eviction } from './eviction-run.js';
import { budgetsOf } from './workload.js';

/** Which pinned pods their disruption budgets would let go now. */
export interface EvictionGate {
  /** Is it worth asking the API server? False: only a change of the cache can make it so. */
  isOpen(world: World, eviction: Eviction): boolean;
  /** It is being asked for; until the budget's status counts it, it is counted here. */
  enter(world: World, eviction: Eviction): void;
  /** It came to nothing: the pod was gone before, or somebody said no. */
  leave(eviction: Eviction): void;
  /** Its budget said no. False when no budget of it is known, so that no change of one can be waited for. */
  refused(world: World, eviction: Eviction): boolean;
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

/**
 * Judges by the budgets in the watch cache, so that nobody has to ask the API server again and again only to be refused. The
 * server alone decides: a gate that is too open costs a 429, one that is too closed opens with the next change of the budget.
 *
 *   asked ──▶ counted here ──▶ in the status of its budget (disruptedPods), or on its way out ──▶ counted by the server
 */
export function evictionGate(): EvictionGate {
  /** Evictions asked for, by budget and uid. */
  const asked = new Map<string, Map<string, Eviction>>();
  /** Version of the budget that said no, by the pods it said no to. */
  const noes = new Map<string, string>();

  const roomIn = (world: World, budget: KubeObject): number => {
    const mine = asked.get(keyOf(budget));
    for (const [uid, eviction] of mine ?? []) if (isCounted(world, budget, eviction)) mine!.delete(uid);
    return (budget.status?.disruptionsAllowed ?? 0) - (mine?.size ?? 0);
  };

  return {
    isOpen(world, eviction) {
      const pod = world.byUid(eviction.uid);
      const budget = pod && budgetsOf(world, pod)[0];
      if (!budget) return true;
      if (noes.get(noKey(pod, budget)) === versionOf(budget)) return false;
      // what is not Ready costs its budget nothing, or is refused whatever the count says: the server knows the budget's own rule
      return !isPodReady(pod) || roomIn(world, budget) > 0;
    },
    enter(world, eviction) {
      const pod = world.byUid(eviction.uid);
      const budget = pod && isPodReady(pod) ? budgetsOf(world, pod)[0] : undefined;
      if (!budget) return;
      const mine = asked.get(keyOf(budget)) ?? new Map<string, Eviction>();
      asked.set(keyOf(budget), mine.set(eviction.uid, eviction));
    },
    leave(eviction) {
      for (const mine of asked.values()) mine.delete(eviction.uid);
    },
    refused(world, eviction) {
      this.leave(eviction);
      const pod = world.byUid(eviction.uid);
      const budget = pod && budgetsOf(world, pod)[0];
      if (budget) noes.set(noKey(pod, budget), versionOf(budget));
      return budget !== undefined;
    },
  };
}

const versionOf = ({ metadata }: KubeObject): string => metadata.resourceVersion ?? '';

/** A no to one Ready pod is a no to all of them. */
const noKey = (pod: KubeObject, budget: KubeObject): string => (isPodReady(pod) ? keyOf(budget) : (pod.metadata.uid ?? ''));

function isCounted(world: World, budget: KubeObject, { uid, ref }: Eviction): boolean {
  const pod = world.byUid(uid);
  return pod === undefined || pod.metadata.deletionTimestamp !== undefined || budget.status?.disruptedPods?.[ref.name] !== undefined;
}
