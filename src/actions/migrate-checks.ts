import { controllerOf, isNodeReady, podsOf, type KubeObject, type World } from '../domain/kube.js';
import { withoutRoom } from './capacity.js';
import type { ActionFacts } from './define.js';
import { isControlPlane, leavingTaintOf, troubleOf } from './node.js';
import { misfitOf, placementAgainst, volumesOf } from './node-fit.js';
import { hasEmptyDir, isFinished, isMirror, nameOfPod } from './pod.js';
import { budgetsOf, refuse } from './workload.js';

export interface Move {
  workload: KubeObject;
  fromNode: string;
  toNode?: string;
  facts: ActionFacts;
}

/** Pods of the workload that run on the node and are not on their way out, in a fixed order. */
export const podsToMove = ({ workload, fromNode, facts }: Move): KubeObject[] =>
  podsOf(facts.world, workload)
    .filter((p) => p.spec?.nodeName === fromNode && !isFinished(p) && !p.metadata.deletionTimestamp)
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));

/** Both ends of a move; returns the node to leave. */
export function checkNodes({ fromNode, toNode, facts: { world } }: Move): KubeObject {
  if (fromNode === toNode) refuse('InvalidParams', `node ${fromNode} is both where the pods are and where they should go; name another, or none`);
  const from = world.get('Node', undefined, fromNode) ?? refuse('InvalidParams', `there is no node ${fromNode} in this cluster; name the one the pods run on`);
  if (!isNodeReady(from)) refuse('PreconditionChanged', `node ${fromNode} is not Ready, evictions would hang; fence it instead`);
  const leaving = leavingTaintOf(from);
  if (leaving) refuse('PreconditionChanged', `node ${fromNode} is being removed by somebody else (${leaving}); leave it to them`);
  if (toNode !== undefined) checkDestination(world, toNode);
  return from;
}

function checkDestination(world: World, name: string): void {
  const node = world.get('Node', undefined, name) ?? refuse('InvalidParams', `there is no node ${name} in this cluster; name another, or none`);
  if (!isNodeReady(node) || node.spec?.unschedulable) refuse('PreconditionChanged', `node ${name} is not Ready and schedulable; name another, or none`);
  if (isControlPlane(node)) refuse('PreconditionChanged', `node ${name} runs the control plane; name another, or none`);
}

/** Row 2.8, per pod and for all of them together. */
export function checkMovable(pods: readonly KubeObject[], move: Move): void {
  for (const pod of pods) {
    checkPod(pod, move);
    checkFit(pod, move);
  }
  const { world } = move.facts;
  const mayGo = (pod: KubeObject, node: KubeObject): boolean => isOpen(move, node) && placementAgainst(world, pod, node) === undefined;
  const stranded = withoutRoom(world, pods, mayGo);
  if (stranded[0]) refuse('PreconditionChanged', `${stranded.length} of ${pods.length} pods find no room together (first ${nameOfPod(stranded[0])}); add nodes first`);
}

function checkPod(pod: KubeObject, { facts: { world, limits } }: Move): void {
  const at = nameOfPod(pod);
  if (isMirror(pod)) refuse('PreconditionChanged', `${at} is run from a file by its kubelet; a person must act on the node`);
  if (!controllerOf(pod)) refuse('PreconditionChanged', `${at} has no controller that would replace it; a person must decide`);
  if (hasEmptyDir(pod) && limits.allowEmptyDir !== true) {
    refuse('PreconditionChanged', `${at} keeps data in an emptyDir that would be lost; allow it by policy (migrate_workload.allowEmptyDir) or move it by hand`);
  }
  if ((pod.spec?.volumes ?? []).some((v: { hostPath?: unknown }) => v.hostPath) && limits.allowHostPath !== true) {
    refuse('PreconditionChanged', `${at} uses a path of its node; allow it by policy (migrate_workload.allowHostPath) or move it by hand`);
  }
  const local = volumesOf(world, pod).find((v) => v.spec?.local || v.spec?.hostPath);
  if (local) refuse('PreconditionChanged', `${at} keeps its data on volume ${local.metadata.name}, a disk of its node; move the data first`);
}

/** Only evictions ask budgets; a rollout does not. */
export function checkBudgets(pod: KubeObject, world: World): void {
  const at = nameOfPod(pod);
  const budgets = budgetsOf(world, pod);
  const names = budgets.map((b) => b.metadata.name).join(', ');
  if (budgets.length > 1) refuse('PreconditionChanged', `${at} is under ${budgets.length} disruption budgets (${names}), the API server refuses to evict it; leave one`);
  if (budgets.some((b) => (b.status?.disruptionsAllowed ?? 0) < 1)) refuse('PreconditionChanged', `${at}: disruption budget ${names} leaves no room now; try again when its pods are Ready`);
}

const isOpen = ({ fromNode, toNode }: Move, node: KubeObject): boolean => node.metadata.name !== fromNode && (toNode === undefined || node.metadata.name === toNode);

/** The destination is only a check: the scheduler decides, and nothing is ever bound by us. */
function checkFit(pod: KubeObject, move: Move): void {
  const { world } = move.facts;
  const nodes = world.list('Node').filter((n) => isOpen(move, n));
  const misfits = nodes.map((n) => ({ node: n.metadata.name, why: misfitOf(world, pod, n) }));
  if (misfits.some((m) => m.why === undefined)) return;
  const told = misfits.slice(0, 3).map((m) => `${m.node}: ${m.why}`).join('; ');
  refuse('PreconditionChanged', `${nameOfPod(pod)} fits on no ${move.toNode ? 'such' : 'other'} node (${told || 'there is none'}); make room first`);
}

/** A node with trouble of its own stays closed after the move. */
export const isAtFault = (node: KubeObject, { evidence }: ActionFacts): boolean =>
  !isNodeReady(node) ||
  troubleOf(node) !== undefined ||
  (evidence.target.kind === 'Node' && evidence.target.name === node.metadata.name) ||
  evidence.problems.some((p) => p.status === 'firing' && p.labels.node === node.metadata.name);
