import type { Claim, Kind, KubeNode, Workload } from './kube-types.js';
import type { Labels, Sample } from './prometheus-text.js';
import { conditionSamples, workloadSamples } from './prometheus-workloads.js';
import { quantityOf } from './quantity.js';
import { usedAnnotation } from './usage.js';
import type { World } from './world.js';

type Path = readonly ['spec' | 'status' | 'metadata', string];
interface Series {
  name: string;
  path: Path;
}
interface Family {
  kind: Kind;
  /** The label that carries the object's name. */
  label: string;
  series: Series[];
}

const series = (name: string, where: Path[0], field: string): Series => ({ name, path: [where, field] });

/** kube-state-metrics' series that are plain fields of an object. */
const FAMILIES: Family[] = [
  {
    kind: 'Deployment',
    label: 'deployment',
    series: [
      series('kube_deployment_spec_replicas', 'spec', 'replicas'),
      series('kube_deployment_metadata_generation', 'metadata', 'generation'),
      series('kube_deployment_status_observed_generation', 'status', 'observedGeneration'),
      series('kube_deployment_status_replicas', 'status', 'replicas'),
      series('kube_deployment_status_replicas_ready', 'status', 'readyReplicas'),
      series('kube_deployment_status_replicas_available', 'status', 'availableReplicas'),
      series('kube_deployment_status_replicas_unavailable', 'status', 'unavailableReplicas'),
      series('kube_deployment_status_replicas_updated', 'status', 'updatedReplicas'),
    ],
  },
  {
    kind: 'StatefulSet',
    label: 'statefulset',
    series: [
      series('kube_statefulset_replicas', 'spec', 'replicas'),
      series('kube_statefulset_metadata_generation', 'metadata', 'generation'),
      series('kube_statefulset_status_observed_generation', 'status', 'observedGeneration'),
      series('kube_statefulset_status_replicas', 'status', 'replicas'),
      series('kube_statefulset_status_replicas_ready', 'status', 'readyReplicas'),
      series('kube_statefulset_status_replicas_updated', 'status', 'updatedReplicas'),
    ],
  },
  {
    kind: 'DaemonSet',
    label: 'daemonset',
    series: [
      series('kube_daemonset_status_desired_number_scheduled', 'status', 'desiredNumberScheduled'),
      series('kube_daemonset_status_current_number_scheduled', 'status', 'currentNumberScheduled'),
      series('kube_daemonset_status_number_ready', 'status', 'numberReady'),
      series('kube_daemonset_status_number_available', 'status', 'numberAvailable'),
      series('kube_daemonset_status_number_misscheduled', 'status', 'numberMisscheduled'),
      series('kube_daemonset_status_updated_number_scheduled', 'status', 'updatedNumberScheduled'),
    ],
  },
  {
    kind: 'Job',
    label: 'job_name',
    series: [
      series('kube_job_status_active', 'status', 'active'),
      series('kube_job_status_succeeded', 'status', 'succeeded'),
      series('kube_job_status_failed', 'status', 'failed'),
    ],
  },
  {
    kind: 'HorizontalPodAutoscaler',
    label: 'horizontalpodautoscaler',
    series: [
      series('kube_horizontalpodautoscaler_spec_min_replicas', 'spec', 'minReplicas'),
      series('kube_horizontalpodautoscaler_spec_max_replicas', 'spec', 'maxReplicas'),
      series('kube_horizontalpodautoscaler_status_current_replicas', 'status', 'currentReplicas'),
      series('kube_horizontalpodautoscaler_status_desired_replicas', 'status', 'desiredReplicas'),
    ],
  },
  {
    kind: 'PodDisruptionBudget',
    label: 'poddisruptionbudget',
    series: [
      series('kube_poddisruptionbudget_status_current_healthy', 'status', 'currentHealthy'),
      series('kube_poddisruptionbudget_status_desired_healthy', 'status', 'desiredHealthy'),
      series('kube_poddisruptionbudget_status_pod_disruptions_allowed', 'status', 'disruptionsAllowed'),
      series('kube_poddisruptionbudget_status_expected_pods', 'status', 'expectedPods'),
    ],
  },
];

