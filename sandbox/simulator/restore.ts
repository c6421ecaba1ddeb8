import { environmentOf } from './environment.js';
import type { Container, ContainerStatus, Pod } from './kube-types.js';
import { newContainer, type ContainerMemory, type PodMemory } from './memory.js';
import { frozenFiles, mountVolumes } from './volumes.js';
import type { World } from './world.js';

function restoreRunning(base: ContainerMemory, status: ContainerStatus, container: Container, pod: Pod, world: World): ContainerMemory {
  const startedMs = Date.parse(status.state.running?.startedAt ?? '') || Date.now();
  const volumes = mountVolumes(pod, world, {}).byName;
  return {
    ...base,
    stage: 'running',
    sinceMs: startedMs,
    run: {
      id: status.containerID ?? '',
      startedMs,
      env: environmentOf(container, pod, world).values,
      frozen: frozenFiles(container, volumes),
      isReady: status.ready,
      hasAnnouncedStart: status.started,
    },
  };
}

function restoreContainer(status: ContainerStatus | undefined, container: Container, pod: Pod, world: World, now: number): ContainerMemory {
  const fresh = newContainer(container.image, now);
  if (!status?.containerID) return fresh;
  const base: ContainerMemory = {
    ...fresh,
    image: status.image,
    isPulled: true,
    creations: status.restartCount + 1,
    crashes: Math.min(status.restartCount, 5),
    last: status.lastState.terminated,
  };
  if (status.state.running) return restoreRunning(base, status, container, pod, world);
  if (status.state.terminated) return { ...base, stage: 'crashed', exited: status.state.terminated };
  return base.last ? { ...base, stage: 'crash_backoff', exited: base.last, last: undefined } : base;
}

/** What a kubelet that was restarted knows: everything its pods' status says. Logs of earlier lives are gone. */
export function restorePod(pod: Pod, world: World, now: number): PodMemory {
  const { spec, status = {} } = pod;
  const statuses = [status.initContainerStatuses, status.containerStatuses, status.ephemeralContainerStatuses].flatMap((list) => list ?? []);
  const containers = [spec.initContainers, spec.containers, spec.ephemeralContainers].flatMap((list) => list ?? []).map((container) => {
    const status = statuses.find((one) => one.name === container.name);
    return [container.name, restoreContainer(status, container, pod, world, now)] as const;
  });
  return {
    containers: Object.fromEntries(containers),
    volumes: {},
    podIP: pod.status?.podIP,
    startTime: pod.status?.startTime,
  };
}
