import { controllerOf, isNodeReady, isPodReady, type KubeObject, type World } from '../domain/kube.js';
import { withoutRoom } from './capacity.js';
import type { ActionFacts } from './define.js';
import { checkPool, isCordoned, isControlPlane, isOurCordon, leavingTaintOf, poolOf } from './node.js';
import { placementAgainst } from './node-fit.js';
import { upgradeIn } from './node-upgrade.js';
import { hasEmptyDir, isFinished, nameOfPod } from './pod.js';
import { budgetsOf, refuse } from './workload.js';

/** Everything row 2.9 refuses, before the first eviction. */
export function checkDrain(node: KubeObject, pods: readonly KubeObject[], facts: ActionFacts): void {
  checkNode(node, facts.world);
  for (const pod of pods) checkPod(pod, facts);
  checkDns(node, pods, facts.world);
  const mayGo = (pod: KubeObject, n: KubeObject): boolean => n.metadata.name !== node.metadata.name && placementAgainst(facts.world, pod, n) === undefined;
  const stranded = withoutRoom(facts.world, pods.filter((p) => !isFinished(p)), mayGo);
  if (stranded[0]) {
    refuse('PreconditionChanged', `node ${node.metadata.name}: ${stranded.length} of its pods fit on no other node (first ${nameOfPod(stranded[0])}); add nodes first`);
  }
}

function checkNode(node: KubeObject, world: World): void {
  const at = `node ${node.metadata.name}`;
  if (!isNodeReady(node)) refuse('PreconditionChanged', `${at} is not Ready, evictions would hang; fence it instead`);
  if (isControlPlane(node)) refuse('PreconditionChanged', `${at} runs the control plane; a person must drain it`);
  const leaving = leavingTaintOf(node);
  if (leaving) refuse('PreconditionChanged', `${at} is being removed by somebody else (${leaving}); leave it to them`);
  const upgrade = upgradeIn(world, node);
  if (upgrade) refuse('PreconditionChanged', `${at}: an upgrade goes through its pool (${upgrade}); wait until it is through`);
  const other = poolOf(world, node).find((n) => n.metadata.name !== node.metadata.name && isBeingDrained(n, world));
  if (other) refuse('PreconditionChanged', `${at}: node ${other.metadata.name} of the same pool is already out; finish with that one first`);
  checkPool(world, node);
}

/** Ours is out until we open it again. A person's cordon alone may stay for months: it is a drain while pods are leaving. */
const isBeingDrained = (node: KubeObject, world: World): boolean =>
  isOurCordon(node) || (isCordoned(node) && world.list('Pod').some((p) => p.spec?.nodeName === node.metadata.name && p.metadata.deletionTimestamp !== undefined));

/** What we ourselves stand on: draining it would stop the drain half-way. */
const OURS = ['kubernaut', 'temporal', 'postgresql', 'postgres'];
const OUR_NAMESPACES = ['kubernaut', 'kubernaut-system', 'temporal'];

const isOurs = ({ metadata }: KubeObject): boolean =>
  OURS.includes(metadata.labels?.['app.kubernetes.io/name'] ?? '') || OUR_NAMESPACES.includes(metadata.namespace ?? '');

function checkPod(pod: KubeObject, { world, limits }: ActionFacts): void {
  const at = nameOfPod(pod);
  // Of pods elsewhere only the size is read: what they mount and who replaces them is not known.
  if (!pod.metadata.uid) refuse('NotGrounded', `${at} was not read in full, since this remediation is about something else; an alert about the node itself reads it`);
  if (isOurs(pod)) refuse('PreconditionChanged', `${at} is part of what Kubernaut runs on; a person must move it first`);
  if (isFinished(pod)) return;
  if (!controllerOf(pod)) refuse('PreconditionChanged', `${at} has no controller and would not come back; move it by hand first`);
  if (hasEmptyDir(pod) && limits.allowEmptyDir !== true) {
    refuse('PreconditionChanged', `${at} keeps data in an emptyDir that would be lost; allow it by policy (drain_node.allowEmptyDir) or move it by hand`);
  }
  const budgets = budgetsOf(world, pod);
  if (budgets.length > 1) {
    refuse('PreconditionChanged', `${at} is under ${budgets.length} disruption budgets (${budgets.map((b) => b.metadata.name).join(', ')}), the API server refuses to evict it; leave one`);
  }
}

function checkDns(node: KubeObject, pods: readonly KubeObject[], world: World): void {
  const isDns = (p: KubeObject): boolean => p.metadata.labels?.['k8s-app'] === 'kube-dns';
  const here = pods.filter(isDns);
  if (here.length === 0) return;
  // pods of other nodes may be recorded without labels: their owner knows how many there are
  const ready: number = world.topOwnerOf(here[0]!).status?.readyReplicas ?? world.list('Pod', 'kube-system').filter((p) => isDns(p) && isPodReady(p)).length;
  if (ready <= here.filter(isPodReady).length) {
    refuse('PreconditionChanged', `node ${node.metadata.name} holds the last CoreDNS pod; scale CoreDNS or move it first`);
  }
}
