import { conditionsOf } from './pod-conditions.js';
import type { Container, Pod, PodStatus } from './kube-types.js';
import type { ContainerMemory } from './memory.js';
import { timeText } from './memory.js';
import { hasPressure } from './node-status.js';
import { quantityOf } from './quantity.js';
import type { World } from './world.js';

/** Kubelets look at disks now and then only. */
const afterMs = 1500;

export interface Eviction {
  message: string;
  atMs: number;
}

/**
 * Why the kubelet puts a pod off its node for what its containers write there (image table `disk`): more than their own limit, or,
 * without one, anything at all while the node is under disk pressure. `atMs` Infinity = it may stay.
 */
export function evictionOf(pod: Pod, containers: Record<string, ContainerMemory>, world: World): Eviction {
  const isShort = hasPressure(world.get('Node', undefined, pod.spec.nodeName ?? ''), 'disk');
  for (const container of pod.spec.containers) {
    const run = containers[container.name]?.run;
    const bytes = world.images.entryOf(container.image, pod.metadata.namespace ?? 'default').diskBytes ?? 0;
    const message = run && bytes > 0 ? complaintOf(container, bytes, isShort) : undefined;
    if (run && message) return { message, atMs: run.startedMs + afterMs };
  }
  return { message: '', atMs: Infinity };
}

function complaintOf(container: Container, bytes: number, isShort: boolean): string | undefined {
  const limit = container.resources?.limits?.['ephemeral-storage'];
  if (limit !== undefined) return quantityOf(limit) < bytes ? `Container ${container.name} exceeded its local ephemeral storage limit "${String(limit)}". ` : undefined;
  return isShort ? `The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 8Gi. Container ${container.name} was using ${String(Math.ceil(bytes / 1024))}Ki, request is 0, has larger consumption of ephemeral-storage. ` : undefined;
}

/** The record that is left of an evicted pod. */
export function evictedStatus(pod: Pod, status: PodStatus, message: string, now: number): PodStatus {
  const conditions = conditionsOf({ pod, phase: 'Failed', isInitialized: true, initContainerStatuses: status.initContainerStatuses ?? [], containerStatuses: status.containerStatuses ?? [], now });
  const target = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message, lastTransitionTime: timeText(now) };
  return { ...status, phase: 'Failed', reason: 'Evicted', message, conditions: [...(conditions ?? []), target] };
}
