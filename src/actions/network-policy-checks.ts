import { durationMs } from '../domain/duration.js';
import { selects, type KubeObject } from '../domain/kube.js';
import type { Direction } from '../domain/network-policy.js';
import { DEFAULT_POLICY } from '../domain/policy.js';
import type { ActionFacts } from './define.js';
import { witnessOf, type Witness } from './flow-evidence.js';
import { livePodsOf, peerOf, selectedBy, subjectOf, unisolatedPod, type WantedFlow } from './network-flow.js';
import { nameOfPod } from './pod.js';
import { QUARANTINE, QUARANTINED_FROM } from './quarantine-labels.js';
import { refuse } from './workload.js';

const LONGEST_TTL = '24h';
/** Policy `maxPods`. */
const MOST_PODS = 50;

export const nameOfWorkload = (o: KubeObject): string => `${o.kind.toLowerCase()} ${o.metadata.namespace}/${o.metadata.name}`;

/** What must hold of the two ends, whatever is blocked. */
export function checkEnds(flow: WantedFlow, ttl: string, facts: ActionFacts): void {
  if (durationMs(ttl) > durationMs(LONGEST_TTL)) refuse('InvalidParams', `a ttl of ${ttl} is over ${LONGEST_TTL}; choose less, and make a lasting policy by hand`);
  if (facts.limits.enforcesNetworkPolicy === false) {
    refuse('PreconditionChanged', `the network of this cluster does not enforce policies (update_network_policy.enforcesNetworkPolicy), so none of them cuts this flow; look elsewhere`);
  }
  for (const end of [flow.from, flow.to]) checkEnd(end, facts);
}

function checkEnd(end: KubeObject, facts: ActionFacts): void {
  const at = nameOfWorkload(end);
  if (DEFAULT_POLICY.protectedNamespaces.includes(end.metadata.namespace ?? '')) refuse('PolicyDenied', `${at} is in a protected namespace; a person must change its policies`);
  const { matchLabels = {}, matchExpressions = [] } = end.spec?.selector ?? {};
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) refuse('PreconditionChanged', `${at} has an empty selector, a policy with it would be about every pod; a person must write one`);
  checkPods(end, facts);
  const held = facts.world.list('Pod', end.metadata.namespace).find((p) => p.metadata.labels?.[QUARANTINE] !== undefined && wasOf(p, end));
  if (held) refuse('PolicyDenied', `${nameOfPod(held)} of ${at} is under quarantine; finish that first`);
}

/** A policy with the workload's selector must be about its pods, all of them known, and not too many. */
function checkPods(end: KubeObject, { world, limits }: ActionFacts): void {
  const at = nameOfWorkload(end);
  const pods = livePodsOf(world, end);
  if (pods.length === 0) refuse('PreconditionChanged', `${at} has no pods, so nothing can be said about its flows; start it first`);
  const selected = selectedBy(world, end);
  const stranger = selected.find((p) => !pods.includes(p));
  if (stranger) refuse('PreconditionChanged', `${at}: its selector also takes ${nameOfPod(stranger)}, an allowance would be wider than asked; a person must write one`);
  const most = Number(limits.maxPods ?? MOST_PODS);
  if (selected.length > most) refuse('PreconditionChanged', `${at} has ${selected.length} pods, the policy's bound is ${most} (update_network_policy.maxPods); a person must decide`);
}

/** A quarantined pod has lost its owner and labels, but remembers them. */
function wasOf(pod: KubeObject, workload: KubeObject): boolean {
  return pod.metadata.annotations?.[QUARANTINED_FROM] === `${workload.kind}/${workload.metadata.name}` || selects(workload.spec?.selector, pod.metadata.labels);
}

/** Somebody misses exactly this flow. */
export function checkWitness(flow: WantedFlow, facts: ActionFacts): Witness {
  const told = `${nameOfWorkload(flow.from)} to port ${flow.port} of ${nameOfWorkload(flow.to)}`;
  return witnessOf(flow, facts) ?? refuse('PreconditionChanged', `nothing shows that the flow from ${told} is missed (no refused or timed out connection that names it); find the cause first`);
}

/** What we add must only add: pods that nothing isolates yet would lose everything else. */
export function checkIsolation(flow: WantedFlow, sides: readonly Direction[], { world }: Pick<ActionFacts, 'world'>): void {
  for (const side of sides) {
    const open = unisolatedPod(world, flow, side);
    if (open) refuse('PreconditionChanged', `${nameOfPod(open)} is not isolated for ${side.toLowerCase()}: a policy of ours would cut it off from everything but ${nameOfWorkload(peerOf(flow, side))}; a person must write one`);
  }
}

/** The policy that is asked is that of the step's target: it must be the one whose pods are opened. */
export function checkTarget(target: KubeObject, flow: WantedFlow, sides: readonly Direction[]): void {
  const subjects = sides.map((side) => subjectOf(flow, side));
  if (subjects.some((s) => s.metadata.namespace === target.metadata.namespace)) return;
  refuse('InvalidParams', `the flow is blocked at ${subjects.map(nameOfWorkload).join(' and ')}, not at ${nameOfWorkload(target)}; propose it for that object`);
}
