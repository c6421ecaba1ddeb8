import type { Change, Edit } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import type { KubeObject, ObjectRef, World } from '../domain/kube.js';
import { refOf } from '../domain/kube.js';
import type { ActionFacts, Planned, Progress } from './define.js';
import { isRolling, rolloutProgress, rolloutTimeoutS, staleDeadlineOf, withStaleDeadline } from './rollout.js';
import { awayFrom } from './daemon-nodes.js';
import { carriesUnreleasedChange } from './revisions.js';
import { nameOf } from './scaling.js';
import { refuse } from './workload.js';

/** What `kubectl rollout restart` writes, so that its history and status work as people expect. */
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** The time of the plan, never of the write: a repeat writes the same value and changes nothing. */
export function planRollingRestart(object: KubeObject, params: Record<string, unknown>, facts: ActionFacts): Planned {
  const at = nameOf(object);
  if (object.spec?.paused) refuse('PreconditionChanged', `${at} is paused, a restart would wait for ever; resume it first`);
  if (!isRolling(object)) refuse('PreconditionChanged', `${at} does not replace its pods one by one (RollingUpdate); a person must choose the moment`);
  if (carriesUnreleasedChange(facts.world, object)) refuse('PreconditionChanged', `${at} carries a template that was not rolled out yet; finish that rollout first`);
  const edit = restartEdit(object, facts.now.replace(/\.\d+Z$/, 'Z'));
  return {
    changes: stateOfEdits(object, [edit]) === 'after' ? [] : [{ op: 'edit', ref: refOf(object), uid: object.metadata.uid!, edits: [edit] }],
    summary: `restart ${at} one pod after the other`,
    parameters: withStaleDeadline(params, object),
    timeoutS: rolloutTimeoutS(object),
  };
}

/** A template without annotations gets the map as a whole: a patch cannot add below what is not there. */
function restartEdit(object: KubeObject, at: string): Edit {
  const path = ['spec', 'template', 'metadata', 'annotations'];
  const annotations = object.spec?.template?.metadata?.annotations;
  return annotations ? { path: [...path, RESTARTED_AT], before: annotations[RESTARTED_AT], after: at } : { path, after: { [RESTARTED_AT]: at } };
}

/** The time that a plan writes; pods of the new template carry it as well. */
export function restartedAtOf(changes: readonly Change[]): string | undefined {
  const values = changes.flatMap((c) => (c.op === 'edit' ? c.edits : [])).map((e) => (e.path.at(-1) === RESTARTED_AT ? e.after : (e.after as Record<string, unknown> | undefined)?.[RESTARTED_AT]));
  return values.find((v) => typeof v === 'string');
}

export function verifyRollingRestart(world: World, params: object, { kind, namespace, name }: ObjectRef, changes: readonly Change[]): Progress {
  const object = world.get(kind, namespace, name);
  const edits = changes.flatMap((c) => (c.op === 'edit' ? c.edits : []));
  if (object && edits.length > 0 && stateOfEdits(object, edits) !== 'after') return { state: 'waiting', detail: 'the restart is not written yet' };
  return rolloutProgress(object, staleDeadlineOf(params), object ? awayFrom(world, object) : 0);
}
