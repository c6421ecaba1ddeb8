import type { Change } from '../domain/change.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { World } from '../domain/kube.js';
import type { Cluster } from '../domain/ports.js';
import { describeTarget } from '../domain/target.js';
import type { ExecuteContext, Progress } from './define.js';
import { verifyRollingRestart } from './rolling-restart.js';
import type { EditChange, Rotation, Since } from './rotation.js';

/** Pinned into the planned parameters, for a later attempt and for `verify`. */
export interface PinnedRotation {
  since: Since;
  /** In the order of their restarts. `staleDeadline` as rollout.ts has it. */
  consumers: { kind: string; name: string; staleDeadline?: string }[];
}

/** What a heartbeat carries: how it stood at the moment of our write, and which consumers are through. */
interface Notes {
  since?: Since;
  done: string[];
}

const notesOf = (heartbeat: unknown): Notes => (heartbeat !== null && typeof heartbeat === 'object' && Array.isArray((heartbeat as Notes).done) ? (heartbeat as Notes) : { done: [] });

/**
 * New value beside the old one → published → consumers one after the other, each back on its feet before the next: a value that
 * does not work stops at the first. Nothing is revoked here. Safe to repeat from any point.
 */
export async function rotate(rotation: Rotation, changes: readonly Change[], context: ExecuteContext, pinned: PinnedRotation): Promise<void> {
  const [trigger, ...restarts] = changes as readonly EditChange[];
  if (!trigger) return;
  const notes = notesOf(context.lastHeartbeat);
  const since = (await setGoing(rotation, trigger, context, pinned.since)) ?? notes.since ?? pinned.since;
  context.heartbeat({ since, done: notes.done } satisfies Notes);
  const { kind, namespace, name } = trigger.ref;
  const at = describeTarget(trigger.ref);
  await until(context, `${at} got no new value, its consumers were not restarted`, (world) => {
    const object = world.get(kind, namespace, name);
    return object ? rotation.progress(object, since) : { state: 'failed', detail: 'it is gone' };
  });
  for (const [i, restart] of restarts.entries()) {
    if (notes.done.includes(restart.uid)) continue;
    context.signal.throwIfAborted();
    await context.cluster.apply(restart, { actionId: context.actionId });
    await until(context, `${at} has a new value, but ${describeTarget(restart.ref)} does not come up with it; consumers after it were not restarted`, (world) =>
      verifyRollingRestart(world, pinned.consumers[i] ?? {}, restart.ref, [restart]),
    );
    notes.done.push(restart.uid);
    context.heartbeat({ since, done: notes.done } satisfies Notes);
  }
}

/** Writes; returns how things stood at that very moment, undefined where an earlier attempt wrote it. */
async function setGoing(rotation: Rotation, trigger: EditChange, { cluster, actionId }: ExecuteContext, pinned: Since): Promise<Since | undefined> {
  try {
    const { status, object } = await cluster.apply(trigger, { actionId });
    return status === 'applied' && object ? rotation.sinceOf(object) : undefined;
  } catch (error) {
    const revision = isKubernautError(error, 'PreconditionChanged') ? await issuedSince(rotation, trigger, cluster, pinned) : undefined;
    if (revision === undefined) throw error;
    // Our condition has come and gone. A guard says so to whoever counts writes, and writes nothing.
    await cluster.apply({ ...trigger, edits: [{ path: ['status', 'revision'], before: revision, after: revision }] }, { actionId });
    return undefined;
  }
}

/** The revision that was issued since the plan, if one was. */
async function issuedSince(rotation: Rotation, { ref, uid }: EditChange, cluster: Cluster, pinned: Since): Promise<number | undefined> {
  const live = await cluster.read(ref);
  const { revision } = live?.metadata.uid === uid ? rotation.sinceOf(live) : {};
  return revision !== undefined && revision > (pinned.revision ?? 0) ? revision : undefined;
}

/** Waits by the watch. `failed` and the deadline of the step become ConvergeFailed, saying what was left undone. */
async function until({ cluster, signal }: ExecuteContext, otherwise: string, look: (world: World) => Progress): Promise<void> {
  let last: Progress = { state: 'waiting', detail: 'nothing seen yet' };
  try {
    const seen = await cluster.waitFor((world) => ((last = look(world)).state === 'waiting' ? undefined : last), signal);
    if (seen.state === 'failed') throw new KubernautError('ConvergeFailed', `${otherwise}: ${seen.detail}`);
  } catch (error) {
    if (error !== signal.reason || !isKubernautError(error, 'ConvergeFailed')) throw error;
    throw new KubernautError('ConvergeFailed', `${error.message}: ${otherwise}: ${last.detail}`, error);
  }
}
