import { containerStateOf, type ContainerOutcome } from './container-state.js';
import type { Surroundings } from './container-faults.js';
import { statusOfContainer } from './container-status.js';
import type { Container, Pod, PodStatus } from './kube-types.js';
import { newContainer, timeText, type ContainerMemory, type PodEvent, type PodMemory } from './memory.js';
import { evictedStatus, evictionOf } from './evictions.js';
import { conditionsOf } from './pod-conditions.js';
import { mountVolumes, multiAttach } from './volumes.js';
import type { World } from './world.js';

export interface PodOutcome {
  status: PodStatus;
  memory: PodMemory;
  events: PodEvent[];
  /** When to look again if nothing else happens; Infinity = only when the world changes. */
  nextCheckAtMs: number;
}

const mountEventEveryMs = 5000;

interface Walk {
  containers: Record<string, ContainerMemory>;
  events: PodEvent[];
  nextCheckAtMs: number;
}

const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';
const isDone = (memory: ContainerMemory | undefined): boolean => memory?.stage === 'done';
const hasSucceeded = (memory: ContainerMemory | undefined): boolean => isDone(memory) && memory?.exited?.exitCode === 0;
const hasFailed = (memory: ContainerMemory | undefined): boolean => isDone(memory) && memory?.exited?.exitCode !== 0;

/** Init containers one after the other; a sidecar lets the next one start once it is up itself. */
function walkInits(pod: Pod, walk: Walk, look: (container: Container, isInit: boolean) => ContainerMemory): boolean {
  for (const container of pod.spec.initContainers ?? []) {
    const memory = hasSucceeded(walk.containers[container.name]) ? walk.containers[container.name] : look(container, true);
    const isThrough = isSidecar(container) ? (memory?.run?.isReady ?? false) : hasSucceeded(memory);
    if (!isThrough) return false;
  }
  return true;
}

function mountEvents(memory: PodMemory, problem: string | undefined, now: number): { events: PodEvent[]; mountProblem?: PodMemory['mountProblem'] } {
  if (!problem) return { events: [] };
  const known = memory.mountProblem;
  if (known?.text === problem && now < known.nextEventMs) return { events: [], mountProblem: known };
  return {
    events: [{ type: 'Warning', reason: problem.startsWith(multiAttach) ? 'FailedAttachVolume' : 'FailedMount', message: problem }],
    mountProblem: { text: problem, nextEventMs: now + mountEventEveryMs },
  };
}

function phaseOf(pod: Pod, containers: Record<string, ContainerMemory>, isInitialized: boolean): string {
  if ((pod.spec.initContainers ?? []).some((one) => hasFailed(containers[one.name]))) return 'Failed';
  if (!isInitialized) return 'Pending';
  const apps = pod.spec.containers.map((one) => containers[one.name]);
  if (apps.every(isDone)) return apps.some(hasFailed) ? 'Failed' : 'Succeeded';
  // a pod that never started a container is Pending; one that did stays Running through crashes
  return apps.some((memory) => (memory?.creations ?? 0) > 0) ? 'Running' : 'Pending';
}

const isFinished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** `activeDeadlineSeconds` of the pod itself is the kubelet's to keep. */
function deadlineMs(pod: Pod, startTime: string | undefined): number {
  const seconds = pod.spec.activeDeadlineSeconds;
  return seconds === undefined || !startTime ? Infinity : Date.parse(startTime) + seconds * 1000;
}

function stopSidecars(pod: Pod, containers: Record<string, ContainerMemory>, phase: string, now: number): void {
  if (phase !== 'Succeeded' && phase !== 'Failed') return;
  for (const { name } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers, ...(pod.spec.ephemeralContainers ?? [])]) {
    const memory = containers[name];
    if (!memory?.run) continue;
    const exited = { exitCode: 143, reason: 'Error', startedAt: timeText(memory.run.startedMs), finishedAt: timeText(now), containerID: memory.run.id };
    containers[name] = { ...memory, stage: 'done', run: undefined, exited };
  }
}

