import { isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Progress } from './define.js';

/**
 * After an eviction: that uid is gone and its controller has one Ready pod more than the others had.
 * Counting instead of naming the new pod: a StatefulSet reuses the name, a ReplicaSet draws a new one.
 */
export function replacementProgress(world: World, target: { uid?: string; name: string }, before: { controllerUid: string; othersReady: number }): Progress {
  if (target.uid && world.byUid(target.uid)) return { state: 'waiting', detail: `pod ${target.name} is still there` };
  const progress = readyAgain(world, before.controllerUid, before.othersReady + 1);
  return progress.state === 'reached' ? { state: 'reached', detail: `${target.name} was replaced, ${progress.detail}` } : progress;
}

/** The controller has that many Ready pods, or as many as it wants. */
export function readyAgain(world: World, controllerUid: string, count: number): Progress {
  const pods = world.ownedBy(controllerUid).filter((o) => o.kind === 'Pod');
  const desired: number = world.byUid(controllerUid)?.spec?.replicas ?? Infinity;
  const due = Math.min(count, desired);
  const ready = pods.filter(isPodReady);
  if (ready.length >= due) return { state: 'reached', detail: `${ready.length} Ready` };
  const looping = pods.find(isCrashLooping);
  return { state: 'waiting', detail: looping ? `${looping.metadata.name} is crash looping` : `${ready.length}/${due} Ready` };
}

const isCrashLooping = (pod: KubeObject): boolean =>
  (pod.status?.containerStatuses ?? []).some((s: { state?: { waiting?: { reason?: string } } }) => s.state?.waiting?.reason === 'CrashLoopBackOff');
