import { conditionOf, type KubeObject } from './kube.js';

/** A counter of the status that servers leave out while it is zero. */
export const countOf = (o: KubeObject, key: string): number => o.status?.[key] ?? 0;

/** `spec.replicas`, which defaults to one. */
export const desiredReplicas = (o: KubeObject): number => o.spec?.replicas ?? 1;

/** The controller's status speaks of this spec, not of an older one. */
export const isObserved = (o: KubeObject): boolean => countOf(o, 'observedGeneration') >= (o.metadata.generation ?? 0);

/** Init containers first, as they run. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- container statuses are open-ended JSON here
export const containerStatusesOf = (pod: KubeObject): any[] => [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];

/**
 * Did this ReplicaSet never bring its Deployment up? True when the Deployment has been unavailable since before the
 * ReplicaSet existed. One that was taken up again by a rollback is older than its turn: then nothing is known.
 */
export function wasNeverAvailable(deployment: KubeObject, replicaSet: KubeObject): boolean {
  const { creationTimestamp: created, annotations } = replicaSet.metadata;
  const available = conditionOf(deployment, 'Available');
  if (available?.status !== 'False' || !available.lastTransitionTime || !created) return false;
  const isReused = annotations?.['deployment.kubernetes.io/revision-history'] !== undefined;
  return !isReused && countOf(replicaSet, 'availableReplicas') === 0 && Date.parse(available.lastTransitionTime) <= Date.parse(created);
}
