import type { Condition, Workload } from './kube-types.js';
import type { Labels, Sample } from './prometheus-text.js';
import type { World } from './world.js';

const STATUSES = ['true', 'false', 'unknown'];

/** One series per status a condition could have; the one it has is 1. */
export const conditionSamples = (name: string, labels: Labels, conditions: readonly Condition[] | undefined): Sample[] =>
  (conditions ?? []).flatMap(({ type, status: has }) => STATUSES.map((status) => ({ name, labels: { ...labels, condition: type, status }, value: Number(has.toLowerCase() === status) })));

function deploymentSamples(deployment: Workload): Sample[] {
  const labels = { namespace: deployment.metadata.namespace, deployment: deployment.metadata.name };
  const conditions = (deployment.status?.conditions ?? []).flatMap((one) => conditionSamples('kube_deployment_status_condition', { ...labels, reason: one.reason }, [one]));
  return [{ name: 'kube_deployment_spec_paused', labels, value: Number(deployment.spec.paused ?? false) }, ...conditions];
}

function statefulSetSamples(set: Workload): Sample[] {
  const labels = { namespace: set.metadata.namespace, statefulset: set.metadata.name };
  return (['current', 'update'] as const).flatMap((which) => {
    const revision = set.status?.[`${which}Revision`];
    return typeof revision === 'string' ? [{ name: `kube_statefulset_status_${which}_revision`, labels: { ...labels, revision }, value: 1 }] : [];
  });
}

/** What became of a Job is told by `condition` alone. */
function jobSamples(job: Workload): Sample[] {
  const labels = { namespace: job.metadata.namespace, job_name: job.metadata.name };
  const ends = ([['Complete', 'kube_job_complete'], ['Failed', 'kube_job_failed']] as const).flatMap(([type, name]) => {
    const end = job.status?.conditions?.find((one) => one.type === type);
    return end ? STATUSES.map((condition) => ({ name, labels: { ...labels, condition }, value: Number(end.status.toLowerCase() === condition) })) : [];
  });
  const owner = job.metadata.ownerReferences?.find((one) => one.controller);
  const owned = owner ? [{ name: 'kube_job_owner', labels: { ...labels, owner_kind: owner.kind, owner_name: owner.name, owner_is_controller: 'true' }, value: 1 }] : [];
  return [{ name: 'kube_job_spec_completions', labels, value: job.spec.completions ?? 1 }, ...owned, ...ends];
}

function autoscalerSamples({ metadata, spec, status }: Workload): Sample[] {
  const labels = { namespace: metadata.namespace, horizontalpodautoscaler: metadata.name };
  const { apiVersion, kind, name } = spec.scaleTargetRef ?? {};
  const info = { ...labels, scaletargetref_api_version: apiVersion, scaletargetref_kind: kind, scaletargetref_name: name };
  return [{ name: 'kube_horizontalpodautoscaler_info', labels: info, value: 1 }, ...conditionSamples('kube_horizontalpodautoscaler_status_condition', labels, status?.conditions)];
}

/** Series about workloads and autoscalers that are more than a plain field. */
export const workloadSamples = (world: World): Sample[] => [
  ...world.list('Deployment').flatMap(deploymentSamples),
  ...world.list('StatefulSet').flatMap(statefulSetSamples),
  ...world.list('Job').flatMap(jobSamples),
  ...world.list('HorizontalPodAutoscaler').flatMap(autoscalerSamples),
];
