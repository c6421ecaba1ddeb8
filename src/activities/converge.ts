import type { Action } from '../actions/index.js';
import type { ExecuteContext, Progress } from '../actions/define.js';
import { pause } from '../actions/pause.js';
import { rolloutProgress } from '../actions/rollout.js';
import { refOfChange, type Change } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import { deadlineIn } from './deadline.js';

/** The cache may be a moment behind the write: a failure counts when it is still there after this. */
const SECOND_LOOK_MS = 2000;

/** Waits until the action's own success condition holds; throws `ConvergeFailed` when it cannot or did not in time. */
export async function converge(action: Action, step: Step, { cluster, signal }: ExecuteContext): Promise<string> {
  let last: Progress = { state: 'waiting', detail: 'nothing seen yet' };
  const look = (world: World): Progress => (last = action.verify(world, step.parameters, step.target, { changes: step.changes }));
  try {
    for (;;) {
      const seen = await cluster.waitFor((world) => decided(look(world)), signal);
      if (seen.state === 'reached') return seen.detail;
      await pause(SECOND_LOOK_MS, signal);
      if (look(cluster.world()).state === 'failed') throw new KubernautError('ConvergeFailed', `${step.summary}: ${last.detail}`);
    }
  } catch (error) {
    if (error === signal.reason && isKubernautError(error, 'ConvergeFailed')) {
      throw new KubernautError('ConvergeFailed', `${error.message}: ${last.detail}`, error);
    }
    throw error;
  }
}

const decided = (progress: Progress): Progress | undefined => (progress.state === 'waiting' ? undefined : progress);

/** Waits until the inverse may be written. What does not come in time cannot be undone by us. */
export async function untilReadyToUndo(action: Action, step: Step, { cluster, signal }: ExecuteContext): Promise<void> {
  let last: Progress = { state: 'waiting', detail: 'nothing seen yet' };
  const never = () => new KubernautError('InverseUnavailable', `${step.summary} cannot be undone: ${last.detail}; a person must decide`);
  try {
    await cluster.waitFor((world) => decided((last = action.readyToUndo!(world, step.parameters as never, step.target))), signal);
  } catch (error) {
    throw error === signal.reason && isKubernautError(error, 'ConvergeFailed') ? never() : error;
  }
  if (last.state === 'failed') throw never();
}

/**
 * After an undo: the old values are back and seen by the controller. Health is waited for only a while, and its absence is
 * told, not thrown: the undo did what it could.
 */
export async function settle(changes: readonly Change[], { cluster, signal }: ExecuteContext, settleMs: number): Promise<string> {
  const enough = new Error('settled long enough');
  const deadline = deadlineIn(settleMs, enough);
  let last = 'the previous values are written';
  try {
    await cluster.waitFor((world) => {
      const open = changes.map((c) => settled(world, c)).find((p) => p.state !== 'reached');
      last = open ? `the previous values are back, ${open.detail}` : 'the previous values are back';
      return open ? undefined : true;
    }, AbortSignal.any([signal, deadline.signal]));
  } catch (error) {
    if (error !== enough) throw error;
  } finally {
    deadline.clear();
  }
  return last;
}

function settled(world: World, change: Change): Progress {
  const ref = refOfChange(change);
  const object = world.get(ref.kind, ref.namespace, ref.name);
  if (change.op === 'withdraw') return object === undefined ? { state: 'reached', detail: 'gone' } : { state: 'waiting', detail: `${ref.name} is still there` };
  if (change.op === 'delete') return object?.metadata.uid === change.uid ? { state: 'waiting', detail: `${ref.name} is still there` } : { state: 'reached', detail: 'gone' };
  // what a command did is not to be seen in the world
  if (change.op === 'exec') return { state: 'reached', detail: `${change.file} is ${change.isThere ? 'there' : 'gone'}` };
  if (!object) return { state: 'waiting', detail: `${ref.name} is not seen yet` };
  return isWritten(object, change) ? rolloutProgress(object) : { state: 'waiting', detail: 'not seen in the cache yet' };
}

function isWritten(object: KubeObject, change: Change): boolean {
  if (change.op === 'edit') return stateOfEdits(object, change.edits) === 'after';
  return change.op !== 'scale' || object.spec?.replicas === change.after;
}
