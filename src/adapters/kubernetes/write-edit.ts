import type { Change } from '../../domain/change.js';
import type { KubeObject, ObjectRef } from '../../domain/kube.js';
import { KubernautError } from '../../domain/errors.js';
import { describeTarget } from '../../domain/target.js';
import type { ChangeOutcome } from '../../domain/ports.js';
import { driftedPaths, stateOnServer } from './edit-state.js';
import { patchOf } from './json-patch.js';
import { unmasked } from './unmask.js';
import { alreadyDone, changedSincePlan, done, lostTheRace, marked, sameObjectOrThrow, type Writer } from './write.js';

type EditChange = Extract<Change, { op: 'edit' }>;

/** JSON Patch with `test` of uid and resourceVersion: the server itself refuses it when anything moved since the read. */
export async function writeEdit(w: Writer, change: EditChange): Promise<ChangeOutcome> {
  const live = sameObjectOrThrow(await w.read(change.ref, false), change.ref, change.uid);
  if (judge(w, change, live) === 'after') return alreadyDone(live);
  try {
    return done(w, await patch(w, change, live));
  } catch (error) {
    return afterRefusal(w, change, { sent: live, error, isLast: !w.options.isDryRun });
  }
}

/** Throws when the plan no longer fits. */
function judge(w: Writer, change: EditChange, live: KubeObject): 'before' | 'after' {
  const state = stateOnServer(live, change.edits);
  if (state === 'drifted') throw changedSincePlan(w, change.ref, driftedPaths(live, change.edits));
  return state;
}

async function patch(w: Writer, change: EditChange, live: KubeObject): Promise<KubeObject> {
  const path = await w.rest.pathOf(change.ref);
  const request = marked(w, {
    verb: 'patch',
    path: change.subresource ? `${path}/${change.subresource}` : path,
    contentType: 'application/json-patch+json',
    body: patchOf(live, unmasked(w.world(), live, change.edits, w.options.isUndo === true), change.subresource ? undefined : w.options.actionId),
  });
  return (await w.rest.send(request, { about: aboutOf(change.ref) })) as KubeObject;
}

const aboutOf = (ref: ObjectRef): string => describeTarget(ref);

/**
 * A failed `test` and a failed validation are both 422 to the server. Who is right shows in the object:
 * a version other than the one we sent means the test failed, the same one means the write itself is refused.
 * A dry run, which may have judged by the cache, is sent a second time over the live object; a controller may still win.
 */
async function afterRefusal(w: Writer, change: EditChange, refused: Refused): Promise<ChangeOutcome> {
  const { sent, error, isLast } = refused;
  if (!(error instanceof KubernautError) || !['ConflictTransient', 'AdmissionDenied'].includes(error.code)) throw error;
  const live = sameObjectOrThrow(await w.read(change.ref, true), change.ref, change.uid);
  if (live.metadata.resourceVersion === sent.metadata.resourceVersion) throw error;
  if (judge(w, change, live) === 'after') return alreadyDone(live);
  if (isLast) throw lostTheRace(change.ref, error);
  try {
    return done(w, await patch(w, change, live));
  } catch (again) {
    return afterRefusal(w, change, { sent: live, error: again, isLast: true });
  }
}

interface Refused {
  sent: KubeObject;
  error: unknown;
  isLast: boolean;
}
