import { conditionOf, type KubeObject } from '../domain/kube.js';
import type { Progress } from './define.js';

const REACHED = (detail: string): Progress => ({ state: 'reached', detail });
const WAITING = (detail: string): Progress => ({ state: 'waiting', detail });
const FAILED = (detail: string): Progress => ({ state: 'failed', detail });

/** A rollout has no time to wait before its first observation: until then the status speaks of the previous spec. */
export const isObserved = (o: KubeObject): boolean => (o.status?.observedGeneration ?? 0) >= (o.metadata.generation ?? 0);

/**
 * Where a rollout stands, by the rules of `kubectl rollout status`.
 * `staleDeadline`: time of a ProgressDeadlineExceeded that was there before our write; the controller leaves it
 * standing until the new rollout makes its first progress, so it must not be read as our failure.
 * `away`: pods of a DaemonSet on nodes that are not Ready; nobody there can replace them, so they are not waited for.
 */
export function rolloutProgress(object: KubeObject | undefined, staleDeadline?: string, away = 0): Progress {
  if (!object) return FAILED('the object is gone');
  // nor does every other kind say which generation its status is about
  if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(object.kind)) return REACHED('there is nothing to roll out');
  if (!isObserved(object)) return WAITING('the controller has not seen the change yet');
  switch (object.kind) {
    case 'Deployment':
      return deploymentProgress(object, staleDeadline);
    case 'StatefulSet':
      return statefulSetProgress(object);
    case 'DaemonSet':
      return daemonSetProgress(object, away);
    default:
      return REACHED('there is nothing to roll out');
  }
}

function deploymentProgress(deployment: KubeObject, staleDeadline: string | undefined): Progress {
  const exceeded = deadlineExceededAt(deployment);
  if (exceeded && exceeded !== staleDeadline) return FAILED('the rollout exceeded its progress deadline');
  const desired: number = deployment.spec.replicas ?? 1;
  const { updatedReplicas: updated, replicas, availableReplicas: available } = { ...NO_PODS, ...deployment.status };
  if (updated < desired) return WAITING(`${updated}/${desired} pods updated`);
  if (replicas > updated) return WAITING(`${replicas - updated} old pods are still there`);
  if (available < updated) return WAITING(`${available}/${updated} updated pods available`);
  return REACHED(`${available}/${desired} pods updated and available`);
}

/** The API server leaves zeros out. */
const NO_PODS = { replicas: 0, updatedReplicas: 0, availableReplicas: 0, readyReplicas: 0 };

/** When the controller said that the rollout takes too long; undefined when it does not say so. */
export function deadlineExceededAt(deployment: KubeObject): string | undefined {
  const progressing = conditionOf(deployment, 'Progressing') as { reason?: string; lastUpdateTime?: string } | undefined;
  return progressing?.reason === 'ProgressDeadlineExceeded' ? (progressing.lastUpdateTime ?? 'unknown') : undefined;
}

/** Pins the old verdict into the planned parameters, for `verify` to know it by. */
export function withStaleDeadline<T extends object>(params: T, deployment: KubeObject): T & { staleDeadline?: string } {
  const stale = deadlineExceededAt(deployment);
  return stale ? { ...params, staleDeadline: stale } : params;
}

export const staleDeadlineOf = (params: object): string | undefined => (params as { staleDeadline?: string }).staleDeadline;

function statefulSetProgress({ spec, status }: KubeObject): Progress {
  const desired: number = spec.replicas ?? 1;
  const due = Math.max(0, desired - (spec.updateStrategy?.rollingUpdate?.partition ?? 0));
  const pods = { ...NO_PODS, ...status };
  const ready = Math.min(pods.readyReplicas, pods.availableReplicas);
  // once all are updated the controller forgets the count and makes both revisions one
  const updated = pods.updateRevision === pods.currentRevision ? pods.replicas : pods.updatedReplicas;
  if (updated < due) return WAITING(`${updated}/${due} pods updated`);
  if (ready < desired) return WAITING(`${ready}/${desired} pods available`);
  return REACHED(`${ready}/${desired} pods updated and available`);
}

function daemonSetProgress({ status = {} }: KubeObject, away: number): Progress {
  const desired: number = Math.max(0, (status.desiredNumberScheduled ?? 0) - away);
  const { updatedNumberScheduled: updated = 0, numberAvailable: available = 0 } = status;
  if (updated < desired) return WAITING(`${updated}/${desired} pods updated`);
  if (available < desired) return WAITING(`${available}/${desired} pods available`);
  return REACHED(`${available}/${desired} pods updated and available`);
}

/** Long enough for the controller to give its own verdict, never longer than fifteen minutes. */
export const rolloutTimeoutS = (workload: KubeObject): number => Math.min(900, Math.max(300, Number(workload.spec?.progressDeadlineSeconds ?? 600) + 30));

/** Does the workload replace its pods one by one when its template changes? */
export function isRolling(workload: KubeObject): boolean {
  const type: string | undefined = workload.kind === 'Deployment' ? workload.spec?.strategy?.type : workload.spec?.updateStrategy?.type;
  return (type ?? 'RollingUpdate') === 'RollingUpdate';
}
