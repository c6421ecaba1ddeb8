import { conditionOf, controllerOf, type KubeObject } from '../domain/kube.js';
import { containerStatusesOf } from '../domain/status.js';
import { hasLasted, hintOf, nameOf, PATIENCE_MS, type Trouble } from './kubernetes-object.js';

/** The longest back-off between two crashes: what is up for longer has stopped looping. */
const LOOP_MS = 5 * 60_000;
const STARTING: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);

type Says = Pick<Trouble, 'alert' | 'startsAt' | 'summary' | 'description'>;

/** What its containers say, else what its conditions say. */
export function podTrouble(pod: KubeObject, nowMs: number): Trouble[] {
  if (pod.metadata.deletionTimestamp || pod.status?.phase === 'Succeeded') return [];
  const says = (more: Says, labels: Record<string, string> = {}): Trouble => ({
    severity: 'warning', object: hintOf(pod), labels: { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, ...labels }, ...more,
  });
  const containers = (containerStatusesOf(pod) as ContainerStatus[]).flatMap((status) => {
    const said = containerSays(pod, status, nowMs);
    return said ? [says(said, { container: status.name })] : [];
  });
  return containers.length > 0 ? containers : [unschedulable(pod, nowMs), notReady(pod, nowMs)].flatMap((said) => (said ? [says(said)] : []));
}

interface ContainerStatus {
  name: string;
  restartCount?: number;
  state?: { waiting?: { reason?: string; message?: string } };
  lastState?: { terminated?: { reason?: string; exitCode?: number; finishedAt?: string } };
}

/** The worst that can be said of one container: what is killed for memory again and again loops, too. */
function containerSays(pod: KubeObject, status: ContainerStatus, nowMs: number): Says | undefined {
  return outOfMemory(pod, status, nowMs) ?? crashLoop(pod, status, nowMs) ?? stuck(pod, status, nowMs);
}

const whereOf = (pod: KubeObject, { name }: ContainerStatus): string => `container ${name} of pod ${nameOf(pod)}`;

const isRecent = (finishedAt: string | undefined, nowMs: number): finishedAt is string => finishedAt !== undefined && nowMs - Date.parse(finishedAt) < LOOP_MS;

function outOfMemory(pod: KubeObject, status: ContainerStatus, nowMs: number): Says | undefined {
  const { reason, finishedAt } = status.lastState?.terminated ?? {};
  if (reason !== 'OOMKilled' || !isRecent(finishedAt, nowMs)) return undefined;
  return { alert: 'KubeContainerOOMKilled', startsAt: finishedAt, summary: 'Container was killed because it ran out of memory.', description: `${whereOf(pod, status)} restarted ${status.restartCount ?? 0} times` };
}

/** Waiting in back-off, or up again since a crash a moment ago: the same loop in another of its states. */
function crashLoop(pod: KubeObject, status: ContainerStatus, nowMs: number): Says | undefined {
  const { restartCount = 0, state, lastState } = status;
  const crash = lastState?.terminated;
  if (state?.waiting?.reason !== 'CrashLoopBackOff' && !(restartCount >= 2 && isCrash(crash, nowMs))) return undefined;
  return { alert: 'KubePodCrashLooping', startsAt: crash?.finishedAt ?? sinceStart(pod), summary: 'Pod is crash looping.', description: `${whereOf(pod, status)} restarted ${restartCount} times` };
}

const isCrash = (end: { exitCode?: number; finishedAt?: string } | undefined, nowMs: number): boolean => end?.exitCode !== 0 && isRecent(end?.finishedAt, nowMs);

const sinceStart = (pod: KubeObject): string => pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '';

function stuck(pod: KubeObject, status: ContainerStatus, nowMs: number): Says | undefined {
  const { reason, message = '' } = status.state?.waiting ?? {};
  const since = conditionOf(pod, 'ContainersReady')?.lastTransitionTime ?? pod.metadata.creationTimestamp;
  if (reason === undefined || STARTING.has(reason) || !hasLasted(since, PATIENCE_MS.waiting, nowMs)) return undefined;
  return { alert: 'KubeContainerWaiting', startsAt: since, summary: 'Pod container waiting longer than expected.', description: `${whereOf(pod, status)}: ${reason} ${message}`.trim() };
}

function unschedulable(pod: KubeObject, nowMs: number): Says | undefined {
  const { status, reason, lastTransitionTime, message = '' } = conditionOf(pod, 'PodScheduled') ?? {};
  if (status !== 'False' || reason !== 'Unschedulable' || !hasLasted(lastTransitionTime, PATIENCE_MS.unschedulable, nowMs)) return undefined;
  return { alert: 'KubePodNotScheduled', startsAt: lastTransitionTime, summary: 'Pod cannot be scheduled.', description: `pod ${nameOf(pod)}: ${message}` };
}

/** A Job speaks for its own pods; a pod without a node is `unschedulable`. */
function notReady(pod: KubeObject, nowMs: number): Says | undefined {
  const isElsewhere = controllerOf(pod)?.kind === 'Job' || conditionOf(pod, 'PodScheduled')?.status === 'False';
  const ready = conditionOf(pod, 'Ready');
  if (isElsewhere || ready?.status !== 'False' || !hasLasted(ready.lastTransitionTime, PATIENCE_MS.notReady, nowMs)) return undefined;
  const description = `pod ${nameOf(pod)}: ${ready.message ?? ready.reason ?? 'not Ready'}`;
  return { alert: 'KubePodNotReady', startsAt: ready.lastTransitionTime, summary: 'Pod has been in a non-ready state for too long.', description };
}
