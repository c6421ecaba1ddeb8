import { isDeepStrictEqual } from 'node:util';
import { tolerating } from '../simulator/kube-client.js';
import type { Claim, Pod } from '../simulator/kube-types.js';
import { claimFor, label, podFor, replicationAnnotation, writeServiceFor } from './cnpg-objects.js';
import type { Hands, Operator, OperatorObject, Watched } from './define.js';

const apiVersion = 'postgresql.cnpg.io/v1';
const clusters: Watched = { apiVersion, plural: 'clusters' };
const backups: Watched = { apiVersion, plural: 'backups' };
const pods: Watched = { apiVersion: 'v1', plural: 'pods' };
const claims: Watched = { apiVersion: 'v1', plural: 'persistentvolumeclaims' };
const services: Watched = { apiVersion: 'v1', plural: 'services' };

/** On a Cluster, `pg-2=5242880`: so many bytes behind is that replica. */
export const lagAnnotation = 'sandbox.kubernaut.io/replication-lag';
const healthy = 'Cluster in healthy state';
const lookEveryMs = 300;
const promotionMs = 1000;
const noteEveryMs = 15_000;
const backupMs = 500;

interface Instance {
  name: string;
  claim: Claim;
  pod: Pod | undefined;
  isReady: boolean;
}

