import { controllerOf, isPodReady, type KubeObject, type OwnerReference } from '../domain/kube.js';
import type { ActionFacts } from './define.js';
import { checkMorePods } from './more-pods.js';
import { isFinished, isMirror, nameOfPod, siblingsOf } from './pod.js';
import { QUARANTINED_AT, QUARANTINED_FROM } from './quarantine-labels.js';
import { refuse } from './workload.js';

const HOUR_MS = 3_600_000;

/** Why no controller would take the place of this pod; undefined when one would. */
export function irreplaceable(pod: KubeObject): string | undefined {
  if (isMirror(pod)) return 'the kubelet runs it from a file; a person must act on the node';
  const kind = controllerOf(pod)?.kind;
  if (kind === undefined) return 'no controller would replace it; a person must decide';
  if (kind === 'ReplicaSet') return undefined;
  return kind === 'StatefulSet' ? 'it is a StatefulSet member: its name and disk would block the replacement' : `its controller is a ${kind}, only pods of Deployments are quarantined`;
}

/** Everything row 2.7 refuses; returns the controller that will replace the pod. */
export function checkQuarantine(pod: KubeObject, facts: ActionFacts): OwnerReference {
  const at = nameOfPod(pod);
  const why = irreplaceable(pod);
  if (why) refuse('PreconditionChanged', `${at}: ${why}`);
  const controller = controllerOf(pod)!;
  const set = facts.world.byUid(controller.uid) ?? refuse('PreconditionChanged', `${at}: its controller ${controller.name} was not read; plan again`);
  if (isFinished(pod) || pod.metadata.deletionTimestamp) refuse('PreconditionChanged', `${at} is over already; collect its diagnostics instead`);
  if (pod.spec?.hostNetwork) refuse('PreconditionChanged', `${at} uses the network of its node, where no NetworkPolicy holds it; a person must act on the node`);
  if (siblingsOf(facts.world, pod).filter(isPodReady).length === 0) refuse('PreconditionChanged', `${at}: no other pod of ${set.metadata.name} is Ready, taking it away would be an outage; scale up first`);
  checkFrequency(pod, facts);
  checkMorePods(facts.world, set, 1, at);
  return controller;
}

/** More than one pod of a workload is no longer a bad pod, but a bad release or an attack: a person must look. */
function checkFrequency(pod: KubeObject, { world, evidence, now }: ActionFacts): void {
  const top = world.topOwnerOf(pod);
  const isRecent = (at: string | undefined): boolean => at !== undefined && Date.parse(now) - Date.parse(at) < HOUR_MS;
  const from = workloadOf(top);
  const held = world.list('Pod', pod.metadata.namespace).find((p) => p.metadata.annotations?.[QUARANTINED_FROM] === from && isRecent(p.metadata.annotations[QUARANTINED_AT]));
  const names = new Set([top, pod, ...siblingsOf(world, pod)].map(workloadOf));
  const past = evidence.history.find((h) => h.action === 'quarantine_pod' && isRecent(h.at) && names.has(`${h.target.kind}/${h.target.name}`));
  if (held ?? past) refuse('PolicyDenied', `${nameOfPod(pod)}: a pod of ${top.kind.toLowerCase()} ${top.metadata.name} was quarantined within the hour${held ? ` (${held.metadata.name})` : ''}; look into that one first`);
}

/** `Deployment/api` */
export const workloadOf = (o: KubeObject): string => `${o.kind}/${o.metadata.name}`;
