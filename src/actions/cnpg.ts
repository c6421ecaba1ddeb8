import type { Edit } from '../domain/change.js';
import { isPodReady, type KubeObject, type World } from '../domain/kube.js';
import { BACKUP_VERIFIED, jsonOf, newest, numberIn, parsed, textIn, type DatabaseView, type Instance, type Lag } from './database-view.js';

export const CNPG_CLUSTER = 'postgresql.cnpg.io/v1/Cluster';
export const HEALTHY = 'Cluster in healthy state';
/** What it says while an instance is down: nothing else goes on then. */
const WAITING = 'Waiting for the instances to become active';
const SWITCHING = 'Switchover in progress';

/** `cnpg.io/instanceName` and its like. */
export const LABELS = { cluster: 'cnpg.io/cluster', instance: 'cnpg.io/instanceName', role: 'cnpg.io/instanceRole' } as const;
const FENCED = 'cnpg.io/fencedInstances';

/**
 * How far an instance is behind is in no object of CloudNativePG's. Where the owner lets something write it down, on the
 * instance's pod, it is read: `{"state":"streaming","lagBytes":0,"lagSeconds":0.2,"at":"2026-03-01T12:00:00Z"}`.
 */
export const REPLICATION = 'kubernaut.io/replication';

/** A backup ends in one of these. */
const ENDED = ['completed', 'failed'];

/** `lagMaxAgeMs`: an older note about lag is none. */
export function readCnpg(object: KubeObject, world: World, when: When): DatabaseView {
  const { namespace, name } = object.metadata;
  const status = object.status ?? {};
  const instances = namesOf(object, world).map((one) => instanceAt(object, world, one, when));
  const primaries = instances.filter((i) => i.pod?.metadata.labels?.[LABELS.role] === 'primary');
  const isOne = primaries.length === 1 && primaries[0]!.name === status.currentPrimary;
  const backups = world.list('Backup', namespace).filter((b) => b.spec?.cluster?.name === name);
  return {
    operator: 'cnpg',
    at: `cluster ${namespace}/${name}`,
    instances,
    wanted: object.spec?.instances ?? 1,
    ...(isOne ? { primary: primaries[0]! } : {}),
    primaryTimeline: numberIn(status.timelineID),
    busy: busyWith(object, backups),
    isSettled: status.phase === HEALTHY,
    isMoving: status.targetPrimary !== status.currentPrimary,
    chosenAt: newest([status.currentPrimaryTimestamp, status.targetPrimaryTimestamp]),
    backupAt: newest([...backups.filter((b) => b.status?.phase === 'completed').map((b) => b.status?.stoppedAt), ...Object.values((status.lastSuccessfulBackupByMethod ?? {}) as Record<string, string>), object.metadata.annotations?.[BACKUP_VERIFIED]]),
  };
}

const isOf = (o: KubeObject, cluster: KubeObject): boolean => o.metadata.labels?.[LABELS.cluster] === cluster.metadata.name && (o.metadata.ownerReferences ?? []).some((r) => r.uid === cluster.metadata.uid);

/** Poolers and jobs carry the cluster's label as well, an instance's name only instances. */
function namesOf(cluster: KubeObject, world: World): string[] {
  const pods = world.list('Pod', cluster.metadata.namespace).filter((p) => isOf(p, cluster)).map((p) => p.metadata.labels?.[LABELS.instance]);
  const told = (cluster.status?.instanceNames ?? []) as string[];
  return [...new Set([...told, ...pods.filter((n) => n !== undefined)])].sort();
}

interface When {
  nowMs: number;
  lagMaxAgeMs: number;
}

function instanceAt(cluster: KubeObject, world: World, name: string, when: When): Instance {
  const { metadata, status = {} } = cluster;
  const pod = [world.get('Pod', metadata.namespace, name)].find((p) => p !== undefined && isOf(p, cluster));
  const note = noteOf(pod, when);
  return {
    name,
    ...(pod ? { pod } : {}),
    claims: world.list('PersistentVolumeClaim', metadata.namespace).filter((c) => isOf(c, cluster) && c.metadata.labels?.[LABELS.instance] === name),
    isReady: pod !== undefined && isPodReady(pod),
    isFenced: isFenced(cluster, name),
    isHealthy: status.instancesStatus?.healthy?.includes(name) === true && note.state === 'streaming',
    timeline: numberIn(status.instancesReportedState?.[name]?.timeLineID),
    ...(note.lag ? { lag: note.lag } : {}),
  };
}

/** No note, or one that does not say it: then the operator's own word that the instance is healthy stands. */
function noteOf(pod: KubeObject | undefined, { nowMs, lagMaxAgeMs }: When): { state: string; lag?: Lag } {
  const { state, lagBytes, lagSeconds, at } = jsonOf(pod?.metadata.annotations?.[REPLICATION]);
  const isFresh = nowMs - Date.parse(textIn(at) ?? '') <= lagMaxAgeMs;
  if (!isFresh) return { state: 'streaming' };
  const [bytes, seconds] = [numberIn(lagBytes), numberIn(lagSeconds)];
  return { state: textIn(state) ?? 'streaming', ...(bytes === undefined || seconds === undefined ? {} : { lag: { bytes, seconds } }) };
}

/** A list of names, or `["*"]`. What cannot be read fences everything: that is the careful reading. */
function isFenced(cluster: KubeObject, name: string): boolean {
  const text = cluster.metadata.annotations?.[FENCED];
  if (text === undefined || text === '') return false;
  const names = parsed(text);
  return !Array.isArray(names) || names.includes('*') || names.includes(name);
}

function busyWith({ metadata, spec, status = {} }: KubeObject, backups: readonly KubeObject[]): string | undefined {
  if (metadata.annotations?.['cnpg.io/hibernation'] === 'on') return 'it hibernates';
  if (spec?.replica?.enabled === true) return 'it is a replica of another cluster, which decides who is primary';
  if (status.targetPrimary !== status.currentPrimary) return `the primary moves from ${status.currentPrimary} to ${status.targetPrimary}`;
  const running = backups.find((b) => b.status?.phase !== undefined && !ENDED.includes(b.status.phase as string));
  if (running) return `backup ${running.metadata.name} runs`;
  return [HEALTHY, WAITING].includes(status.phase) ? undefined : `its operator says "${status.phase}"`;
}

const path = (field: string): string[] => ['status', field];

/**
 * What `kubectl cnpg promote` writes. The target alone says afterwards whether it is ours: the operator moves phase, reason and
 * time on at once. Before the write they say that nobody asked for another primary since the plan.
 */
export const promotion = ({ status = {} }: KubeObject, candidate: string, now: string): Edit[] => [
  { path: path('targetPrimary'), before: status.targetPrimary, after: candidate },
  { path: path('targetPrimaryTimestamp'), before: status.targetPrimaryTimestamp, after: now.replace(/(\.\d{3})Z$/, '$1000Z'), isTransient: true },
  ...switching(candidate, status.phaseReason),
];

/** The way back. The time of the request is left out: the hour of an undo is not known when it is planned. */
export const demotion = (primary: string, candidate: string): Edit[] => [{ path: path('targetPrimary'), before: candidate, after: primary }, switching(primary, undefined)[0]!];

const switching = (to: string, reason: unknown): Edit[] => [
  { path: path('phase'), before: HEALTHY, after: SWITCHING, isTransient: true },
  { path: path('phaseReason'), before: reason, after: `Switching over to ${to}`, isTransient: true },
];
