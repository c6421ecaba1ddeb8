import type { ClusterCache } from './cluster-cache.js';
import type { EventRecorder } from './event-recorder.js';
import type { KubeClient } from './kube-client.js';
import type { Pod, PodStatus } from './kube-types.js';
import type { PodMemory } from './memory.js';
import { podAddresses } from './pod-addresses.js';
import { podStatusOf } from './pod-status.js';
import { fingerprintOf, finalStatusOf, needsFinalStatus, removePod, wasOverwritten, writeStatus } from './pod-writes.js';
import { restorePod } from './restore.js';
import { taskPool } from './task-pool.js';
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

interface Tracked {
  uid: string;
  memory: PodMemory;
  sent?: string;
  isWriting: boolean;
  isStale: boolean;
  isEnding: boolean;
  timer?: NodeJS.Timeout;
}

const flushAfterMs = 15;
const stopTakesMs = 250;
const retryAfterMs = 1000;
const soonestMs = 25;

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

/** Applies the pure rules to the cluster: one look per pod and change, one write per look at most. */
export function podDriverOf({ client, cache, world, events, isNodeAlive, onError }: PodDriverDeps): PodDriver {
  const tracked = new Map<string, Tracked>();
  const byUid = new Map<string, Tracked>();
  const addresses = podAddresses();
  const pool = taskPool(16, onError);
  const dirty = new Set<string>();
  let flushTimer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const touchKey = (key: string): void => {
    dirty.add(key);
    flushTimer ??= setTimeout(flush, flushAfterMs);
  };

  const forget = (key: string): void => {
    const entry = tracked.get(key);
    if (!entry) return;
    clearTimeout(entry.timer);
    tracked.delete(key);
    byUid.delete(entry.uid);
    addresses.release(entry.uid);
    events.forget(entry.uid);
  };

  const entryOf = (key: string, pod: Pod, now: number): Tracked => {
    const known = tracked.get(key);
    if (known?.uid === pod.metadata.uid) return known;
    forget(key);
    const memory = restorePod(pod, world, now);
    memory.podIP = addresses.take(pod.metadata.uid, memory.podIP);
    const entry: Tracked = { uid: pod.metadata.uid, memory, isWriting: false, isStale: false, isEnding: false };
    tracked.set(key, entry);
    byUid.set(entry.uid, entry);
    return entry;
  };

  const lookAgain = (entry: Tracked, key: string, atMs: number): void => {
    clearTimeout(entry.timer);
    if (atMs === Infinity || isStopped) return;
    entry.timer = setTimeout(() => touchKey(key), Math.max(soonestMs, atMs - Date.now())).unref();
  };

  const write = (key: string, entry: Tracked, pod: Pod, status: PodStatus): void => {
    entry.isWriting = true;
    entry.sent = fingerprintOf(status);
    pool.run(async () => {
      try {
        const written = await writeStatus(client, pod, status);
        if (written) cache.learn('Pod', written);
      } catch (error) {
        entry.sent = undefined;
        lookAgain(entry, key, Date.now() + retryAfterMs);
        throw error;
      } finally {
        entry.isWriting = false;
        if (entry.isStale) touchKey(key);
        entry.isStale = false;
      }
    });
  };

  const end = (key: string, entry: Tracked, pod: Pod): void => {
    if (entry.isEnding) return;
    entry.isEnding = true;
    clearTimeout(entry.timer);
    for (const [container, memory] of Object.entries(entry.memory.containers)) {
      if (memory.run) events.record(pod, { type: 'Normal', reason: 'Killing', message: `Stopping container ${container}`, container });
    }
    const finish = async (): Promise<void> => {
      try {
        if (needsFinalStatus(pod)) await writeStatus(client, pod, finalStatusOf(pod, entry.memory, Date.now()));
        await removePod(client, pod);
      } catch (error) {
        entry.isEnding = false;
        lookAgain(entry, key, Date.now() + retryAfterMs);
        throw error;
      }
    };
    setTimeout(() => void (isStopped || pool.run(finish)), stopTakesMs).unref();
  };

  const look = (key: string): void => {
    const [namespace = '', name = ''] = key.split('/');
    const pod = cache.get('Pod', namespace, name);
    if (!pod) return forget(key);
    if (!pod.spec.nodeName || !isNodeAlive(pod.spec.nodeName)) return;
    const now = Date.now();
    const entry = entryOf(key, pod, now);
    if (pod.metadata.deletionTimestamp) return end(key, entry, pod);
    const outcome = podStatusOf(pod, world, entry.memory, now);
    entry.memory = outcome.memory;
    for (const event of outcome.events) events.record(pod, event);
    lookAgain(entry, key, outcome.nextCheckAtMs);
    if (entry.isWriting) {
      entry.isStale = true;
      return;
    }
    if (fingerprintOf(outcome.status) !== entry.sent || wasOverwritten(pod, outcome.status)) {
      if (outcome.status !== pod.status) write(key, entry, pod, outcome.status);
    }
  };

  function flush(): void {
    flushTimer = undefined;
    const keys = [...dirty];
    dirty.clear();
    for (const key of keys) {
      if (isStopped) return;
      try {
        look(key);
      } catch (error) {
        onError(error);
      }
    }
  }

  return {
    touch: (namespace, name) => touchKey(keyOf(namespace, name)),
    memoryOf: (uid) => byUid.get(uid)?.memory,
    stop() {
      isStopped = true;
      clearTimeout(flushTimer);
      for (const entry of tracked.values()) clearTimeout(entry.timer);
      return pool.idle();
    },
  };
}
