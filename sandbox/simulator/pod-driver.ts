import type { ClusterCache } from './cluster-cache.js';
import type { EventRecorder } from './event-recorder.js';
import type { KubeClient } from './kube-client.js';
import type { Pod, PodStatus } from './kube-types.js';
import { lookQueue } from './look-queue.js';
import type { PodMemory } from './memory.js';
import { podStatusOf } from './pod-status.js';
import { fingerprintOf, finalStatusOf, needsFinalStatus, removePod, wasOverwritten, writeStatus } from './pod-writes.js';
import { taskPool } from './task-pool.js';
import { trackedPods, type Tracked } from './tracked-pods.js';
import type { World } from './world.js';

export interface PodDriver {
  /** Looks at this pod soon; safe to call as often as anything changes. */
  touch(namespace: string, name: string): void;
  memoryOf(uid: string): PodMemory | undefined;
  /** Resolves when writes under way have ended. */
  stop(): Promise<void>;
}

export interface PodDriverDeps {
  client: KubeClient;
  cache: ClusterCache;
  world: World;
  events: EventRecorder;
  /** A pod is looked after only while its node's kubelet is alive. */
  isNodeAlive(name: string): boolean;
  onError(error: unknown): void;
}

const stopTakesMs = 250;
const retryAfterMs = 1000;
const soonestMs = 25;

interface PodWrites {
  status(entry: Tracked, pod: Pod, status: PodStatus): void;
  /** Lets the containers stop, then removes the pod. */
  end(entry: Tracked, pod: Pod): void;
  stop(): Promise<void>;
}

interface Looks {
  again(key: string): void;
  at(entry: Tracked, atMs: number): void;
}

function recordStops(entry: Tracked, pod: Pod, events: EventRecorder): void {
  for (const [container, memory] of Object.entries(entry.memory.containers)) {
    if (memory.run) events.record(pod, { type: 'Normal', reason: 'Killing', message: `Stopping container ${container}`, container });
  }
}

function podWritesOf({ client, cache, events, onError }: PodDriverDeps, looks: Looks): PodWrites {
  const pool = taskPool(16, onError);
  let isStopped = false;

  const send = async (entry: Tracked, pod: Pod, status: PodStatus): Promise<void> => {
    try {
      const written = await writeStatus(client, pod, status);
      if (written) cache.learn('Pod', written);
    } catch (error) {
      entry.sent = undefined;
      looks.at(entry, Date.now() + retryAfterMs);
      throw error;
    } finally {
      entry.isWriting = false;
      if (entry.isStale) looks.again(entry.key);
      entry.isStale = false;
    }
  };

  const finish = async (entry: Tracked, pod: Pod): Promise<void> => {
    try {
      if (needsFinalStatus(pod)) await writeStatus(client, pod, finalStatusOf(pod, entry.memory, Date.now()));
      await removePod(client, pod);
    } catch (error) {
      entry.isEnding = false;
      looks.at(entry, Date.now() + retryAfterMs);
      throw error;
    }
  };

  return {
    status(entry, pod, status) {
      entry.isWriting = true;
      entry.sent = fingerprintOf(status);
      pool.run(() => send(entry, pod, status));
    },
    end(entry, pod) {
      if (entry.isEnding) return;
      entry.isEnding = true;
      clearTimeout(entry.timer);
      recordStops(entry, pod, events);
      setTimeout(() => void (isStopped || pool.run(() => finish(entry, pod))), stopTakesMs).unref();
    },
    stop() {
      isStopped = true;
      return pool.idle();
    },
  };
}

const isDue = (entry: Tracked, pod: Pod, status: PodStatus): boolean =>
  status !== pod.status && (fingerprintOf(status) !== entry.sent || wasOverwritten(pod, status));

/** Applies the pure rules to the cluster: one look per pod and change, one write per look at most. */
export function podDriverOf(deps: PodDriverDeps): PodDriver {
  const { cache, world, events, isNodeAlive, onError } = deps;
  const pods = trackedPods(world, (uid) => events.forget(uid));
  let isStopped = false;

  const looks: Looks = {
    again: (key) => queue.add(key),
    at(entry, atMs) {
      clearTimeout(entry.timer);
      if (atMs === Infinity || isStopped) return;
      entry.timer = setTimeout(() => queue.add(entry.key), Math.max(soonestMs, atMs - Date.now())).unref();
    },
  };
  const writes = podWritesOf(deps, looks);

  const lookAfter = (entry: Tracked, pod: Pod, now: number): void => {
    const outcome = podStatusOf(pod, world, entry.memory, now);
    entry.memory = outcome.memory;
    for (const event of outcome.events) events.record(pod, event);
    looks.at(entry, outcome.nextCheckAtMs);
    if (entry.isWriting) entry.isStale = true;
    else if (isDue(entry, pod, outcome.status)) writes.status(entry, pod, outcome.status);
  };

  const look = (key: string): void => {
    const [namespace = '', name = ''] = key.split('/');
    const pod = cache.get('Pod', namespace, name);
    if (!pod) return pods.forget(key);
    if (!pod.spec.nodeName || !isNodeAlive(pod.spec.nodeName)) return;
    const now = Date.now();
    const entry = pods.entryOf(key, pod, now);
    if (pod.metadata.deletionTimestamp) writes.end(entry, pod);
    else lookAfter(entry, pod, now);
  };
  const queue = lookQueue(look, onError);

  return {
    touch: (namespace, name) => queue.add(`${namespace}/${name}`),
    memoryOf: pods.memoryOf,
    stop() {
      isStopped = true;
      queue.stop();
      for (const entry of pods.all()) clearTimeout(entry.timer);
      return writes.stop();
    },
  };
}
