import type { Workload } from '../simulator/kube-types.js';
import { isPodReady } from '../simulator/reachability.js';
import type { ClusterView } from '../simulator/world.js';
import { count, labelsOf, type Active, type Rule } from './rule.js';

const name = (object: Workload): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;

function alert(object: Workload, label: string, summary: string, description: string): Active {
  return { labels: labelsOf({ namespace: object.metadata.namespace, [label]: object.metadata.name }), annotations: { summary, description } };
}

const wantedReplicas = (object: Workload): number => object.spec.replicas ?? 1;
const isAlive = (object: Workload): boolean => !object.metadata.deletionTimestamp;
const conditionIs = (object: Workload, type: string, status: string): boolean => object.status?.conditions?.some((one) => one.type === type && one.status === status) ?? false;

export const deploymentReplicasMismatch: Rule = {
  alertname: 'KubeDeploymentReplicasMismatch',
  severity: 'warning',
  forMs: 5000,
  active: (view) =>
    view
      .list('Deployment')
      .filter((one) => isAlive(one) && wantedReplicas(one) > count(one.status, 'availableReplicas'))
      .map((one) => alert(one, 'deployment', 'Deployment has not matched the expected number of replicas.', `Deployment ${name(one)} has not matched the expected number of replicas for longer than expected.`)),
};

const longStartMs = 5000;

/**
 * The controller gave up, may not create pods, or a pod of the newest revision has not become Ready for a while. A
 * rollout of many pods that each come up in time is no trouble, however long it takes.
 */
function isRolloutStuck(one: Workload, view: ClusterView, nowMs: number): boolean {
  if (!isAlive(one) || one.spec.paused) return false;
  if (conditionIs(one, 'Progressing', 'False') || conditionIs(one, 'ReplicaFailure', 'True')) return true;
  // a rollout that once completed is over: pods failing afterwards are other alerts' business
  const isUnderWay = one.status?.conditions?.find((condition) => condition.type === 'Progressing')?.reason !== 'NewReplicaSetAvailable';
  return isUnderWay && hasStuckNewPod(one, view, nowMs);
}

function hasStuckNewPod(deployment: Workload, view: ClusterView, nowMs: number): boolean {
  const namespace = deployment.metadata.namespace;
  const revision = (set: Workload): number => Number(set.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
  const newest = view
    .list('ReplicaSet', namespace)
    .filter((set) => set.metadata.ownerReferences?.some((owner) => owner.uid === deployment.metadata.uid))
    .sort((a, b) => revision(b) - revision(a))[0];
  return view
    .list('Pod', namespace)
    .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === newest?.metadata.uid))
    .some((pod) => !isPodReady(pod) && nowMs - Date.parse(pod.metadata.creationTimestamp ?? '') > longStartMs);
}

export const deploymentRolloutStuck: Rule = {
  alertname: 'KubeDeploymentRolloutStuck',
  severity: 'warning',
  forMs: 3000,
  active: (view, nowMs) =>
    view
      .list('Deployment')
      .filter((one) => isRolloutStuck(one, view, nowMs))
      .map((one) => alert(one, 'deployment', 'Deployment rollout is not progressing.', `Rollout of deployment ${name(one)} is not progressing for longer than expected.`)),
};

export const deploymentGenerationMismatch: Rule = {
  alertname: 'KubeDeploymentGenerationMismatch',
  severity: 'warning',
  forMs: 5000,
  active: (view) =>
    view
      .list('Deployment')
      .filter((one) => isAlive(one) && (one.metadata.generation ?? 0) !== count(one.status, 'observedGeneration'))
      .map((one) => alert(one, 'deployment', 'Deployment generation mismatch due to possible roll-back.', `Deployment generation for ${name(one)} does not match, this indicates that the Deployment has failed but has not been rolled back.`)),
};

export const statefulSetReplicasMismatch: Rule = {
  alertname: 'KubeStatefulSetReplicasMismatch',
  severity: 'warning',
  forMs: 5000,
  active: (view) =>
    view
      .list('StatefulSet')
      .filter((one) => isAlive(one) && wantedReplicas(one) > count(one.status, 'readyReplicas'))
      .map((one) => alert(one, 'statefulset', 'StatefulSet has not matched the expected number of replicas.', `StatefulSet ${name(one)} has not matched the expected number of replicas for longer than expected.`)),
};

function isSetRolloutBehind(one: Workload): boolean {
  if (!isAlive(one) || one.spec.updateStrategy?.type === 'OnDelete') return false;
  const { currentRevision, updateRevision } = one.status ?? {};
  return currentRevision !== updateRevision && count(one.status, 'readyReplicas') < wantedReplicas(one);
}

export const statefulSetUpdateNotRolledOut: Rule = {
  alertname: 'KubeStatefulSetUpdateNotRolledOut',
  severity: 'warning',
  forMs: 5000,
  active: (view) =>
    view
      .list('StatefulSet')
      .filter(isSetRolloutBehind)
      .map((one) => alert(one, 'statefulset', 'StatefulSet update has not been rolled out.', `StatefulSet ${name(one)} update has not been rolled out.`)),
};

function isDaemonSetBehind(one: Workload): boolean {
  const desired = count(one.status, 'desiredNumberScheduled');
  const fields = ['currentNumberScheduled', 'updatedNumberScheduled', 'numberAvailable'];
  return isAlive(one) && (count(one.status, 'numberMisscheduled') > 0 || fields.some((field) => count(one.status, field) !== desired));
}

export const daemonSetRolloutStuck: Rule = {
  alertname: 'KubeDaemonSetRolloutStuck',
  severity: 'warning',
  forMs: 5000,
  active: (view) =>
    view
      .list('DaemonSet')
      .filter(isDaemonSetBehind)
      .map((one) => alert(one, 'daemonset', 'DaemonSet rollout is stuck.', `DaemonSet ${name(one)} has not finished or progressed for longer than expected.`)),
};

export const jobFailed: Rule = {
  alertname: 'KubeJobFailed',
  severity: 'warning',
  forMs: 2000,
  active: (view) =>
    view
      .list('Job')
      .filter((one) => isAlive(one) && conditionIs(one, 'Failed', 'True'))
      .map((one) => alert(one, 'job_name', 'Job failed to complete.', `Job ${name(one)} failed to complete. Removing failed job after investigation should clear this alert.`)),
};
