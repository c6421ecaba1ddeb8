import type { EventLine, Evidence } from '../../domain/evidence.js';
import type { KubeObject } from '../../domain/kube.js';

export type TroubleKind = 'image' | 'config' | 'mount' | 'start' | 'oom' | 'liveness' | 'crash' | 'not_ready';

/** One container that does not do what it should, in the kubelet's words. */
export interface Trouble {
  kind: TroubleKind;
  pod: KubeObject;
  container: string;
  isInit: boolean;
  /** Waiting or terminated reason: `ImagePullBackOff`, `OOMKilled`. */
  reason: string;
  message: string;
  restarts: number;
}

interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: StateOf;
  lastState?: StateOf;
}
interface StateOf {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: { reason?: string; exitCode?: number; message?: string; finishedAt?: string };
}

const IMAGE = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable', 'ImageInspectError'];
const CONFIG = ['CreateContainerConfigError', 'CreateContainerError'];
const START = ['StartError', 'ContainerCannotRun', 'RunContainerError'];

const isFinished = (pod: KubeObject): boolean => ['Succeeded', 'Failed'].includes(pod.status?.phase);

/** Troubles of one pod. A pod that is going away or has finished has none. */
export function troublesOfPod(pod: KubeObject, evidence: Pick<Evidence, 'events'>): Trouble[] {
  if (pod.metadata.deletionTimestamp || isFinished(pod)) return [];
  const events = eventsOf(pod, evidence.events);
  const init: ContainerStatus[] = pod.status?.initContainerStatuses ?? [];
  const regular: ContainerStatus[] = pod.status?.containerStatuses ?? [];
  const found = [
    ...init.flatMap((s) => troubleOf(pod, s, true, events)),
    ...regular.flatMap((s) => troubleOf(pod, s, false, events)),
  ];
  return found.length > 0 ? found : mountTrouble(pod, [...init, ...regular], events);
}

function troubleOf(pod: KubeObject, status: ContainerStatus, isInit: boolean, events: EventLine[]): Trouble[] {
  const base = { pod, container: status.name, isInit, restarts: status.restartCount ?? 0 };
  const { reason = '', message = '' } = waitingOf(status);
  if (IMAGE.includes(reason)) return [{ ...base, kind: 'image', reason, message: pullMessage(message, events) }];
  if (CONFIG.includes(reason)) return [{ ...base, kind: 'config', reason, message }];
  const ended = endOf(status);
  if (ended) return [{ ...base, ...ended, kind: kindOfEnd(ended.reason, status.name, events) }];
  if (START.includes(reason)) return [{ ...base, kind: 'start', reason, message }];
  return notReady(status, isInit, events).map((told) => ({ ...base, kind: 'not_ready', reason: 'NotReady', message: told }));
}

/** A failed end that still matters: the container waits in back-off, has just ended, or came back and is not ready yet. */
function endOf(status: ContainerStatus): End | undefined {
  const now = status.state?.terminated;
  return now ? (isFailure(now) ? endText(now) : undefined) : endBefore(status);
}

function endBefore(status: ContainerStatus): End | undefined {
  const last = status.lastState?.terminated;
  const { reason = '' } = waitingOf(status);
  const isBackingOff = reason === 'CrashLoopBackOff' || START.includes(reason);
  if (!last) return isBackingOff ? { reason: 'CrashLoopBackOff', message: '' } : undefined;
  return isBackingOff || (isFailure(last) && !isBackUp(status)) ? endText(last) : undefined;
}

interface End {
  reason: string;
  message: string;
}

const waitingOf = (status: ContainerStatus): { reason?: string; message?: string } => status.state?.waiting ?? {};
const isBackUp = (status: ContainerStatus): boolean => status.state?.running !== undefined && status.ready === true;
const endText = (t: { reason?: string; exitCode?: number; message?: string }): End => ({ reason: t.reason ?? 'Error', message: t.message ?? exitText(t) });

const isFailure = (t: { reason?: string; exitCode?: number }): boolean => (t.exitCode ?? 0) !== 0 || t.reason === 'OOMKilled';
const exitText = (t: { exitCode?: number }): string => `exit code ${t.exitCode ?? 'unknown'}`;

function kindOfEnd(reason: string, container: string, events: EventLine[]): TroubleKind {
  if (reason === 'OOMKilled') return 'oom';
  if (START.includes(reason)) return 'start';
  // the kubelet gives a probe kill no reason of its own: only its event tells
  const isKilledByProbe = events.some((e) => /^(Liveness|Startup) probe failed|failed (liveness|startup) probe/.test(e.message) && isAbout(e, container));
  return isKilledByProbe ? 'liveness' : 'crash';
}

const isAbout = (e: EventLine, container: string): boolean => !/Container (\S+) failed/.test(e.message) || e.message.includes(`Container ${container} `);

/** Running and not ready counts with a witness only: the probe's event, or an init container that never ends. */
function notReady(status: ContainerStatus, isInit: boolean, events: EventLine[]): string[] {
  if (!status.state?.running) return [];
  if (isInit) return status.ready ? [] : ['the init container does not finish'];
  if (status.ready) return [];
  const probe = [...events].reverse().find((e) => e.reason === 'Unhealthy' && /^(Readiness|Startup) probe/.test(e.message));
  return [probe?.message ?? ''];
}

function mountTrouble(pod: KubeObject, statuses: ContainerStatus[], events: EventLine[]): Trouble[] {
  if (statuses.some((s) => s.state?.running || s.state?.terminated)) return [];
  const event = [...events].reverse().find((e) => e.reason === 'FailedMount' || e.reason === 'FailedAttachVolume');
  const first = statuses[0];
  return event ? [{ kind: 'mount', pod, container: first?.name ?? '', isInit: false, reason: event.reason, message: event.message, restarts: 0 }] : [];
}

/** `ImagePullBackOff` often says only "Back-off pulling image"; the event before it says why. */
function pullMessage(message: string, events: EventLine[]): string {
  if (!/^Back-off pulling image "[^"]*"$/.test(message)) return message;
  const why = [...events].reverse().find((e) => e.reason === 'Failed' && e.message.startsWith('Failed to pull image'));
  return why ? why.message : message;
}

export const eventsOf = (o: KubeObject, events: readonly EventLine[]): EventLine[] =>
  events.filter((e) => e.object.kind === o.kind && e.object.name === o.metadata.name && (e.object.namespace ?? '') === (o.metadata.namespace ?? ''));

/** `pod checkout-5d-x/app: OOMKilled (exit code 137)`: one line of evidence, cut short. */
export const describeTrouble = (t: Trouble): string =>
  cut(`pod ${t.pod.metadata.name}/${t.container}: ${t.reason}${t.message ? `: ${t.message}` : ''}${t.restarts > 0 ? ` (${t.restarts} restarts)` : ''}`);

export const cut = (text: string, most = 240): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text).replace(/[\r\n\t]+/g, ' ');
