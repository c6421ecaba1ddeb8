import type { Change } from '../domain/change.js';
import { isPodReady, podsOf, refOf, type KubeObject, type World } from '../domain/kube.js';
import { BACKUP_VERIFIED, jsonOf, newest, numberIn, textIn, type DatabaseView, type Instance } from './database-view.js';

/** Zalando's operator and Spilo say `spilo-role`, Patroni by itself `role`; `master` until version 4. */
const ROLE_LABELS = ['spilo-role', 'role'];
const LEADING = ['master', 'primary', 'leader'];
const FOLLOWING = ['replica', 'sync_standby', 'quorum_standby'];
/** `running` says it of a replica until version 4, which knows `streaming`. */
const STREAMING = ['running', 'streaming'];

/** What a member writes on its own pod in every turn of its loop (10 s). */
interface Note {
  role?: string;
  state?: string;
  replicationState?: string;
  timeline?: number;
  location?: number;
}

const noteOf = (pod: KubeObject): Note => {
  const { role, state, replication_state: replicationState, timeline, xlog_location: location } = jsonOf(pod.metadata.annotations?.status);
  return { role: textIn(role), state: textIn(state), replicationState: textIn(replicationState), timeline: numberIn(timeline), location: numberIn(location) };
};

const roleOf = (pod: KubeObject): string | undefined => ROLE_LABELS.map((label) => pod.metadata.labels?.[label]).find((role) => role !== undefined);

/** By what only Patroni writes: a role label and its note. */
const isMember = (pod: KubeObject): boolean => roleOf(pod) !== undefined && noteOf(pod).role !== undefined;

/** Undefined when Patroni does not lead this StatefulSet. */
export function readPatroni(object: KubeObject, world: World): DatabaseView | undefined {
  const pods = podsOf(world, object).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  if (!pods.some(isMember)) return undefined;
  const leaders = pods.filter((p) => LEADING.includes(roleOf(p) ?? '') && LEADING.includes(noteOf(p).role ?? ''));
  const claimsToLead = pods.filter((p) => LEADING.includes(roleOf(p) ?? '') || LEADING.includes(noteOf(p).role ?? ''));
  const leader = leaders.length === 1 && claimsToLead.length === 1 ? leaders[0] : undefined;
  const instances = pods.map((pod) => instanceAt(pod, leader, world));
  return {
    operator: 'patroni',
    at: `statefulset ${object.metadata.namespace}/${object.metadata.name}`,
    instances,
    wanted: object.spec?.replicas ?? 1,
    ...(leader ? { primary: instances.find((i) => i.pod === leader)!, primaryTimeline: noteOf(leader).timeline } : {}),
    busy: busyWith(object),
    isSettled: true,
    backupAt: newest([object.metadata.annotations?.[BACKUP_VERIFIED]]),
  };
}

function instanceAt(pod: KubeObject, leader: KubeObject | undefined, world: World): Instance {
  const note = noteOf(pod);
  return {
    name: pod.metadata.name,
    pod,
    claims: claimsOf(pod, world),
    isReady: isPodReady(pod),
    isFenced: false,
    isHealthy: pod === leader ? note.state === 'running' : isStreaming(note),
    timeline: note.timeline,
    ...lagBetween(leader && noteOf(leader), note),
  };
}

const claimsOf = (pod: KubeObject, world: World): KubeObject[] =>
  ((pod.spec?.volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[]).flatMap((v) => world.get('PersistentVolumeClaim', pod.metadata.namespace, v.persistentVolumeClaim?.claimName ?? '') ?? []);

const isStreaming = ({ role = '', state = '', replicationState = 'streaming' }: Note): boolean =>
  FOLLOWING.includes(role) && STREAMING.includes(state) && replicationState === 'streaming';

/** A difference of two notes: each is up to one turn old. Patroni itself is asked again right before the write. */
const lagBetween = (leader: Note | undefined, own: Note): Pick<Instance, 'lag'> =>
  leader?.location === undefined || own.location === undefined ? {} : { lag: { bytes: Math.max(0, leader.location - own.location) } };

function busyWith({ status = {}, metadata }: KubeObject): string | undefined {
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) return 'its newest spec is not rolled out';
  return status.updateRevision !== undefined && status.currentRevision !== status.updateRevision ? 'its pods are being updated' : undefined;
}

type Call = Extract<Change, { op: 'call' }>;

const callOn = (pod: KubeObject, request: Call['request']): Call => ({ op: 'call', ref: refOf(pod), uid: pod.metadata.uid!, service: 'patroni', request });

/** Asked of the pod that leads: should another one have taken its place, the request does not leave. */
export const switchover = (from: Instance, to: Instance, limits: Extract<Call['request'], { kind: 'switchover' }>['limits']): Call =>
  callOn(from.pod!, { kind: 'switchover', leader: from.name, candidate: to.name, limits });

export const reinitialization = (leader: Instance, member: Instance, now: string): Call =>
  callOn(member.pod!, { kind: 'reinitialize', leader: leader.name, member: member.name, startedBefore: now });
