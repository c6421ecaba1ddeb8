import { tolerating, type KubeClient } from './kube-client.js';
import type { Pod, PodStatus } from './kube-types.js';
import { timeText, type PodMemory } from './memory.js';
import { objectPath } from './resource-paths.js';

const gone = [404, 409];
const pathOf = (pod: Pod): string => objectPath('Pod', pod.metadata.namespace, pod.metadata.name);

/**
 * Conditions merge by type in a strategic patch, so those of other writers (PodScheduled, DisruptionTarget, gates)
 * survive; absent reasons are cleared explicitly. The uid makes the write fail on a pod of the same name.
 */
function patchOf(pod: Pod, status: PodStatus): object {
  const conditions = status.conditions?.map((one) => ({
    ...one,
    reason: one.reason ?? null,
    message: one.message ?? null,
    observedGeneration: pod.metadata.generation,
  }));
  return { metadata: { uid: pod.metadata.uid }, status: { ...status, conditions, observedGeneration: pod.metadata.generation } };
}

/** Writes a status; undefined when the pod is gone or was replaced. */
export const writeStatus = (client: KubeClient, pod: Pod, status: PodStatus): Promise<Pod | undefined> =>
  tolerating(gone, client.request<Pod>('strategic', `${pathOf(pod)}/status`, patchOf(pod, status)));

/** The last act of a graceful deletion: the kubelet removes the object once the containers have stopped. */
export async function removePod(client: KubeClient, pod: Pod): Promise<void> {
  await tolerating(gone, client.request('DELETE', pathOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } }));
}

/** What the text of a status is without its transition times: two equal ones need no write. */
export function fingerprintOf(status: PodStatus): string {
  return JSON.stringify({ ...status, conditions: status.conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message]) });
}

/** Somebody else (the node controller, a restore) wrote a status the kubelet does not agree with. */
export function wasOverwritten(pod: Pod, status: PodStatus): boolean {
  if ((pod.status?.phase ?? 'Pending') !== status.phase) return true;
  return status.conditions?.some((one) => pod.status?.conditions?.find((live) => live.type === one.type)?.status !== one.status) ?? false;
}

/** Pods whose end somebody waits for (Jobs, finalizers) get a terminal status before they go, as kubelets give. */
export const needsFinalStatus = (pod: Pod): boolean =>
  (pod.metadata.finalizers?.length ?? 0) > 0 || (pod.metadata.ownerReferences?.some((one) => one.kind === 'Job') ?? false);

export function finalStatusOf(pod: Pod, memory: PodMemory, now: number): PodStatus {
  const stopped = pod.status?.containerStatuses?.map((one) => {
    const run = memory.containers[one.name]?.run;
    if (!one.state.running) return { ...one, ready: false, started: false };
    const terminated = { exitCode: 143, reason: 'Error', startedAt: timeText(run?.startedMs ?? now), finishedAt: timeText(now), ...(run ? { containerID: run.id } : {}) };
    return { ...one, ready: false, started: false, state: { terminated } };
  });
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  const unready = ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'False', reason: 'PodFailed', lastTransitionTime: timeText(now) }));
  return { phase: isOver ? pod.status?.phase : 'Failed', ...(isOver ? {} : { conditions: unready }), ...(stopped ? { containerStatuses: stopped } : {}) };
}
