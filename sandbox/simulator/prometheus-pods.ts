import type { ContainerStatus, Pod } from './kube-types.js';
import type { Labels, Sample } from './prometheus-text.js';
import { quantityOf } from './quantity.js';
import { isPodReady } from './reachability.js';
import { usageOf } from './usage.js';
import type { World } from './world.js';

const phases = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'];

function containerSamples(status: ContainerStatus, labels: Labels): Sample[] {
  const of = { ...labels, container: status.name };
  const samples: Sample[] = [
    { name: 'kube_pod_container_status_restarts_total', labels: of, value: status.restartCount },
    { name: 'kube_pod_container_status_ready', labels: of, value: Number(status.ready) },
    { name: 'kube_pod_container_status_running', labels: of, value: Number(status.state.running !== undefined) },
    { name: 'kube_pod_container_info', labels: { ...of, image: status.image }, value: 1 },
  ];
  const reasons: [string, string | undefined][] = [
    ['kube_pod_container_status_waiting_reason', status.state.waiting?.reason],
    ['kube_pod_container_status_terminated_reason', status.state.terminated?.reason],
    ['kube_pod_container_status_last_terminated_reason', status.lastState.terminated?.reason],
  ];
  for (const [name, reason] of reasons) if (reason) samples.push({ name, labels: { ...of, reason }, value: 1 });
  const exitCode = status.lastState.terminated?.exitCode;
  if (exitCode !== undefined) samples.push({ name: 'kube_pod_container_status_last_terminated_exitcode', labels: of, value: exitCode });
  return samples;
}

function resourceSamples(pod: Pod, labels: Labels): Sample[] {
  return pod.spec.containers.flatMap((container) =>
    (['requests', 'limits'] as const).flatMap((which) =>
      Object.entries(container.resources?.[which] ?? {}).map(([resource, quantity]) => ({
        name: `kube_pod_container_resource_${which}`,
        labels: { ...labels, container: container.name, resource, unit: resource === 'cpu' ? 'core' : 'byte' },
        value: quantityOf(quantity),
      })),
    ),
  );
}

/** CPU is a counter: the figure of now, held since the container started. */
function usageSamples(pod: Pod, labels: Labels, world: World, now: number): Sample[] {
  return pod.spec.containers.flatMap((container) => {
    const status = pod.status?.containerStatuses?.find((one) => one.name === container.name);
    const startedAt = status?.state.running?.startedAt;
    if (!startedAt) return [];
    const usage = usageOf(container, pod, world);
    const of = { ...labels, container: container.name, image: container.image };
    const seconds = Math.max(0, (now - Date.parse(startedAt)) / 1000);
    return [
      { name: 'container_memory_working_set_bytes', labels: of, value: usage.memoryBytes },
      { name: 'container_cpu_usage_seconds_total', labels: of, value: usage.cpuCores * seconds },
    ];
  });
}

function identitySamples(pod: Pod, labels: Labels): Sample[] {
  const owner = pod.metadata.ownerReferences?.find((one) => one.controller);
  const info = { ...labels, node: pod.spec.nodeName, pod_ip: pod.status?.podIP, created_by_kind: owner?.kind, created_by_name: owner?.name };
  const samples: Sample[] = [{ name: 'kube_pod_info', labels: info, value: 1 }];
  if (owner) samples.push({ name: 'kube_pod_owner', labels: { ...labels, owner_kind: owner.kind, owner_name: owner.name, owner_is_controller: 'true' }, value: 1 });
  return samples;
}

function stateSamples(pod: Pod, labels: Labels): Sample[] {
  const isReady = isPodReady(pod);
  return [
    ...phases.map((phase) => ({ name: 'kube_pod_status_phase', labels: { ...labels, phase }, value: Number(pod.status?.phase === phase) })),
    { name: 'kube_pod_status_ready', labels: { ...labels, condition: 'true' }, value: Number(isReady) },
    { name: 'kube_pod_status_ready', labels: { ...labels, condition: 'false' }, value: Number(!isReady) },
  ];
}

/** kube-state-metrics' and cAdvisor's series about one pod. */
export function podSamples(pod: Pod, world: World, now: number): Sample[] {
  const labels = { namespace: pod.metadata.namespace, pod: pod.metadata.name };
  const initRestarts = (pod.status?.initContainerStatuses ?? []).map((one) => ({
    name: 'kube_pod_init_container_status_restarts_total',
    labels: { ...labels, container: one.name },
    value: one.restartCount,
  }));
  return [
    ...identitySamples(pod, labels),
    ...stateSamples(pod, labels),
    ...(pod.status?.containerStatuses ?? []).flatMap((one) => containerSamples(one, labels)),
    ...initRestarts,
    ...resourceSamples(pod, labels),
    ...usageSamples(pod, labels, world, now),
  ];
}
