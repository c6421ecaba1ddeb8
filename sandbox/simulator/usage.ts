import type { Container, Pod } from './kube-types.js';
import { isPodReady } from './reachability.js';
import type { World } from './world.js';

export interface Usage {
  cpuCores: number;
  memoryBytes: number;
}

const idleCpuCores = 0.01;
const idleMemoryBytes = 32 * 2 ** 20;

/** Ready pods of the namespace that run an image: they share its load. */
function sharersOf(image: string, namespace: string, world: World): number {
  return world.list('Pod', namespace).filter((pod) => isPodReady(pod) && pod.spec.containers.some((one) => one.image === image)).length;
}

/** What a running container uses: the image's own figures plus its share of the image's load. */
export function usageOf(container: Container, pod: Pod, world: World): Usage {
  const namespace = pod.metadata.namespace ?? 'default';
  const image = world.images.entryOf(container.image, namespace);
  const base = { cpuCores: image.cpuCores ?? idleCpuCores, memoryBytes: image.memoryBytes ?? idleMemoryBytes };
  if (!image.load || !isPodReady(pod)) return base;
  const sharers = Math.max(1, sharersOf(container.image, namespace, world));
  return {
    cpuCores: image.load.cpuCores === undefined ? base.cpuCores : image.load.cpuCores / sharers,
    memoryBytes: image.load.memoryBytes === undefined ? base.memoryBytes : base.memoryBytes + image.load.memoryBytes / sharers,
  };
}

export interface ContainerUsage extends Usage {
  name: string;
}

/** Running containers only: a crashed one uses nothing. */
export function podUsage(pod: Pod, world: World): ContainerUsage[] {
  return pod.spec.containers
    .filter(({ name }) => pod.status?.containerStatuses?.some((one) => one.name === name && one.state.running))
    .map((container) => ({ name: container.name, ...usageOf(container, pod, world) }));
}

/** What a claim holds, by its annotation `sandbox.kubernaut.io/used` (a quantity or plain bytes). */
export const usedAnnotation = 'sandbox.kubernaut.io/used';
