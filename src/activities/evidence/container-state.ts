import { isPodReady, type KubeObject } from '../../domain/kube.js';

interface StateOf {
  waiting?: { reason?: string; message?: string };
  running?: unknown;
  terminated?: { exitCode: number; finishedAt?: string; reason?: string };
}

/** The members of a ContainerStatus that say how it fares. */
export interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  state?: StateOf;
  lastState?: StateOf;
}

export const containersOf = (pod: KubeObject): ContainerStatus[] => [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];

const RECENT_MS = 3_600_000;

/** Not ready, or it died within the hour. One that finished its work is neither. */
export function isTroubled(container: ContainerStatus, nowMs: number): boolean {
  const { terminated } = container.state ?? {};
  if (terminated) return terminated.exitCode !== 0;
  if (!container.ready) return true;
  const died = container.lastState?.terminated?.finishedAt;
  return container.restartCount > 0 && died !== undefined && nowMs - Date.parse(died) < RECENT_MS;
}

export const isUnhealthyPod = (pod: KubeObject, nowMs: number): boolean =>
  pod.status?.phase !== 'Succeeded' && (!isPodReady(pod) || containersOf(pod).some((c) => isTroubled(c, nowMs)));
