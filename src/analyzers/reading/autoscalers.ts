import type { Evidence } from '../../domain/evidence.js';
import type { KubeObject, World } from '../../domain/kube.js';
import { workloadsInScope } from './scene.js';

/** The target when it is an autoscaler, else those that scale a workload in scope. */
export function autoscalersInScope(evidence: Evidence, world: World): KubeObject[] {
  if (evidence.object?.kind === 'HorizontalPodAutoscaler') return [world.byUid(evidence.object.metadata.uid ?? '') ?? evidence.object];
  const workloads = workloadsInScope(evidence, world);
  return world
    .list('HorizontalPodAutoscaler')
    .filter((h) => workloads.some((w) => isScaledBy(w, h)));
}

export const isScaledBy = (workload: KubeObject, hpa: KubeObject): boolean =>
  hpa.metadata.namespace === workload.metadata.namespace &&
  hpa.spec?.scaleTargetRef?.kind === workload.kind &&
  hpa.spec.scaleTargetRef.name === workload.metadata.name;