function render(pod: Pod, memory: PodMemory, phase: string, isInitialized: boolean, now: number): PodStatus {
  const inits = pod.spec.initContainers ?? [];
  const initContainerStatuses = inits.map((one) => statusOfContainer(one, memory.containers[one.name], pod, { isInit: true, isWaitingForInit: true }));
  const containerStatuses = pod.spec.containers.map((one) =>
    statusOfContainer(one, memory.containers[one.name], pod, { isInit: false, isWaitingForInit: inits.length > 0 && !isInitialized }),
  );
  const guests = pod.spec.ephemeralContainers ?? [];
  // nobody asks whether a guest is ready
  const ephemeralContainerStatuses = guests.map((one) => ({ ...statusOfContainer(one, memory.containers[one.name], pod, { isInit: false, isWaitingForInit: false }), ready: false }));
  return {
    phase,
    conditions: conditionsOf({ pod, phase, isInitialized, initContainerStatuses, containerStatuses, now }),
    podIP: memory.podIP,
    podIPs: memory.podIP ? [{ ip: memory.podIP }] : undefined,
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    startTime: memory.startTime,
    ...(inits.length > 0 ? { initContainerStatuses } : {}),
    containerStatuses,
    ...(guests.length > 0 ? { ephemeralContainerStatuses } : {}),
  };
}

interface Looked {
  pod: Pod;
  memory: PodMemory;
  walk: Walk;
  now: number;
}

/** An eviction that is due ends the pod like a deadline does: everything in it is stopped. */
function putOff({ pod, memory, walk, now }: Looked, world: World): PodOutcome | undefined {
  const { message, atMs } = evictionOf(pod, walk.containers, world);
  walk.nextCheckAtMs = Math.min(walk.nextCheckAtMs, atMs);
  if (atMs > now) return undefined;
  stopSidecars(pod, walk.containers, 'Failed', now);
  const status = evictedStatus(pod, render(pod, memory, 'Failed', true, now), message, now);
  return { status, memory, events: [...walk.events, { type: 'Warning', reason: 'Evicted', message }], nextCheckAtMs: Infinity };
}

function conclude(pod: Pod, memory: PodMemory, walk: Walk, isInitialized: boolean, now: number): PodOutcome {
  const dueMs = deadlineMs(pod, memory.startTime);
  const isOverdue = now >= dueMs;
  const phase = isOverdue ? 'Failed' : phaseOf(pod, walk.containers, isInitialized);
  stopSidecars(pod, walk.containers, phase, now);
  const status = render(pod, memory, phase, isInitialized, now);
  if (isOverdue) Object.assign(status, { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' });
  return { status, memory, events: walk.events, nextCheckAtMs: Math.min(walk.nextCheckAtMs, isOverdue ? Infinity : dueMs) };
}

/**
 * A scheduled pod's status at one moment, derived purely from its spec, the objects it refers to and the image table,
 * so that right fixes heal and wrong ones do not (sandbox.md 2).
 */
export function podStatusOf(pod: Pod, world: World, memory: PodMemory, now: number): PodOutcome {
  if (isFinished(pod)) return { status: pod.status ?? {}, memory, events: [], nextCheckAtMs: Infinity };
  const mounted = mountVolumes(pod, world, memory.volumes);
  const mount = mountEvents(memory, mounted.problem, now);
  const startTime = memory.startTime ?? timeText(now);
  const walk: Walk = { containers: { ...memory.containers }, events: mount.events, nextCheckAtMs: mount.mountProblem?.nextEventMs ?? Infinity };

  const look = (container: Container, isInit: boolean): ContainerMemory => {
    const image = world.images.entryOf(container.image, pod.metadata.namespace ?? 'default');
    const around: Surroundings = { container, pod, world, image, volumes: mounted.byName, isInit, now };
    const before = walk.containers[container.name] ?? newContainer(container.image, now);
    const outcome: ContainerOutcome = containerStateOf(before, around, mounted.problem);
    walk.containers[container.name] = outcome.memory;
    walk.events.push(...outcome.events);
    walk.nextCheckAtMs = Math.min(walk.nextCheckAtMs, outcome.nextCheckAtMs);
    return outcome.memory;
  };

  const isInitialized = walkInits(pod, walk, look);
  if (isInitialized) for (const container of [...pod.spec.containers, ...(pod.spec.ephemeralContainers ?? [])]) look(container, false);
  const next: PodMemory = { ...memory, containers: walk.containers, volumes: mounted.byName, startTime, mountProblem: mount.mountProblem };
  return putOff({ pod, memory: next, walk, now }, world) ?? conclude(pod, next, walk, isInitialized, now);
}
