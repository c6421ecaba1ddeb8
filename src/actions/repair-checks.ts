import { durationMs } from '../domain/duration.js';
import type { World } from '../domain/kube.js';
import { bytesOf } from '../domain/quantity.js';
import { instanceOf, newest, replicasOf, type DatabaseView, type Instance } from './database-view.js';
import type { ActionFacts } from './define.js';
import { countLimit, durationLimit } from './limits.js';
import { refuse } from './workload.js';

const MAX_BACKUP_AGE_MS = durationMs('24h');
/** MiB of a base backup per second, when the policy does not know better. */
const SLOW_CLONE = 50;
const MARGIN_S = 600;
/** Less than the most that any action may take. */
const MAX_CLONE_S = 2 * 3600 - MARGIN_S;

/** A database whose primary is fit to be read from. */
export function checkReadable({ at, busy, primary }: DatabaseView): Instance {
  if (busy) refuse('PreconditionChanged', `${at}: ${busy}; wait until that is over`);
  if (!primary) return refuse('PreconditionChanged', `${at}: not exactly one instance leads; wait for its operator, and call a person if it stays so`);
  if (!primary.isReady || primary.isFenced) refuse('PreconditionChanged', `${at}: primary ${primary.name} is not healthy; nothing may be rebuilt from it, call a person`);
  return primary;
}

/** One replica whose loss leaves a healthy primary, another healthy replica and a good backup. */
export function checkReclone(view: DatabaseView, asked: string | undefined, facts: ActionFacts): { primary: Instance; member: Instance } {
  const primary = checkReadable(view);
  const member = memberOf(view, asked, primary);
  const others = replicasOf(view).filter((i) => i.name !== member.name && i.isReady && i.isHealthy && !i.isFenced && i.timeline !== undefined && i.timeline === view.primaryTimeline);
  if (others.length === 0) refuse('PreconditionChanged', `${view.at}: besides ${member.name} no replica is healthy, it may be the last good copy; add a replica first`);
  checkBackup(view, primary, facts);
  checkSpace(view, primary, member, facts.world);
  return { primary, member };
}

function memberOf({ at, instances, ...view }: DatabaseView, asked: string | undefined, primary: Instance): Instance {
  if (asked === undefined) return refuse('InvalidParams', `${at}: name the member to re-clone; it has ${instances.map((i) => i.name).join(', ')}`);
  if (asked === primary.name) refuse('InvalidParams', `${at}: ${asked} is the primary, which is never re-cloned; switch over first`);
  const member = instanceOf({ at, instances, ...view }, asked) ?? refuse('InvalidParams', `${at} has no member ${asked}; it has ${instances.map((i) => i.name).join(', ')}`);
  if (!member.pod?.metadata.uid || member.pod.metadata.deletionTimestamp) refuse('PreconditionChanged', `${at}: ${asked} has no pod, or it is going away; wait for its operator`);
  if (member.claims.length === 0) refuse('PreconditionChanged', `${at}: the claims of ${asked} were not read, so nothing can be pinned; a person must look`);
  if (member.claims.some((c) => c.metadata.deletionTimestamp)) refuse('PreconditionChanged', `${at}: a claim of ${asked} is going away already; wait for its operator`);
  return member;
}

/** Policy `backupMaxAge` (24h) can only be narrowed. Counted: the operator's backups, the owner's own verification, snapshots of the primary. */
function checkBackup(view: DatabaseView, primary: Instance, { world, limits, now }: ActionFacts): void {
  const maxAgeMs = Math.min(MAX_BACKUP_AGE_MS, durationLimit(limits, 'backupMaxAge', '24h'));
  const last = newest([view.backupAt, snapshotOf(primary, world)]);
  const ageMs = last === undefined ? Infinity : Date.parse(now) - Date.parse(last);
  if (ageMs > maxAgeMs) refuse('PreconditionChanged', `${view.at}: ${last === undefined ? 'no good backup is known' : `the last good backup is of ${last}`}; run backup_data first`);
}

/** The oldest of the newest snapshots of its claims: only together they are a copy. */
function snapshotOf({ claims }: Instance, world: World): string | undefined {
  const times = claims.map((claim) =>
    newest(
      world
        .list('VolumeSnapshot', claim.metadata.namespace)
        .filter((s) => s.spec?.source?.persistentVolumeClaimName === claim.metadata.name && s.status?.readyToUse === true && !s.status.error)
        .map((s) => s.status.creationTime as string | undefined),
    ),
  );
  return times.length === 0 || times.includes(undefined) ? undefined : (times as string[]).sort((a, b) => Date.parse(a) - Date.parse(b))[0];
}

/** The new copy goes into claims like the old ones: of a class that is still there, and no smaller than the primary's. */
function checkSpace({ at }: DatabaseView, primary: Instance, member: Instance, world: World): void {
  for (const { spec, metadata } of member.claims) {
    const name = spec?.storageClassName as string | undefined;
    if (name && !world.get('StorageClass', undefined, name)) refuse('PreconditionChanged', `${at}: storage class ${name} of claim ${metadata.name} does not exist any more; no new claim could be made`);
  }
  const [needed, there] = [sizeOf(primary), sizeOf(member)];
  if (needed > there) refuse('PreconditionChanged', `${at}: the claims of ${member.name} are smaller than those of primary ${primary.name}; expand them first`);
}

const sizeOf = ({ claims }: Instance): number => claims.reduce((sum, c) => sum + bytesOf(c.spec?.resources?.requests?.storage), 0);

/** How long a base backup may take, seconds; policy `cloneRate` (MiB per second, 50). */
export function cloneTimeS({ at }: DatabaseView, primary: Instance, { limits }: ActionFacts): number {
  const rate = limits.cloneRate === undefined ? SLOW_CLONE : countLimit(limits, 'cloneRate', 10_000);
  const seconds = Math.ceil(sizeOf(primary) / (rate * 2 ** 20));
  if (seconds > MAX_CLONE_S) refuse('PreconditionChanged', `${at}: a base backup of ${Math.round(sizeOf(primary) / 2 ** 30)} GiB would take ${Math.round(seconds / 3600)} h at ${rate} MiB/s (policy cloneRate), too long to watch over; do it by hand`);
  return seconds + MARGIN_S;
}
