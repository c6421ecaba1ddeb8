import type { Edit } from '../domain/change.js';
import { durationMs } from '../domain/duration.js';
import { refOf, type KubeObject } from '../domain/kube.js';
import type { ActionPolicy } from '../domain/policy.js';
import type { ActionFacts, Planned, Progress } from './define.js';
import { isFinished, isMirror, nameOfPod } from './pod.js';
import { enforcedLevel, hasHostNamespaces, whyNotAllowed } from './pod-security.js';
import { refuse } from './workload.js';

const STAYS = 'an ephemeral container can never be removed from its pod; it stays until the pod goes';

const BY_DIGEST = /^[a-z0-9][\w.:/-]{0,254}@sha256:[0-9a-f]{64}$/;
/** `nobody` of most images, where the target does not say which user it runs as. */
const NOBODY = 65534;

interface Container {
  name: string;
  image?: string;
  securityContext?: { runAsUser?: number; privileged?: boolean };
}

interface ContainerStatus {
  name: string;
  state?: { running?: object; waiting?: { reason?: string }; terminated?: { exitCode?: number; reason?: string } };
}

/**
 * One ephemeral container `kb-<hash>` beside a running one, whose processes it sees. It sleeps for the ttl, so that
 * people may exec into it, and ends by itself; its record stays.
 */
export function planDebugContainer(pod: KubeObject, params: { ttl: string }, { world, limits, action }: ActionFacts): Planned {
  const at = nameOfPod(pod);
  const name = `kb-${action.hash}`;
  const guests: Container[] = pod.spec?.ephemeralContainers ?? [];
  const undo = { kind: 'none' as const, why: STAYS };
  if (guests.some((g) => g.name === name)) return { changes: [], summary: `${at} has its debug container ${name} already`, undo };
  checkPod(pod, at);
  const image = debugImageOf(limits, at);
  const target = targetIn(pod, at);
  const why = whyNotAllowed(enforcedLevel(world, pod.metadata.namespace), pod);
  if (why) refuse('PolicyDenied', `${at}: its namespace enforces pod security and ${why}, no container can be added; debug a copy of it instead`);
  const container = {
    name, image, targetContainerName: target.name,
    command: ['sleep', String(Math.round(durationMs(params.ttl) / 1000))],
    securityContext: restricted(target, pod),
  };
  return {
    changes: [{ op: 'edit', ref: refOf(pod), uid: pod.metadata.uid!, subresource: 'ephemeralcontainers', edits: editsOf(container, guests.length) }],
    summary: `add debug container ${name} beside ${target.name} to ${at}; it ends after ${params.ttl}, its record stays until the pod goes`,
    undo,
  };
}

function checkPod(pod: KubeObject, at: string): void {
  if (isMirror(pod)) refuse('PreconditionChanged', `${at} is run from a file by its kubelet, nothing can be added to it; debug on the node`);
  if (isFinished(pod) || pod.metadata.deletionTimestamp) refuse('PreconditionChanged', `${at} has ended or is on its way out; choose a running pod`);
  if (hasHostNamespaces(pod)) refuse('PolicyDenied', `${at} uses namespaces of its node, a debug container would share them; a person must do it`);
  const older = runningGuest(pod);
  if (older) refuse('PreconditionChanged', `${at} has a debug container already (${older}); use that one`);
}

/** One of ours that still runs. */
const runningGuest = (pod: KubeObject): string | undefined =>
  (pod.status?.ephemeralContainerStatuses ?? []).find((s: ContainerStatus) => s.name.startsWith('kb-') && s.state?.running)?.name;

/** Policy `debugImages`: what may be started, by digest; the first one is. It needs a `sleep`. */
function debugImageOf({ debugImages }: ActionPolicy, at: string): string {
  if (!Array.isArray(debugImages) || debugImages.length === 0) {
    return refuse('PolicyDenied', `${at}: the policy allows no debug image; list some by digest under actions.enable_debug_mode.debugImages`);
  }
  const loose: unknown = debugImages.find((image) => typeof image !== 'string' || !BY_DIGEST.test(image));
  if (loose !== undefined) return refuse('PolicyDenied', `${at}: the debug image ${JSON.stringify(loose).slice(0, 100)} of the policy is not named by digest (repository@sha256:…); correct the policy`);
  return debugImages[0] as string;
}

/** The container that people mean when they name none, as long as it runs: its processes are what there is to see. */
function targetIn(pod: KubeObject, at: string): Container {
  const containers: Container[] = pod.spec?.containers ?? [];
  const wanted: string | undefined = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  const running = new Set((pod.status?.containerStatuses ?? []).filter((s: ContainerStatus) => s.state?.running).map((s: ContainerStatus) => s.name));
  const target = containers.find((c) => c.name === wanted && running.has(c.name)) ?? containers.find((c) => running.has(c.name));
  if (!target) return refuse('PreconditionChanged', `${at}: none of its containers runs, there is nothing to look at; read its logs instead`);
  if (target.securityContext?.privileged) return refuse('PolicyDenied', `${at}: container ${target.name} is privileged; a person must debug it`);
  return target;
}

/** As the strictest Pod Security Standard wants it; as the target's own user, since others may not look at its processes. */
function restricted(target: Container, pod: KubeObject): object {
  const user: number | undefined = target.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser;
  return {
    runAsNonRoot: true,
    runAsUser: user !== undefined && user > 0 ? user : NOBODY,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** Field by field: the server adds defaults beside ours, so the entry as a whole would never look like what we wrote. */
const editsOf = (container: Record<string, unknown>, index: number): Edit[] =>
  Object.entries(container).map(([key, after]) => ({ path: ['spec', 'ephemeralContainers', String(index), key], after }));

export function debugContainerProgress(pod: KubeObject | undefined, edits: readonly Edit[]): Progress {
  if (!pod) return { state: 'failed', detail: 'the pod is gone' };
  const name = edits.find((e) => e.path.at(-1) === 'name')?.after;
  const status = (pod.status?.ephemeralContainerStatuses ?? []).find((s: ContainerStatus) => s.name === name) as ContainerStatus | undefined;
  const { state, detail } = stateOf(status?.state ?? {});
  return { state, detail: `debug container ${String(name)} ${detail}` };
}

function stateOf({ running, waiting, terminated }: NonNullable<ContainerStatus['state']>): Progress {
  if (running) return { state: 'reached', detail: 'runs' };
  if (terminated) return terminated.exitCode === 0 ? { state: 'reached', detail: 'has ended' } : { state: 'failed', detail: `ended with ${String(terminated.exitCode)} (${terminated.reason ?? 'no reason given'})` };
  const reason = waiting?.reason ?? '';
  return /Err|BackOff|Invalid/.test(reason) ? { state: 'failed', detail: `does not start: ${reason}` } : { state: 'waiting', detail: 'is being started' };
}
