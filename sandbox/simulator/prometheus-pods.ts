import type { ContainerStatus, Pod } from './kube-types.js';
import type { Labels, Sample } from './prometheus-text.js';
import { quantityOf } from './quantity.js';
import { isPodReady } from './reachability.js';
import { usageOf } from './usage.js';
import type { World } from './world.js';

const phases = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'];

/** `prefix`: init containers have the same series under a name of their own. */
function containerSamples(status: ContainerStatus, labels: Labels, prefix: 'kube_pod_container' | 'kube_pod_init_container'): Sample[] {
  const of = { ...labels, container: status.name };
  const sample = (name: string, value: number, more: Labels = {}): Sample => ({ name: `${prefix}_${name}`, labels: { ...of, ...more }, value });
  const reasons: [string, string | undefined][] = [
    ['status_waiting_reason', status.state.waiting?.reason],
    ['status_terminated_reason', status.state.terminated?.reason],
    ['status_last_terminated_reason', status.lastState.terminated?.reason],
  ];
  const exitCode = status.lastState.terminated?.exitCode;
  return [
    sample('status_restarts_total', status.restartCount),
    sample('status_ready', Number(status.ready)),
    sample('status_running', Number(status.state.running !== undefined)),
    sample('status_waiting', Number(status.state.waiting !== undefined)),
    sample('status_terminated', Number(status.state.terminated !== undefined)),
    sample('info', 1, { image: status.image }),
    ...reasons.flatMap(([name, reason]) => (reason ? [sample(name, 1, { reason })] : [])),
    ...(exitCode === undefined ? [] : [sample('status_last_terminated_exitcode', exitCode)]),
  ];
}

function resourceSamples(pod: Pod, labels: Labels): Sample[] {
  return pod.spec.containers.flatMap((container) =>
    (['requests', 'limits'] as const).flatMap((which) =>
      Object.entries(container.resources?.[which] ?? {}).map(([resource, quantity]) => ({
        name: `kube_pod_container_resource_${which}`,
        labels: { ...labels, container: container.name, node: pod.spec.nodeName, resource, unit: resource === 'cpu' ? 'core' : 'byte' },
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
    { name: 'kube_pod_status_ready', labels: { ...labels, condition: 'unknown' }, value: 0 },
  ];
}

/** kube-state-metrics' and cAdvisor's series about one pod. */
export function podSamples(pod: Pod, world: World, now: number): Sample[] {
  const seen = { namespace: pod.metadata.namespace, pod: pod.metadata.name };
  const labels = { ...seen, uid: pod.metadata.uid };
  return [
    ...identitySamples(pod, labels),
    ...stateSamples(pod, labels),
    ...(pod.status?.containerStatuses ?? []).flatMap((one) => containerSamples(one, labels, 'kube_pod_container')),
    ...(pod.status?.initContainerStatuses ?? []).flatMap((one) => containerSamples(one, labels, 'kube_pod_init_container')),
    ...resourceSamples(pod, labels),
    ...usageSamples(pod, seen, world, now),
  ];
}
