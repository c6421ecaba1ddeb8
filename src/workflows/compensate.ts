import { CancellationScope } from '@temporalio/workflow';
import { stepsToUndo } from '../domain/rollback.js';
import { act } from './activity-options.js';
import { dropExpiry } from './expiry.js';
import { codeOf, textOf } from './failures.js';
import { requestFor, viewOf } from './perform.js';
import type { Run } from './run.js';

export interface Undone {
  count: number;
  /** Why a step could not be undone: it stays with a person. */
  refused?: string;
  /** The same for a sentence; empty when there was nothing to undo. */
  said: string[];
}

const countOf = (count: number): string[] => (count > 0 ? [`${count} step(s) undone`] : []);

/** Undoes exactly the applied steps, last first, whatever is cancelled meanwhile. A step that somebody changed since is left to a person. */
export async function compensate(run: Run): Promise<Undone> {
  const { state } = run;
  const steps = stepsToUndo(state.plan?.steps ?? [], state.applied);
  if (steps.length === 0) return { count: 0, said: [] };
  if (state.doc.phase === 'executing' || state.doc.phase === 'verifying') run.moveTo('rolling_back', `undoing ${steps.length} step${steps.length > 1 ? 's' : ''}`);
  return CancellationScope.nonCancellable(async () => {
    let count = 0;
    for (const step of steps) {
      const view = viewOf(run, step);
      try {
        const reply = await act(step, 'undo')(requestFor(run, step, 'undo'));
        view.status = 'undone';
        if (step.expiresInS !== undefined) await dropExpiry(requestFor(run, step, 'undo').actionId);
        run.note(`undone: ${step.summary} (${reply.detail})`);
        state.applied = state.applied.filter((ordinal) => ordinal !== step.ordinal);
        count += 1;
      } catch (error) {
        view.status = 'undo_refused';
        view.result = textOf(error);
        const why = codeOf(error) === 'Drifted' ? 'undo was refused because somebody changed the object since' : 'undo failed, a person must look';
        return { count, refused: textOf(error), said: [...countOf(count), `${why}: ${textOf(error)}`] };
      }
    }
    return { count, said: countOf(count) };
  });
}