function familySamples({ kind, label, series: all }: Family, world: World): Sample[] {
  return (world.list(kind) as Workload[]).flatMap((object) => {
    const labels: Labels = { namespace: object.metadata.namespace, [label]: object.metadata.name };
    return all.map(({ name, path: [where, field] }) => ({ name, labels, value: Number((object[where] as Record<string, unknown> | undefined)?.[field] ?? 0) }));
  });
}

function quotaSamples(quota: Workload): Sample[] {
  return (['hard', 'used'] as const).flatMap((type) =>
    Object.entries(quota.status?.[type] ?? {}).map(([resource, quantity]) => ({
      name: 'kube_resourcequota',
      labels: { namespace: quota.metadata.namespace, resourcequota: quota.metadata.name, resource, type },
      value: quantityOf(quantity),
    })),
  );
}

const UNITS: Record<string, string> = { cpu: 'core', pods: 'integer' };

function nodeSamples(node: KubeNode): Sample[] {
  const labels = { node: node.metadata.name };
  const sizes = (['capacity', 'allocatable'] as const).flatMap((which) =>
    Object.entries(node.status?.[which] ?? {}).map(([resource, quantity]) => ({
      name: `kube_node_status_${which}`,
      labels: { ...labels, resource: resource.replaceAll('-', '_'), unit: UNITS[resource] ?? 'byte' },
      value: quantityOf(quantity),
    })),
  );
  const taints = (node.spec?.taints ?? []).map(({ key, value = '', effect }) => ({ name: 'kube_node_spec_taint', labels: { ...labels, key, value, effect }, value: 1 }));
  return [
    { name: 'kube_node_info', labels, value: 1 },
    { name: 'kube_node_spec_unschedulable', labels, value: Number(node.spec?.unschedulable ?? false) },
    ...taints,
    ...conditionSamples('kube_node_status_condition', labels, node.status?.conditions),
    ...sizes,
  ];
}

function claimSamples(claim: Claim): Sample[] {
  const labels = { namespace: claim.metadata.namespace, persistentvolumeclaim: claim.metadata.name };
  const told: Sample[] = ['Pending', 'Bound', 'Lost'].map((phase) => ({ name: 'kube_persistentvolumeclaim_status_phase', labels: { ...labels, phase }, value: Number(claim.status?.phase === phase) }));
  const { storageClassName, volumeName, volumeMode, accessModes = [] } = claim.spec;
  told.push(
    { name: 'kube_persistentvolumeclaim_info', labels: { ...labels, storageclass: storageClassName, volumename: volumeName, volumemode: volumeMode }, value: 1 },
    ...accessModes.map((mode) => ({ name: 'kube_persistentvolumeclaim_access_mode', labels: { ...labels, access_mode: mode }, value: 1 })),
  );
  const capacity = quantityOf(claim.status?.capacity?.['storage']);
  if (Number.isNaN(capacity)) return told;
  const used = quantityOf(claim.metadata.annotations?.[usedAnnotation]) || 0;
  return [
    ...told,
    { name: 'kubelet_volume_stats_capacity_bytes', labels, value: capacity },
    { name: 'kubelet_volume_stats_used_bytes', labels, value: used },
    { name: 'kubelet_volume_stats_available_bytes', labels, value: Math.max(0, capacity - used) },
  ];
}

/** Series about everything but pods. */
export const objectSamples = (world: World): Sample[] => [
  ...FAMILIES.flatMap((family) => familySamples(family, world)),
  ...workloadSamples(world),
  ...world.list('ResourceQuota').flatMap(quotaSamples),
  ...world.list('Node').flatMap(nodeSamples),
  ...world.list('PersistentVolumeClaim').flatMap(claimSamples),
];
