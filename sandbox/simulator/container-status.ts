import { crashBackoffMs } from './container-state.js';
import type { Container, ContainerState, ContainerStatus, Pod } from './kube-types.js';
import type { ContainerMemory } from './memory.js';
import { timeText } from './memory.js';

interface Role {
  isInit: boolean;
  /** Not looked at yet because something before it is unfinished. */
  isWaitingForInit: boolean;
}

function waitingOf(container: Container, memory: ContainerMemory, pod: Pod): ContainerState {
  const { name, namespace = '', uid } = pod.metadata;
  switch (memory.stage) {
    case 'pull_failed':
      return { waiting: { reason: 'ErrImagePull', message: memory.problem } };
    case 'pull_backoff':
      return { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${container.image}": ErrImagePull: ${memory.problem ?? ''}` } };
    case 'config_error':
      return { waiting: { reason: 'CreateContainerConfigError', message: memory.problem } };
    case 'crash_backoff': {
      const seconds = Math.round(crashBackoffMs(memory) / 1000);
      const message = `back-off ${String(seconds)}s restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
      return { waiting: { reason: 'CrashLoopBackOff', message } };
    }
    default:
      return { waiting: { reason: 'ContainerCreating' } };
  }
}

function stateOf(container: Container, memory: ContainerMemory, pod: Pod): ContainerState {
  if (memory.stage === 'running' && memory.run) return { running: { startedAt: timeText(memory.run.startedMs) } };
  if ((memory.stage === 'crashed' || memory.stage === 'done') && memory.exited) return { terminated: memory.exited };
  return waitingOf(container, memory, pod);
}

const isSettled = (memory: ContainerMemory): boolean => memory.stage === 'crashed' || memory.stage === 'done';

function imageIdOf(image: string): string {
  let hash = 5381;
  for (const char of image) hash = (Math.imul(hash, 33) + char.charCodeAt(0)) >>> 0;
  return `sandbox.kubernaut.io/images@sha256:${hash.toString(16).padStart(8, '0').repeat(8)}`;
}

/** `resources` of a running container follow the spec at once: an in-place resize is granted as asked. */
function resourcesOf(container: Container): Pick<ContainerStatus, 'resources' | 'allocatedResources'> {
  const { requests, limits } = container.resources ?? {};
  if (!requests && !limits) return {};
  return { resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) }, ...(requests ? { allocatedResources: requests } : {}) };
}

function notStarted(container: Container, role: Role): ContainerStatus {
  const reason = role.isWaitingForInit ? 'PodInitializing' : 'ContainerCreating';
  return { name: container.name, image: container.image, imageID: '', ready: false, started: false, restartCount: 0, state: { waiting: { reason } }, lastState: {} };
}

function lastStateOf(memory: ContainerMemory): ContainerState {
  const last = isSettled(memory) ? memory.last : (memory.exited ?? memory.last);
  return last ? { terminated: last } : {};
}

function containerId(memory: ContainerMemory): { containerID?: string } {
  const id = memory.run?.id ?? memory.exited?.containerID;
  return id ? { containerID: id } : {};
}

/** For an init container "ready" means that it succeeded. */
function readyOf(container: Container, memory: ContainerMemory, role: Role): boolean {
  const isPlainInit = role.isInit && container.restartPolicy !== 'Always';
  return isPlainInit ? memory.stage === 'done' && memory.exited?.exitCode === 0 : (memory.run?.isReady ?? false);
}

/** A container's memory in the API's words. */
export function statusOfContainer(container: Container, memory: ContainerMemory | undefined, pod: Pod, role: Role): ContainerStatus {
  if (!memory || memory.stage === 'new') return notStarted(container, role);
  return {
    name: container.name,
    image: container.image,
    imageID: memory.isPulled ? imageIdOf(container.image) : '',
    ...containerId(memory),
    ready: readyOf(container, memory, role),
    started: memory.run?.hasAnnouncedStart ?? false,
    restartCount: Math.max(0, memory.creations - 1),
    state: stateOf(container, memory, pod),
    lastState: lastStateOf(memory),
    ...(memory.run ? resourcesOf(container) : {}),
  };
}
