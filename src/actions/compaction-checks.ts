import { conditionOf, isPodReady, podsOf, type KubeObject } from '../domain/kube.js';
import { isLeader, type CompactionAdapter } from './compaction-adapters.js';
import type { ActionFacts } from './define.js';
import type { Hook } from './hook-job.js';
import { textLimit } from './limits.js';
import { claimNamesOf } from './volume.js';
import { usedPercent } from './volume-usage.js';
import { checkBackup } from './recent-backup.js';
import { refuse } from './workload.js';

/** On every Job of a compaction: what it compacts, `StatefulSet/etcd`. */
export const COMPACTS = 'kubernaut.io/compacts';

export const desiredMembers = (owner: KubeObject): number => (owner.spec?.instances as number | undefined) ?? (owner.spec?.replicas as number | undefined) ?? 1;

/** Pods that have not finished: a member is what still runs. */
export const membersOf = (facts: Pick<ActionFacts, 'world'>, owner: KubeObject): KubeObject[] =>
  podsOf(facts.world, owner)
    .filter((p) => !['Succeeded', 'Failed'].includes(p.status?.phase))
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));

/** The order of the Jobs: followers by name, the leader last. */
export function orderedMembers(adapter: CompactionAdapter, owner: KubeObject, facts: ActionFacts, at: string): KubeObject[] {
  const members = membersOf(facts, owner);
  if (adapter.runs === 'once' || !adapter.hasLeader || members.length < 2) return members;
  const leaders = members.filter(isLeader);
  if (leaders.length !== 1) refuse('PreconditionChanged', `${at}: ${leaders.length} of ${members.length} members say that they lead; label the leader's pod kubernaut.io/role=leader`);
  return [...members.filter((m) => m !== leaders[0]), ...leaders];
}

/** Everything row 2.16 asks before the first member is touched. */
export function checkCompaction(adapter: CompactionAdapter, hook: Hook, owner: KubeObject, facts: ActionFacts, at: string): void {
  checkCommand(adapter, hook, at);
  checkWindow(facts, at);
  checkMembers(owner, facts, at);
  checkOthers(owner, facts, at);
  checkSpace(adapter, owner, facts, at);
  checkBackup(owner, facts, at);
}

interface Commanded {
  command?: string[];
  args?: string[];
}

function checkCommand({ id, mustSay, mustNotSay }: CompactionAdapter, { podSpec }: Hook, at: string): void {
  const said = ((podSpec.containers ?? []) as Commanded[]).map((c) => [...(c.command ?? []), ...(c.args ?? [])].join(' ')).join('\n');
  if (mustNotSay?.test(said)) refuse('PolicyDenied', `${at}: hook ${id} takes a form that locks everybody out, or takes all members at once; write the gentle form`);
  if (mustSay && !mustSay.test(said)) refuse('PolicyDenied', `${at}: hook ${id} does not say what it is registered for; correct the hook`);
}

/** `22:00-04:00`, UTC; no window means any time. */
function checkWindow({ limits, now }: ActionFacts, at: string): void {
  const window = textLimit(limits, 'window');
  if (window === undefined) return;
  const [, from, to] = /^([01]\d:[0-5]\d|2[0-3]:[0-5]\d)-([01]\d:[0-5]\d|2[0-3]:[0-5]\d)$/.exec(window) ?? [];
  if (from === undefined || to === undefined) return refuse('PolicyDenied', `${at}: the policy limit window is "${window}"; write it like 22:00-04:00 (UTC)`);
  const time = new Date(now).toISOString().slice(11, 16);
  const isIn = from <= to ? time >= from && time < to : time >= from || time < to;
  if (!isIn) refuse('PreconditionChanged', `${at}: it is ${time} UTC, outside the window ${window} of the policy; wait for it`);
}

function checkMembers(owner: KubeObject, facts: ActionFacts, at: string): void {
  const members = membersOf(facts, owner);
  const ready = members.filter(isPodReady).length;
  if (ready === 0 || ready < desiredMembers(owner) || ready < members.length) refuse('PreconditionChanged', `${at}: ${ready} of ${desiredMembers(owner)} members are Ready; make it whole before it is put under load`);
  const nodes = new Set(members.map((m) => m.spec?.nodeName as string | undefined));
  const strained = facts.world.list('Node').find((n) => nodes.has(n.metadata.name) && ['DiskPressure', 'MemoryPressure', 'PIDPressure'].some((type) => conditionOf(n, type)?.status === 'True'));
  if (strained) refuse('PreconditionChanged', `${at}: node ${strained.metadata.name} of a member is under pressure and has no headroom; relieve it first`);
}

function checkOthers({ kind, metadata }: KubeObject, { world }: ActionFacts, at: string): void {
  const other = world.list('Job', metadata.namespace).find((j) => j.metadata.annotations?.[COMPACTS] === `${kind}/${metadata.name}` && (j.status?.active ?? 0) > 0);
  if (other) refuse('PreconditionChanged', `${at}: job ${other.metadata.name} compacts it already; wait for it`);
}

/** Half of the volume must be free for a copy of the other half; what no alert speaks of is taken to have room. */
function checkSpace({ copies }: CompactionAdapter, owner: KubeObject, facts: ActionFacts, at: string): void {
  if (!copies) return;
  const names = new Set(membersOf(facts, owner).flatMap(claimNamesOf));
  const full = facts.world.list('PersistentVolumeClaim', owner.metadata.namespace).find((c) => names.has(c.metadata.name) && (usedPercent(c, facts) ?? 0) > 50);
  if (full) refuse('PreconditionChanged', `${at}: claim ${full.metadata.name} is more than half full, and a copy of its data would not fit; expand it first (expand_pvc)`);
}
