import type { Pod } from './kube-types.js';
import type { PodMemory } from './memory.js';
import { podAddresses } from './pod-addresses.js';
import { restorePod } from './restore.js';
import type { World } from './world.js';

/** A pod a kubelet looks after, and what the driver has under way for it. */
export interface Tracked {
  key: string;
  uid: string;
  memory: PodMemory;
  /** The status as last sent, to send nothing twice. */
  sent?: string;
  isWriting: boolean;
  /** Something changed while a write was under way. */
  isStale: boolean;
  isEnding: boolean;
  timer?: NodeJS.Timeout;
}

export interface TrackedPods {
  /** The entry of exactly this pod; a pod of the same name that was there before is forgotten. */
  entryOf(key: string, pod: Pod, now: number): Tracked;
  forget(key: string): void;
  memoryOf(uid: string): PodMemory | undefined;
  all(): Iterable<Tracked>;
}

export function trackedPods(world: World, onForget: (uid: string) => void): TrackedPods {
  const byKey = new Map<string, Tracked>();
  const byUid = new Map<string, Tracked>();
  const addresses = podAddresses();

  const forget = (key: string): void => {
    const entry = byKey.get(key);
    if (!entry) return;
    clearTimeout(entry.timer);
    byKey.delete(key);
    byUid.delete(entry.uid);
    addresses.release(entry.uid);
    onForget(entry.uid);
  };

  return {
    forget,
    entryOf(key, pod, now) {
      const known = byKey.get(key);
      if (known?.uid === pod.metadata.uid) return known;
      forget(key);
      const memory = restorePod(pod, world, now);
      memory.podIP = addresses.take(pod.metadata.uid, memory.podIP);
      const entry: Tracked = { key, uid: pod.metadata.uid, memory, isWriting: false, isStale: false, isEnding: false };
      byKey.set(key, entry);
      byUid.set(entry.uid, entry);
      return entry;
    },
    memoryOf: (uid) => byUid.get(uid)?.memory,
    all: () => byKey.values(),
  };
}
