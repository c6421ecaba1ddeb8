import { isNodeReady, type KubeObject, type World } from '../domain/kube.js';
import { bytesOf, coresOf } from '../domain/quantity.js';
import { podSpecOf, type PodSpec } from './workload.js';

/** What one pod asks of a node: cores and bytes. */
export interface Requests {
  cpu: number;
  memory: number;
}

const NONE: Requests = { cpu: 0, memory: 0 };
const plus = (a: Requests, b: Requests): Requests => ({ cpu: a.cpu + b.cpu, memory: a.memory + b.memory });
const most = (a: Requests, b: Requests): Requests => ({ cpu: Math.max(a.cpu, b.cpu), memory: Math.max(a.memory, b.memory) });

interface Asking {
  restartPolicy?: string;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}

/** Requests of one pod as the scheduler counts them: the containers and sidecars together, or the largest init container. */
export const requestsOf = (workload: KubeObject): Requests => demandOf(workload, 'requests');
export const limitsOf = (workload: KubeObject): Requests => demandOf(workload, 'limits');

function demandOf(workload: KubeObject, side: 'requests' | 'limits'): Requests {
  const spec = podSpecOf(workload);
  const init: Asking[] = spec?.initContainers ?? [];
  const running = [...(spec?.containers ?? []), ...init.filter((c) => c.restartPolicy === 'Always')];
  const sum = running.map((c) => askOf(c, side)).reduce(plus, NONE);
  const starting = init.filter((c) => c.restartPolicy !== 'Always').map((c) => askOf(c, side)).reduce(most, NONE);
  const overhead = { cpu: coresOf(spec?.overhead?.cpu), memory: bytesOf(spec?.overhead?.memory) };
  return plus(most(sum, starting), overhead);
}

/** A limit without a request is a request of the same size: the API server defaults it when the pod is made. */
function askOf({ resources = {} }: Asking, side: 'requests' | 'limits'): Requests {
  const of = (name: string) => resources[side]?.[name] ?? (side === 'requests' ? resources.limits?.[name] : undefined);
  return { cpu: coresOf(of('cpu')), memory: bytesOf(of('memory')) };
}

/** How many more pods with these requests the Ready, schedulable nodes can take that pass selector, affinity and taints. */
export const fits = (world: World, requests: Requests, workload: KubeObject): number =>
  nodesFor(world, workload).reduce((sum, node) => sum + howMany(roomOn(world, node), requests), 0);

export const nodesFor = (world: World, workload: KubeObject): KubeObject[] =>
  world.list('Node').filter((n) => isNodeReady(n) && canRunOn(n, workload));

export const canRunOn = (node: KubeObject, workload: KubeObject): boolean =>
  !node.spec?.unschedulable && passesSelection(node, workload) && toleratesTaints(node, podSpecOf(workload)?.tolerations ?? []);

/** What a pod asks of its node by labels: node selector and required node affinity. */
export function passesSelection(node: KubeObject, workload: KubeObject): boolean {
  const spec = podSpecOf(workload) ?? {};
  const labels = node.metadata.labels ?? {};
  return Object.entries(spec.nodeSelector ?? {}).every(([k, v]) => labels[k] === v) && passesAffinity(node, spec);
}

const passesAffinity = (node: KubeObject, spec: PodSpec): boolean =>
  passesTerms(node, spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms);

interface Expression {
  key: string;
  operator: string;
  values?: string[];
}

export interface NodeSelectorTerm {
  matchExpressions?: Expression[];
  matchFields?: Expression[];
}

/** Of a pod's required node affinity or of a volume's: terms are alternatives, expressions within a term all hold. */
export function passesTerms(node: KubeObject, terms: NodeSelectorTerm[] | undefined): boolean {
  if (!terms) return true;
  return terms.some(
    (t) =>
      (t.matchExpressions ?? []).every((e) => holds(e, node.metadata.labels?.[e.key])) &&
      (t.matchFields ?? []).every((e) => holds(e, node.metadata.name)),
  );
}

const OPERATORS: Record<string, (value: string | undefined, values: string[]) => boolean> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
  Gt: (value, [bound]) => Number(value) > Number(bound),
  Lt: (value, [bound]) => Number(value) < Number(bound),
};

const holds = (e: Expression, value: string | undefined): boolean => OPERATORS[e.operator]?.(value, e.values ?? []) ?? false;

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

/** What is left on a node. */
export interface Room extends Requests {
  pods: number;
}

export function roomOn(world: World, node: KubeObject): Room {
  const pods = world.list('Pod').filter((p) => p.spec?.nodeName === node.metadata.name && !['Succeeded', 'Failed'].includes(p.status?.phase));
  const used = pods.map(requestsOf).reduce(plus, NONE);
  const all = node.status?.allocatable ?? {};
  return { pods: Number(all.pods ?? 110) - pods.length, cpu: coresOf(all.cpu) - used.cpu, memory: bytesOf(all.memory) - used.memory };
}

export function howMany(room: Room, requests: Requests): number {
  // 1e-9: tenths of a core do not add up exactly
  const byCpu = requests.cpu > 0 ? Math.floor(room.cpu / requests.cpu + 1e-9) : Infinity;
  const byMemory = requests.memory > 0 ? Math.floor(room.memory / requests.memory) : Infinity;
  return Math.max(0, Math.min(room.pods, byCpu, byMemory));
}

/** Places each pod on the first node with room that it may go to, biggest first; returns those that found none. */
export function withoutRoom(world: World, pods: readonly KubeObject[], mayGo: (pod: KubeObject, node: KubeObject) => boolean): KubeObject[] {
  const rooms = new Map(world.list('Node').map((n) => [n.metadata.name, roomOn(world, n)]));
  const bySize = [...pods].sort((a, b) => requestsOf(b).memory - requestsOf(a).memory);
  return bySize.filter((pod) => {
    const requests = requestsOf(pod);
    const node = nodesFor(world, pod).find((n) => mayGo(pod, n) && howMany(rooms.get(n.metadata.name)!, requests) > 0);
    if (!node) return true;
    const room = rooms.get(node.metadata.name)!;
    rooms.set(node.metadata.name, { pods: room.pods - 1, cpu: room.cpu - requests.cpu, memory: room.memory - requests.memory });
    return false;
  });
}
