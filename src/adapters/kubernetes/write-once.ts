import type { Change } from '../../domain/change.js';
import { isKubernautError, KubernautError } from '../../domain/errors.js';
import { refOf, type KubeObject } from '../../domain/kube.js';
import type { ChangeOutcome } from '../../domain/ports.js';
import { isMasked } from '../../domain/redact-object.js';
import { describeTarget } from '../../domain/target.js';
import { driftedPaths, stateOnServer } from './edit-state.js';
import { LAST_ACTION } from './json-patch.js';
import { alreadyDone, changedSincePlan, done, marked, type Writer } from './write.js';

/** Gone, replaced or on its way out: what eviction and deletion want is there, and a second write would hit somebody else. */
const isLeaving = (live: KubeObject | undefined, uid: string): boolean =>
  !live || live.metadata.uid !== uid || live.metadata.deletionTimestamp !== undefined;

export async function writeEviction(w: Writer, change: Extract<Change, { op: 'evict' }>): Promise<ChangeOutcome> {
  const { ref, uid } = change;
  if (isLeaving(await w.read(ref, false), uid)) return alreadyDone();
  const request = marked(w, {
    verb: 'create',
    path: `${await w.rest.pathOf(ref)}/eviction`,
    body: {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace: ref.namespace, name: ref.name },
      deleteOptions: { preconditions: { uid } },
    },
  });
  return whileItStands(w, change, () => w.rest.send(request, { about: describeTarget(ref), isEviction: true }));
}

export async function writeDeletion(w: Writer, change: Extract<Change, { op: 'delete' }>): Promise<ChangeOutcome> {
  const { ref, uid, edited } = change;
  const live = await w.read(ref, false);
  if (isLeaving(live, uid)) return alreadyDone();
  const state = edited && stateOnServer(live!, edited);
  if (state === 'before') return alreadyDone(live);
  if (state === 'drifted') throw changedSincePlan(w, ref, driftedPaths(live!, edited!));
  // judged by what was read: a version of later may be another
  const version = edited ? { resourceVersion: live!.metadata.resourceVersion } : {};
  const request = marked(w, {
    verb: 'delete',
    path: await w.rest.pathOf(ref),
    // with a body the server reads nothing of the query: a dry run that stands there alone would delete for real
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, ...version }, propagationPolicy: 'Background', ...(w.options.isDryRun ? { dryRun: ['All'] } : {}) },
  });
  return whileItStands(w, change, () => w.rest.send(request, { about: describeTarget(ref) }));
}

/** The object may go between the read and the write: 404 and a failed uid precondition then mean success. */
async function whileItStands(w: Writer, { ref, uid }: Extract<Change, { op: 'evict' | 'delete' }>, write: () => Promise<unknown>): Promise<ChangeOutcome> {
  try {
    await write();
    return done(w);
  } catch (error) {
    if (!isKubernautError(error, 'TargetNotFound', 'ConflictTransient')) throw error;
    if (isLeaving(await w.read(ref, true), uid)) return alreadyDone();
    throw error;
  }
}

export async function writeCreation(w: Writer, change: Extract<Change, { op: 'create' }>): Promise<ChangeOutcome> {
  const ref = refOf(change.object);
  if (isMasked(change.object)) throw new KubernautError('InvalidParams', `${describeTarget(ref)} would be created with a masked secret in it; plan it without`);
  const found = await w.read(ref, false);
  if (found) return adopt(w, found);
  const object = {
    ...change.object,
    metadata: { ...change.object.metadata, annotations: { ...change.object.metadata.annotations, [LAST_ACTION]: w.options.actionId } },
  };
  const request = marked(w, { verb: 'create', path: await w.rest.collectionOf(ref), body: object });
  try {
    return done(w, (await w.rest.send(request, { about: describeTarget(ref) })) as KubeObject);
  } catch (error) {
    if (!isKubernautError(error, 'ConflictTransient')) throw error;
    const winner = await w.read(ref, true);
    // it went away again (a name being deleted, a generated one taken): worth another attempt from the start
    if (!winner) throw error;
    return adopt(w, winner);
  }
}

/** Ours from an earlier attempt: take it. Anybody else's: leave it alone. */
function adopt(w: Writer, found: KubeObject): ChangeOutcome {
  const owner = found.metadata.annotations?.[LAST_ACTION];
  if (owner === w.options.actionId && !found.metadata.deletionTimestamp) return alreadyDone(found);
  if (owner === w.options.actionId) throw new KubernautError('ConflictTransient', `${describeTarget(refWithKind(found))} of this action is being deleted; retry when it is gone`);
  throw changedSincePlan(w, refWithKind(found), 'an object of that name, made by somebody else,');
}

const refWithKind = (o: KubeObject) => refOf(o);

/** A person who wants to keep what we made puts this on it. */
const ADOPTED_BY = 'kubernaut.io/adopted-by';

/** Removes what `create` made: only ours, only as we made it. One that somebody adopted or changed is theirs. */
export async function writeWithdrawal(w: Writer, { object }: Extract<Change, { op: 'withdraw' }>): Promise<ChangeOutcome> {
  const ref = refOf(object);
  const found = await w.read(ref, false);
  if (!found || found.metadata.deletionTimestamp || found.metadata.annotations?.[LAST_ACTION] !== w.options.actionId) return alreadyDone(found);
  const adopter = found.metadata.annotations[ADOPTED_BY];
  if (adopter) throw changedSincePlan(w, ref, `its owner (adopted by ${adopter})`);
  if (!holds(found, object)) throw changedSincePlan(w, ref, 'what we created');
  return writeDeletion(w, { op: 'delete', ref, uid: found.metadata.uid! });
}

/** Every part we wrote is as we wrote it; what the server defaulted beside it does not count. */
const holds = (live: KubeObject, made: KubeObject): boolean =>
  ['spec', 'data', 'rules'].every((part) => contains(live[part], made[part])) && contains(live.metadata.labels, made.metadata.labels);

function contains(live: unknown, made: unknown): boolean {
  if (made === undefined) return true;
  if (Array.isArray(made)) return Array.isArray(live) && live.length === made.length && made.every((m, n) => contains(live[n], m));
  if (made === null || typeof made !== 'object') return live === made;
  return live !== null && typeof live === 'object' && Object.entries(made).every(([key, value]) => contains((live as Record<string, unknown>)[key], value));
}
