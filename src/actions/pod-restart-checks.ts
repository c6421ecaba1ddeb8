import { controllerOf, isNodeReady, type KubeObject, type OwnerReference } from '../domain/kube.js';
import { DEFAULT_POLICY } from '../domain/policy.js';
import type { ActionFacts } from './define.js';
import { isFinished, isMirror, nameOfPod } from './pod.js';
import { refuse } from './workload.js';

const HOUR_MS = 3_600_000;
const MAX_RESTARTS_PER_HOUR = 2;

/** Everything row 2.5 refuses; returns the controller that will replace the pod. */
export function checkEvictable(pod: KubeObject, facts: ActionFacts): OwnerReference {
  const at = nameOfPod(pod);
  const controller = controllerOf(pod);
  if (isMirror(pod)) refuse('PreconditionChanged', `${at} is run from a file by its kubelet; a person must act on the node`);
  if (!controller) return refuse('PreconditionChanged', `${at} has no controller that would replace it; a person must decide`);
  if (isFinished(pod)) refuse('PreconditionChanged', `${at} has finished (${pod.status.phase}), a restart means nothing; choose another action`);
  checkController(pod, controller, facts);
  checkNode(pod, facts);
  checkFrequency(pod, facts);
  return controller;
}

function checkController(pod: KubeObject, controller: OwnerReference, { world }: ActionFacts): void {
  const at = nameOfPod(pod);
  if (controller.kind === 'DaemonSet' && DEFAULT_POLICY.protectedNamespaces.includes(pod.metadata.namespace ?? '')) {
    refuse('PolicyDenied', `${at} belongs to a DaemonSet of a protected namespace; ask the platform team`);
  }
  const owner = world.byUid(controller.uid);
  if (owner?.kind === 'Job' && hasUsedUpRetries(owner)) {
    refuse('PreconditionChanged', `${at}: job ${owner.metadata.name} has used up its retries and would not replace it; run the job anew`);
  }
}

const hasUsedUpRetries = ({ spec, status }: KubeObject): boolean => (status?.failed ?? 0) >= (spec?.backoffLimit ?? 6);

/** On a dead node nobody confirms the eviction: it would hang, and forcing it could run a pod twice. */
function checkNode(pod: KubeObject, { world }: ActionFacts): void {
  const name: string | undefined = pod.spec?.nodeName;
  if (!name) return;
  const node = world.get('Node', undefined, name);
  if (!node || !isNodeReady(node)) refuse('PreconditionChanged', `${nameOfPod(pod)} is on node ${name}, which is not Ready; repair or fence the node first`);
}

/** A fault that returns twice within an hour is not cured by restarting. */
function checkFrequency(pod: KubeObject, { world, evidence, now }: ActionFacts): void {
  const top = world.topOwnerOf(pod);
  const names = new Set([top, pod, ...world.ownedBy(controllerOf(pod)?.uid ?? '')].map((o) => `${o.kind}/${o.metadata.name}`));
  const recent = evidence.history.filter(
    (h) => h.action === 'restart_pod' && Date.parse(now) - Date.parse(h.at) < HOUR_MS && (names.has(`${h.target.kind}/${h.target.name}`) || isSameAsRemediation(h.target, evidence.target)),
  );
  if (recent.length >= MAX_RESTARTS_PER_HOUR) {
    refuse('PolicyDenied', `${nameOfPod(pod)}: its ${top.kind} ${top.metadata.name} was restarted ${recent.length} times within the hour; find the cause instead`);
  }
}

const isSameAsRemediation = (a: { kind: string; namespace?: string; name: string }, b: { kind: string; namespace?: string; name: string }): boolean =>
  a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
