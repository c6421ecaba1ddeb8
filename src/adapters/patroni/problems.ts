import type { PatroniRequest } from '../../domain/change.js';
import type { ClusterView, Member, MemberView } from './read-cluster.js';

type Switchover = Extract<PatroniRequest, { kind: 'switchover' }>;

/** Why the cluster may not change its leader now; undefined when it may. */
export function problemOfCluster(view: ClusterView, minIntervalS: number, lastChangeS: number | undefined): string | undefined {
  if (view.isPaused) return 'the cluster is in maintenance mode (paused)';
  if (view.hasScheduledSwitchover) return 'another switchover is scheduled';
  const isRecent = lastChangeS !== undefined && lastChangeS < minIntervalS;
  return isRecent ? `the leader changed ${String(Math.round(lastChangeS))} s ago, less than ${String(minIntervalS)} s` : undefined;
}

/** Why the candidate may not lead; undefined when it may. */
export function problemOfCandidate(view: ClusterView, { candidate, limits }: Switchover, own: MemberView, nowMs: number): string | undefined {
  const member = view.members.find((m) => m.name === candidate);
  if (!member) return `${candidate} is no member of it`;
  return problemOfState(member, view) ?? problemOfLag(member, limits, own, nowMs);
}

function problemOfState({ name, state, timeline, isExcluded }: Member, { leader }: ClusterView): string | undefined {
  if (!['running', 'streaming'].includes(state)) return `${name} is ${state || 'in no known state'}, not streaming`;
  if (isExcluded) return `${name} carries the tag nofailover`;
  const isSame = timeline !== undefined && timeline === leader?.timeline;
  return isSame ? undefined : `${name} is on timeline ${String(timeline)}, the leader on ${String(leader?.timeline)}`;
}

function problemOfLag({ name, lagBytes }: Member, limits: Switchover['limits'], own: MemberView, nowMs: number): string | undefined {
  if (lagBytes === undefined) return `Patroni does not know how far behind ${name} is`;
  if (lagBytes > limits.lagBytes) return `${name} is ${String(lagBytes)} bytes behind, more than ${String(limits.lagBytes)}`;
  if (own.isReplayPaused) return `replay is paused on ${name}`;
  const lagS = lagSecondsOf(lagBytes, own, nowMs);
  if (lagS === undefined) return `${name} does not tell how old the last transaction it replayed is`;
  return lagS > limits.lagS ? `${name} is ${String(Math.round(lagS))} s behind, more than ${String(limits.lagS)}` : undefined;
}

/** Nothing missing and nothing left to replay: an old last transaction then only means that nobody writes. */
function lagSecondsOf(lagBytes: number, { receivedLocation, replayedLocation, replayedAt }: MemberView, nowMs: number): number | undefined {
  if (lagBytes === 0 && receivedLocation !== undefined && receivedLocation === replayedLocation) return 0;
  const at = replayedAt === undefined ? NaN : timeOf(replayedAt);
  return Number.isNaN(at) ? undefined : Math.max(0, (nowMs - at) / 1000);
}

/** `2026-03-01 12:00:00.123456+00:00` as PostgreSQL writes it, or ISO. NaN where it is neither. */
export const timeOf = (text: string): number => Date.parse(text.trim().replace(' ', 'T'));
