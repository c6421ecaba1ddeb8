import type { KubeObject, World } from '../domain/kube.js';
import type { ActionFacts } from './define.js';
import { claimNamesOf, podsUnder } from './volume.js';
import { refuse } from './workload.js';

const DAY_MS = 86_400_000;

/**
 * What touches application data wants a way back: a snapshot of every claim of the workload, or a completed backup of its
 * database, not older than a day. The policy limit `needsBackup: false` says that this data needs none.
 */
export function checkBackup(workload: KubeObject, { world, now, limits }: ActionFacts, at: string): void {
  if (limits.needsBackup === false || hasDatabaseBackup(workload, world, now)) return;
  const pods = podsUnder(world, workload);
  const claims = [...new Set(pods.flatMap(claimNamesOf))];
  const bare = claims.filter((claim) => !hasSnapshot(world, pods[0]?.metadata.namespace, claim, now));
  if (claims.length === 0) refuse('PreconditionChanged', `${at}: no backup of its data is known; set needsBackup: false in the policy if it has none worth keeping`);
  if (bare.length > 0) refuse('PreconditionChanged', `${at}: claim ${bare[0]} has no snapshot of the last 24 h; run backup_data first`);
}

const isRecent = (time: string | undefined, now: string): boolean => Date.parse(now) - Date.parse(time ?? '') < DAY_MS;

const hasSnapshot = (world: World, namespace: string | undefined, claim: string, now: string): boolean =>
  world
    .list('VolumeSnapshot', namespace)
    .some((s) => s.spec?.source?.persistentVolumeClaimName === claim && s.status?.readyToUse === true && !s.status.error && isRecent(s.status.creationTime, now));

const hasDatabaseBackup = ({ kind, metadata }: KubeObject, world: World, now: string): boolean =>
  kind === 'Cluster' &&
  world.list('Backup', metadata.namespace).some((b) => b.spec?.cluster?.name === metadata.name && b.status?.phase === 'completed' && isRecent(b.status.stoppedAt, now));
