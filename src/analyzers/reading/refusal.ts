import type { Evidence } from '../../domain/evidence.js';
import { conditionOf, type KubeObject, type World } from '../../domain/kube.js';
import { countOf, desiredReplicas } from '../../domain/status.js';
import { eventsOf } from './container-trouble.js';
import { workloadsInScope } from './scene.js';

/** A workload whose pods the API server refuses, in its words. */
export interface Refused {
  workload: KubeObject;
  message: string;
}

export const refusedIn = (evidence: Evidence, world: World): Refused[] =>
  workloadsInScope(evidence, world).flatMap((workload) => {
    const message = refusalOf(workload, evidence, world);
    return message ? [{ workload, message }] : [];
  });

/** The controller's condition, or its FailedCreate event while pods are still short of what is wanted. */
export function refusalOf(workload: KubeObject, evidence: Evidence, world: World): string | undefined {
  const own = world.ownedBy(workload.metadata.uid ?? '').filter((o) => o.kind === 'ReplicaSet' && (o.spec?.replicas ?? 0) > (o.status?.replicas ?? 0));
  const condition = [workload, ...own].map((o) => conditionOf(o, 'ReplicaFailure')).find((c) => c?.status === 'True');
  if (condition?.message) return condition.message;
  if (!isShort(workload)) return undefined;
  const events = [workload, ...own].flatMap((o) => eventsOf(o, evidence.events)).filter((e) => e.reason === 'FailedCreate');
  return events.at(-1)?.message;
}

function isShort(workload: KubeObject): boolean {
  if (workload.kind === 'DaemonSet') return countOf(workload, 'currentNumberScheduled') < countOf(workload, 'desiredNumberScheduled');
  if (workload.kind === 'Job') return countOf(workload, 'active') === 0 && !workload.status?.completionTime;
  return Math.min(countOf(workload, 'replicas'), countOf(workload, 'updatedReplicas')) < desiredReplicas(workload);
}
