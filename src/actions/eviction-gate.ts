import { isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Eviction } from './eviction-run.js';
import { budgetsOf } from './workload.js';

/** Which pinned pods their disruption budgets would let go now. */
export interface EvictionGate {
  /**
   * Is it worth asking the API server? If so it is taken as asked for: until the budget's status counts it, it is counted here.
   * False: a change of the cache can make it so, or that `NO_MS` have passed since a no.
   */
  admit(world: World, eviction: Eviction): boolean;
  /** The server has taken it. */
  taken(eviction: Eviction): void;
  /** To be shown every change until the pod is gone: when it began to leave tells which budget's status counts that already. */
  watch(world: World, eviction: Eviction): void;
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
 *   asked ──▶ counted here ──▶ in the status of its budget: by name (disruptedPods), or as a pod that left before that status
 *
 * Pods and budgets arrive by streams of their own: that a pod leaves may be seen before the budget that paid for it.
 * One request per budget at a time: the server writes into the budget for each, and lets those that meet there try again only
 * after half a second, so that thirty at once take longer than one after the other.
 */
export function evictionGate(): EvictionGate {
  /** Evictions asked for, by budget and uid. */
  const asked = new Map<string, Map<string, Asked>>();
  /** Version of the budget that said no, and when, by the pods it said no to. */
  const noes = new Map<string, { version: string; at: number }>();
  const isStillNo = (pod: KubeObject, budget: KubeObject): boolean => {
    const no = noes.get(noKey(pod, budget));
    return no?.version === versionOf(budget) && Date.now() - no.at < NO_MS;
  };

  const roomIn = (world: World, budget: KubeObject): number => {
    const mine = asked.get(keyOf(budget));
    for (const [uid, one] of mine ?? []) if (isCounted(world, budget, one)) mine!.delete(uid);
    return (budget.status?.disruptionsAllowed ?? 0) - (mine?.size ?? 0);
  };

  return {
    admit(world, eviction) {
      const pod = world.byUid(eviction.uid);
      const budget = pod && budgetsOf(world, pod)[0];
      if (!budget) return true;
      if (isStillNo(pod, budget)) return false;
      // what is not Ready costs its budget nothing, or is refused whatever the count says: the server knows the budget's own rule
      if (!isPodReady(pod)) return true;
      if (roomIn(world, budget) <= 0) return false;
      const mine = asked.get(keyOf(budget)) ?? new Map<string, Asked>();
      if ([...mine.values()].some((one) => !one.isTaken)) return false;
      asked.set(keyOf(budget), mine.set(eviction.uid, { eviction, at: Date.now(), asOf: versionOf(budget), isTaken: false }));
      return true;
    },
    taken({ uid }) {
      for (const mine of asked.values()) {
        const one = mine.get(uid);
        if (one) one.isTaken = true;
      }
    },
    watch(world, { uid }) {
      const pod = world.byUid(uid);
      if (pod?.metadata.deletionTimestamp === undefined) return;
      for (const mine of asked.values()) {
        const one = mine.get(uid);
        if (one) one.leftAt ??= versionOf(pod);
      }
    },
    leave(eviction) {
      for (const mine of asked.values()) mine.delete(eviction.uid);
    },
    refused(world, eviction) {
      this.leave(eviction);
      const pod = world.byUid(eviction.uid);
      const budget = pod && budgetsOf(world, pod)[0];
      if (budget) noes.set(noKey(pod, budget), { version: versionOf(budget), at: Date.now() });
      return budget !== undefined;
    },
  };
}

interface Asked {
  eviction: Eviction;
  at: number;
  /** Version of the budget that the cache had then. */
  asOf: string;
  /** Answered by the server. */
  isTaken: boolean;
  /** Version of the pod that was first seen leaving. */
  leftAt?: string;
}

/** No budget changes for a pod that it did not count: nobody waits for that longer than this. */
const PATIENCE_MS = 10_000;

/**
 * The cache may have shown the change already when the no arrived, and then no other comes: the server is asked again after
 * this long (actions.md 1.6).
 */
export const NO_MS = 5000;

const versionOf = ({ metadata }: KubeObject): string => metadata.resourceVersion ?? '';

/** A no to one Ready pod is a no to all of them. */
const noKey = (pod: KubeObject, budget: KubeObject): string => (isPodReady(pod) ? keyOf(budget) : (pod.metadata.uid ?? ''));

function isCounted(world: World, budget: KubeObject, { eviction: { uid, ref }, at, asOf, leftAt }: Asked): boolean {
  if (budget.status?.disruptedPods?.[ref.name] !== undefined) return true;
  const pod = world.byUid(uid);
  if (pod && pod.metadata.deletionTimestamp === undefined) return false;
  // the server writes the budget first, then the pod; its versions grow over all objects
  const isLater = leftAt === undefined ? versionOf(budget) !== asOf : Number(versionOf(budget)) > Number(leftAt);
  return isLater || Date.now() - at > PATIENCE_MS;
}
