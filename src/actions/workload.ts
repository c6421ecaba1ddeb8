import { isNodeReady, podsOf, selects, type KubeObject, type World } from '../domain/kube.js';
import { bytesOf, coresOf } from '../domain/quantity.js';

export interface Requests {
  cpu: number;
  memory: number;
}

/** The HPA whose scaleTargetRef is this workload. */
export const autoscalerOf = (world: World, workload: KubeObject): KubeObject | undefined =>
  world
    .list('HorizontalPodAutoscaler', workload.metadata.namespace)
    .find((h) => h.spec?.scaleTargetRef?.kind === workload.kind && h.spec.scaleTargetRef.name === workload.metadata.name);

/** PodDisruptionBudgets that select this workload's pods. */
export const budgetsOf = (world: World, workload: KubeObject): KubeObject[] =>
  world
    .list('PodDisruptionBudget', workload.metadata.namespace)
    .filter((b) => selects(b.spec?.selector, workload.kind === 'Pod' ? workload.metadata.labels : workload.spec?.template?.metadata?.labels));

/** Sum of container requests of one pod of this workload (cores, bytes). */
export function requestsOf(workload: KubeObject): Requests {
  const containers: { resources?: { requests?: Record<string, string> } }[] = podSpecOf(workload)?.containers ?? [];
  return containers.reduce(
    (sum, c) => ({ cpu: sum.cpu + coresOf(c.resources?.requests?.cpu), memory: sum.memory + bytesOf(c.resources?.requests?.memory) }),
    { cpu: 0, memory: 0 },
  );
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a PodSpec is open-ended JSON here
export const podSpecOf = (o: KubeObject): any => (o.kind === 'Pod' ? o.spec : o.spec?.template?.spec);

/** How many more pods with these requests the Ready, schedulable nodes can take that pass selector and taints. */
export function fits(world: World, requests: Requests, workload: KubeObject): number {
  return world
    .list('Node')
    .filter((n) => isNodeReady(n) && canRunOn(n, workload))
    .reduce((sum, node) => sum + roomOn(world, node, requests), 0);
}

export function canRunOn(node: KubeObject, workload: KubeObject): boolean {
  const spec = podSpecOf(workload) ?? {};
  const labels = node.metadata.labels ?? {};
  const matches = Object.entries((spec.nodeSelector ?? {}) as Record<string, string>).every(([k, v]) => labels[k] === v);
  return matches && !node.spec?.unschedulable && toleratesTaints(node, spec.tolerations ?? []);
}

interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}

function toleratesTaints(node: KubeObject, tolerations: Toleration[]): boolean {
  const hard: { key: string; value?: string; effect: string }[] = (node.spec?.taints ?? []).filter((t: { effect: string }) => t.effect !== 'PreferNoSchedule');
  return hard.every((taint) =>
    tolerations.some(
      (t) =>
        (!t.key || t.key === taint.key) &&
        (!t.effect || t.effect === taint.effect) &&
        (t.operator === 'Exists' || (t.value ?? '') === (taint.value ?? '')),
    ),
  );
}

function roomOn(world: World, node: KubeObject, requests: Requests): number {
  const pods = world.list('Pod').filter((p) => p.spec?.nodeName === node.metadata.name && !['Succeeded', 'Failed'].includes(p.status?.phase));
  const used = pods.map(requestsOf).reduce((sum, r) => ({ cpu: sum.cpu + r.cpu, memory: sum.memory + r.memory }), { cpu: 0, memory: 0 });
  const room = node.status?.allocatable ?? {};
  const bySlots = Number(room.pods ?? 110) - pods.length;
  const byCpu = requests.cpu > 0 ? Math.floor((coresOf(room.cpu) - used.cpu) / requests.cpu + 1e-9) : Infinity;
  const byMemory = requests.memory > 0 ? Math.floor((bytesOf(room.memory) - used.memory) / requests.memory) : Infinity;
  return Math.max(0, Math.min(bySlots, byCpu, byMemory));
}

/** Controllers whose pods these are, for "another Ready replica" questions. */
export const readyPodsOf = (world: World, workload: KubeObject): KubeObject[] =>
  podsOf(world, workload).filter((p) => (p.status?.conditions ?? []).some((c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'True'));
