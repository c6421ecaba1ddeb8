import { isNodeReady, type KubeObject, type World } from '../domain/kube.js';
import { passesSelection, podsOn, taintsAgainst } from '../domain/node-match.js';
import { bytesOf, coresOf } from '../domain/quantity.js';
import { podSpecOf } from './workload.js';

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
  !node.spec?.unschedulable && passesSelection(podSpecOf(workload), node) && taintsAgainst(podSpecOf(workload), node).length === 0;

/** What is left on a node. */
export interface Room extends Requests {
  pods: number;
}

export function roomOn(world: World, node: KubeObject): Room {
  const pods = podsOn(world, node);
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
