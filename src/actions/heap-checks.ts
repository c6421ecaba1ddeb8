import { conditionOf, controllerOf, isPodReady, type KubeObject } from '../domain/kube.js';
import { formatDuration } from '../domain/duration.js';
import { DEFAULT_POLICY } from '../domain/policy.js';
import { isSameObject } from '../domain/target.js';
import type { ActionFacts } from './define.js';
import type { HeapContainer } from './heap-declaration.js';
import { durationLimit } from './limits.js';
import { isMirror, nameOfPod, siblingsOf } from './pod.js';
import { refuse } from './workload.js';

const HOUR_MS = 3_600_000;

/** Row 2.26: off by default, never where the platform lives, never the only one that serves. */
export function checkDumpAllowed(pod: KubeObject, { world, limits }: ActionFacts): void {
  const at = nameOfPod(pod);
  if (limits.enabled !== true) refuse('PolicyDenied', `${at}: heap dumps are off by default; the policy turns them on with actions.create_heap_dump.enabled: true`);
  if (DEFAULT_POLICY.protectedNamespaces.includes(pod.metadata.namespace ?? '')) refuse('PolicyDenied', `${at} is in a protected namespace; ask the platform team`);
  if (isMirror(pod)) refuse('PreconditionChanged', `${at} is run from a file by its kubelet; a person must act on the node`);
  if (pod.metadata.deletionTimestamp) refuse('PreconditionChanged', `${at} is on its way out; choose another pod`);
  if (!controllerOf(pod)) refuse('PreconditionChanged', `${at} has no controller, nobody serves while it pauses; a person must decide`);
  if (!siblingsOf(world, pod).some(isPodReady)) refuse('PreconditionChanged', `${at}: no other replica is Ready, the pause would be an outage; add a replica first`);
}

/** The process stands still while it dumps: policy `expectedPause`, default 30 s. */
export function checkPause(pod: KubeObject, container: HeapContainer, { limits }: ActionFacts): void {
  const probe = container.livenessProbe;
  if (!probe) return;
  const pauseMs = durationLimit(limits, 'expectedPause', '30s');
  const budgetMs = (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3) * 1000;
  if (budgetMs <= pauseMs) {
    refuse('PreconditionChanged', `${nameOfPod(pod)}: its liveness probe kills ${container.name} after ${formatDuration(budgetMs)}, a dump may pause it for ${formatDuration(pauseMs)}; raise failureThreshold first`);
  }
}

/** A node short of memory has none for the dump; the container's own headroom is looked at inside it, right before. */
export function checkNodeMemory(pod: KubeObject, { world }: ActionFacts): void {
  const node: string | undefined = pod.spec?.nodeName;
  if (conditionOf(node ? world.get('Node', undefined, node) : undefined, 'MemoryPressure')?.status === 'True') {
    refuse('PreconditionChanged', `${nameOfPod(pod)}: node ${node} is under memory pressure; relieve it first`);
  }
}

/** Each dump pauses a replica and holds a disk: one an hour for all pods of a controller. */
export function checkLastDump(pod: KubeObject, { world, evidence, now }: ActionFacts): void {
  const family = [pod, world.topOwnerOf(pod), ...siblingsOf(world, pod)].map((o) => ({ kind: o.kind, namespace: o.metadata.namespace, name: o.metadata.name }));
  const last = evidence.history.find(
    (h) => h.action === 'create_heap_dump' && Date.parse(now) - Date.parse(h.at) < HOUR_MS && [...family, evidence.target].some((o) => isSameObject(o, h.target)),
  );
  if (last) refuse('PolicyDenied', `${nameOfPod(pod)}: a heap of its ${world.topOwnerOf(pod).kind} was dumped at ${last.at}, less than an hour ago; look at that one`);
}
