/** What a query is about. Names come from what enrichment read, never from a model. */
export interface MetricSubject {
  kind: string;
  namespace?: string;
  name: string;
}

/** A question that a metrics server can answer, by name: nobody else writes an expression. */
export interface MetricQuery {
  id: string;
  summary: string;
  unit: string;
  kinds: readonly string[];
  expression(subject: MetricSubject): string;
}

/** In a double-quoted PromQL string. */
const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** RE2: every character that means something there. */
const literal = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}-]/g, '\\$&');

/** Pods of a workload by the names its controller gives them. */
const PODS: Record<string, string> = {
  Pod: '', Deployment: '-[a-z0-9]+-[a-z0-9]+', ReplicaSet: '-[a-z0-9]+', DaemonSet: '-[a-z0-9]+', Job: '-[a-z0-9]+', StatefulSet: '-[0-9]+',
};
const WORKLOADS = Object.keys(PODS);

const podsOf = ({ kind, namespace = '', name }: MetricSubject): string => `namespace=${quoted(namespace)},pod=~${quoted(`${literal(name)}${PODS[kind] ?? ''}`)}`;

/** Names of kube-state-metrics, cAdvisor and node_exporter, as the usual installations have them. */
export const METRIC_QUERIES: readonly MetricQuery[] = [
  { id: 'cpu', summary: 'CPU used', unit: 'cores', kinds: WORKLOADS, expression: (s) => `sum by (pod) (rate(container_cpu_usage_seconds_total{${podsOf(s)},container!=""}[5m]))` },
  { id: 'cpu_throttled', summary: 'share of time that the CPU limit held it back', unit: '0..1', kinds: WORKLOADS, expression: (s) => `sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{${podsOf(s)}}[5m])) / sum by (pod) (rate(container_cpu_cfs_periods_total{${podsOf(s)}}[5m]))` },
  { id: 'memory', summary: 'memory used', unit: 'bytes', kinds: WORKLOADS, expression: (s) => `sum by (pod, container) (container_memory_working_set_bytes{${podsOf(s)},container!=""})` },
  { id: 'memory_of_limit', summary: 'memory used as a share of the limit', unit: '0..1', kinds: WORKLOADS, expression: (s) => `max by (pod, container) (container_memory_working_set_bytes{${podsOf(s)},container!=""}) / max by (pod, container) (kube_pod_container_resource_limits{${podsOf(s)},resource="memory"})` },
  { id: 'restarts', summary: 'restarts so far', unit: 'count', kinds: WORKLOADS, expression: (s) => `sum by (pod, container) (kube_pod_container_status_restarts_total{${podsOf(s)}})` },
  { id: 'network_errors', summary: 'packets with errors or dropped', unit: 'per second', kinds: WORKLOADS, expression: (s) => `sum by (pod) (rate(container_network_receive_errors_total{${podsOf(s)}}[5m]) + rate(container_network_transmit_errors_total{${podsOf(s)}}[5m]) + rate(container_network_receive_packets_dropped_total{${podsOf(s)}}[5m]))` },
  { id: 'available_replicas', summary: 'replicas that are available', unit: 'count', kinds: ['Deployment'], expression: (s) => `kube_deployment_status_replicas_available{namespace=${quoted(s.namespace ?? '')},deployment=${quoted(s.name)}}` },
  { id: 'ready_replicas', summary: 'replicas that are ready', unit: 'count', kinds: ['StatefulSet'], expression: (s) => `kube_statefulset_status_replicas_ready{namespace=${quoted(s.namespace ?? '')},statefulset=${quoted(s.name)}}` },
  { id: 'volume_used', summary: 'share of the volume that is full', unit: '0..1', kinds: ['PersistentVolumeClaim'], expression: (s) => volume(s) },
  { id: 'node_conditions', summary: 'which conditions of the node hold', unit: '1 = holds', kinds: ['Node'], expression: (s) => `max by (condition) (kube_node_status_condition{node=${quoted(s.name)},status="true"})` },
  { id: 'node_cpu', summary: 'CPU used by all containers of the node', unit: 'cores', kinds: ['Node'], expression: (s) => `sum(rate(container_cpu_usage_seconds_total{node=${quoted(s.name)},container!=""}[5m]))` },
  { id: 'node_memory', summary: 'memory used by all containers of the node', unit: 'bytes', kinds: ['Node'], expression: (s) => `sum(container_memory_working_set_bytes{node=${quoted(s.name)},container!=""})` },
];

function volume({ namespace = '', name }: MetricSubject): string {
  const labels = `namespace=${quoted(namespace)},persistentvolumeclaim=${quoted(name)}`;
  return `max(kubelet_volume_stats_used_bytes{${labels}}) / max(kubelet_volume_stats_capacity_bytes{${labels}})`;
}
