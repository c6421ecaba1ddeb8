import { controllerOf, type KubeObject, type World } from '../domain/kube.js';
import { TERMINAL_PHASES } from './workload.js';

/** Of the kubelet's own manifest folder: the API server only mirrors it, deleting it does nothing. */
export const isMirror = (pod: KubeObject): boolean =>
  pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined || controllerOf(pod)?.kind === 'Node';

export const isFinished = (pod: KubeObject): boolean => TERMINAL_PHASES.includes(pod.status?.phase);

export const hasEmptyDir = (pod: KubeObject): boolean => (pod.spec?.volumes ?? []).some((v: { emptyDir?: unknown }) => v.emptyDir !== undefined);

/** The other pods of the same controller. */
export function siblingsOf(world: World, pod: KubeObject): KubeObject[] {
  const owner = controllerOf(pod);
  return owner ? world.ownedBy(owner.uid).filter((o) => o.kind === 'Pod' && o.metadata.uid !== pod.metadata.uid) : [];
}

export const nameOfPod = (pod: KubeObject): string => `pod ${pod.metadata.namespace}/${pod.metadata.name}`;
