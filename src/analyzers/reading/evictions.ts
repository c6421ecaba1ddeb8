import type { KubeObject } from '../../domain/kube.js';

/** A pod that its kubelet put off the node. What is left of it is only its record. */
export const isEvicted = (pod: KubeObject): boolean => pod.status?.phase === 'Failed' && pod.status.reason === 'Evicted';

/** It used more of the node's disk than its own limit, or its volume's. */
export const isOwnDisk = (pod: KubeObject): boolean => isEvicted(pod) && /ephemeral local storage usage exceeds|exceed(?:s|ed) its local ephemeral storage limit|usage of EmptyDir volume .* exceeds/i.test(messageOf(pod));

/** The node ran out, and somebody had to go. */
export const isForNode = (pod: KubeObject): boolean => isEvicted(pod) && /node (?:was low on resource|had condition)/i.test(messageOf(pod));

export const messageOf = (pod: KubeObject): string => String(pod.status?.message ?? '');

/** RFC 3339: when it was put off, as near as the pod tells. */
export function evictedAt(pod: KubeObject): string {
  const conditions: { type: string; lastTransitionTime?: string }[] = pod.status?.conditions ?? [];
  const times = [conditions.find((c) => c.type === 'DisruptionTarget')?.lastTransitionTime, conditions.find((c) => c.type === 'Ready')?.lastTransitionTime, pod.status?.startTime as string | undefined];
  return times.find((t) => t !== undefined) ?? pod.metadata.creationTimestamp ?? '';
}