const isOf = ({ metadata }: OperatorObject, o: { metadata: { ownerReferences?: { uid: string }[] } }): boolean => (o.metadata.ownerReferences ?? []).some((r) => r.uid === metadata.uid);
const serialOf = (name: string): number => Number(name.slice(name.lastIndexOf('-') + 1));
const isReady = (pod: Pod | undefined): boolean => pod !== undefined && !pod.metadata.deletionTimestamp && (pod.status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True');

/** An instance is its data: a claim that is going away is none any more. */
function instancesOf(cluster: OperatorObject, { world }: Hands): Instance[] {
  const { namespace } = cluster.metadata;
  return world
    .list('PersistentVolumeClaim', namespace)
    .filter((c) => isOf(cluster, c) && !c.metadata.deletionTimestamp)
    .map((claim) => {
      const pod = world.get('Pod', namespace, claim.metadata.name);
      return { name: claim.metadata.name, claim, pod, isReady: isReady(pod) };
    })
    .sort((a, b) => serialOf(a.name) - serialOf(b.name));
}

const make = (what: Watched, namespace: string | undefined, object: object, { client, pathOf }: Hands) => tolerating([404, 409], client.request('POST', pathOf(what, namespace), object));

/** Merged over what was read and only over that: whoever wrote meanwhile is looked at in the next turn. */
async function setStatus(cluster: OperatorObject, status: object, { client, pathOf }: Hands): Promise<void> {
  if (isDeepStrictEqual({ ...cluster.status, ...status }, cluster.status)) return;
  const { namespace, name, resourceVersion } = cluster.metadata;
  await tolerating([404, 409], client.request('merge', `${pathOf(clusters, namespace, name)}/status`, { metadata: { resourceVersion }, status }));
}

/** As many instances as wanted; a new one gets a name that none had before, and its data from the primary. */
async function growTo(cluster: OperatorObject, instances: Instance[], hands: Hands): Promise<number> {
  const { namespace, name } = cluster.metadata;
  let latest = Math.max(Number(cluster.status?.latestGeneratedNode ?? 0), ...instances.map((i) => serialOf(i.name)));
  for (let n = instances.length; n < Number(cluster.spec.instances); n++) await make(claims, namespace, claimFor(cluster, `${name}-${String(++latest)}`), hands);
  for (const one of instances) {
    if (!one.pod) await make(pods, namespace, podFor(cluster, one.name, one.name === cluster.status?.currentPrimary ? 'primary' : 'replica'), hands);
  }
  return latest;
}

const patchMeta = (what: Watched, { metadata }: Pod | Claim, change: object, { client, pathOf }: Hands) =>
  tolerating([404, 409], client.request('merge', pathOf(what, metadata.namespace, metadata.name), { metadata: change }));

/** On the pod and on its claim: what tells the primary's data from a copy. */
async function setRoles(cluster: OperatorObject, instances: Instance[], hands: Hands): Promise<void> {
  for (const { pod, claim, name } of instances) {
    const role = name === cluster.status?.currentPrimary ? 'primary' : 'replica';
    if (pod && pod.metadata.labels?.[label.role] !== role) await patchMeta(pods, pod, { labels: { [label.role]: role, role } }, hands);
    if (claim.metadata.labels?.[label.role] !== role) await patchMeta(claims, claim, { labels: { [label.role]: role, role } }, hands);
  }
}

interface Note {
  state: string;
  lagBytes: number;
  lagSeconds: number;
  at: string;
}

/** What an owner's own exporter would write beside each replica, again and again. */
async function noteReplication(cluster: OperatorObject, instances: Instance[], hands: Hands): Promise<void> {
  const [behind, bytes] = (cluster.metadata.annotations?.[lagAnnotation] ?? '').split('=');
  const replicas = instances.filter((i) => i.isReady && i.name !== cluster.status?.currentPrimary);
  for (const { pod, name } of replicas) {
    const lagBytes = name === behind ? Number(bytes) : 0;
    const note: Note = { state: 'streaming', lagBytes, lagSeconds: lagBytes === 0 ? 0 : 30, at: hands.now() };
    if (pod && isDue(pod, note)) await patchMeta(pods, pod, { annotations: { [replicationAnnotation]: JSON.stringify(note) } }, hands);
  }
}

function isDue(pod: Pod, { lagBytes, at }: Note): boolean {
  const last = JSON.parse(pod.metadata.annotations?.[replicationAnnotation] ?? '{}') as Partial<Note>;
  return last.lagBytes !== lagBytes || Date.parse(at) - Date.parse(last.at ?? at) >= noteEveryMs;
}

/** Whom the operator itself wants as primary: the first at the start, another one when the primary is lost. */
function wantedPrimary({ status }: OperatorObject, instances: Instance[]): string | undefined {
  const current = status?.currentPrimary as string | undefined;
  if (status?.targetPrimary !== current) return status?.targetPrimary as string;
  if (instances.some((i) => i.name === current && i.pod && !i.pod.metadata.deletionTimestamp)) return current;
  const first = current === undefined ? instances.slice(0, 1) : instances;
  return first.find((i) => i.isReady)?.name ?? current;
}

const micros = (at: string): string => at.replace(/(\.\d{3})Z$/, '$1000Z');

/** The old primary stopped, the new one promoted: a new timeline, which everybody follows. */
function promoted(cluster: OperatorObject, to: string, hands: Hands): object {
  return { currentPrimary: to, currentPrimaryTimestamp: micros(hands.now()), timelineID: Number(cluster.status?.timelineID ?? 0) + 1 };
}

function described(cluster: OperatorObject, instances: Instance[], latest: number): object {
  const { currentPrimary, targetPrimary, timelineID = 1, phase } = cluster.status ?? {};
  const ready = instances.filter((i) => i.isReady);
  const isWhole = ready.length === Number(cluster.spec.instances) && ready.some((i) => i.name === currentPrimary && i.pod?.metadata.labels?.[label.role] === 'primary');
  return {
    instances: instances.length,
    readyInstances: ready.length,
    instanceNames: instances.map((i) => i.name),
    instancesStatus: { healthy: ready.map((i) => i.name), failed: instances.filter((i) => !i.isReady).map((i) => i.name) },
    // a merge patch keeps what it does not name: those that are gone are taken out
    instancesReportedState: {
      ...Object.fromEntries(Object.keys((cluster.status?.instancesReportedState ?? {}) as object).map((name) => [name, null])),
      ...Object.fromEntries(ready.map((i) => [i.name, { isPrimary: i.name === currentPrimary, timeLineID: timelineID as number, ip: i.pod?.status?.podIP ?? '' }])),
    },
    latestGeneratedNode: latest,
    writeService: `${cluster.metadata.name}-rw`,
    ...(targetPrimary === currentPrimary ? { phase: isWhole ? healthy : 'Waiting for the instances to become active', phaseReason: '' } : { phase: phase as string }),
  };
}

/** One turn of the reconcile loop. `since`: when a target primary was first seen. */
async function reconcile(cluster: OperatorObject, hands: Hands, since: Map<string, number>): Promise<void> {
  const instances = instancesOf(cluster, hands);
  await make(services, cluster.metadata.namespace, writeServiceFor(cluster), hands);
  const latest = await growTo(cluster, instances, hands);
  const wanted = wantedPrimary(cluster, instances);
  if (wanted !== undefined && wanted !== cluster.status?.currentPrimary) return movePrimary(cluster, instances.find((i) => i.name === wanted), hands, since);
  await setRoles(cluster, instances, hands);
  await noteReplication(cluster, instances, hands);
  await setStatus(cluster, described(cluster, instances, latest), hands);
}

async function movePrimary(cluster: OperatorObject, to: Instance | undefined, hands: Hands, since: Map<string, number>): Promise<void> {
  const { currentPrimary, targetPrimary } = cluster.status ?? {};
  if (!to) return;
  const key = `${cluster.metadata.uid}/${String(currentPrimary)}/${to.name}`;
  since.set(key, since.get(key) ?? Date.now());
  const isOver = to.isReady && (currentPrimary === undefined || Date.now() - since.get(key)! >= promotionMs);
  const own = targetPrimary === to.name ? {} : { targetPrimary: to.name, targetPrimaryTimestamp: micros(hands.now()), phase: currentPrimary === undefined ? 'Setting up primary' : 'Failing over' };
  if (isOver) since.delete(key);
  await setStatus(cluster, { ...own, ...(isOver ? promoted(cluster, to.name, hands) : {}) }, hands);
}

const isConfigured = (cluster: OperatorObject | undefined, method: string): boolean =>
  method === 'plugin' ? (cluster?.spec?.plugins ?? []).length > 0 : cluster?.spec?.backup?.[method] !== undefined;

/** Ends as the real one's would: completed, or failed where the cluster has nowhere to put it. */
async function backUp(backup: OperatorObject, hands: Hands): Promise<void> {
  if (backup.status?.phase !== undefined) return;
  const method = String(backup.spec?.method ?? 'barmanObjectStore');
  await hands.setStatus(backups, backup, { phase: 'running', method, startedAt: hands.now() });
  hands.after(backupMs, async () => {
    const cluster = hands.get(clusters, backup.metadata.namespace, String(backup.spec?.cluster?.name));
    const stoppedAt = hands.now();
    if (!cluster || !isConfigured(cluster, method)) return hands.setStatus(backups, backup, { phase: 'failed', stoppedAt, error: `cannot proceed with the backup as the cluster has no ${method} section` });
    await hands.setStatus(backups, backup, { phase: 'completed', stoppedAt });
    await hands.setStatus(clusters, cluster, { lastSuccessfulBackupByMethod: { [method]: stoppedAt } });
  });
}

interface Memory {
  /** Clusters with a loop. */
  looking: Set<string>;
  since: Map<string, number>;
}

/** One for each sandbox that runs in this process. */
const memories = new WeakMap<Hands, Memory>();

function memoryOf(hands: Hands): Memory {
  const memory = memories.get(hands) ?? { looking: new Set(), since: new Map() };
  memories.set(hands, memory);
  return memory;
}

/** Again and again, as long as this very cluster is there: instances come and go without a change of their own. */
async function look({ metadata: { uid, namespace, name } }: OperatorObject, hands: Hands): Promise<void> {
  const { looking, since } = memoryOf(hands);
  const cluster = hands.get(clusters, namespace, name);
  if (cluster?.metadata.uid !== uid || cluster.metadata.deletionTimestamp) return void looking.delete(uid);
  try {
    await reconcile(cluster, hands, since);
  } finally {
    hands.after(lookEveryMs, () => look(cluster, hands));
  }
}

/** PostgreSQL clusters: instances, a primary that moves when it is asked to or lost, backups. */
export const cloudNativePg: Operator = {
  id: 'cloudnative-pg',
  crds: ['cnpg'],
  watches: [clusters, backups],
  async react(object, hands) {
    if (object.spec?.cluster !== undefined) return backUp(object, hands);
    const { looking } = memoryOf(hands);
    if (looking.has(object.metadata.uid)) return;
    looking.add(object.metadata.uid);
    await look(object, hands);
  },
};
