import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { RemediationStep } from '../contracts/remediation.js';
import { writesOf } from '../domain/change.js';
import type { Step } from '../domain/plan.js';
import { stepsToUndo } from '../domain/rollback.js';
import { actionIdOf } from '../domain/target.js';
import { act } from './activity-options.js';
import { close } from './close.js';
import { codeOf, textOf } from './failures.js';
import type { Run } from './run.js';
import { isAllResolved, type Stage } from './state.js';

const MAX_REPLANS = 2;
const MAX_RUNGS = 3;

/** Errors that say "nothing was written": undoing would meet the object of whoever did write. */
const REFUSED_BEFORE_WRITE = new Set([
  'PreconditionChanged', 'TargetReplaced', 'TargetNotFound', 'Paused', 'PolicyDenied', 'Forbidden', 'AdmissionDenied',
  'QuotaExceeded', 'InvalidParams', 'NotGrounded', 'Unsupported', 'AlreadyRemediated',
]);

/** Runs the plan's steps in order. The undo of each is in history and in the store before its write. */
export async function execute(run: Run): Promise<Stage> {
  const { state } = run;
  const plan = state.plan!;
  if (isAllResolved(state)) return close(run, 'already_resolved', 'the alerts resolved before the first write');
  run.moveTo('executing', `plan ${plan.hash.slice(0, 10)}`);
  run.index({
    KubernautPhase: 'executing', KubernautAwaitingApproval: false, KubernautConfidence: plan.confidence,
    ...(plan.steps[0] ? { KubernautAction: plan.steps[0].action } : {}),
  });
  await run.save('record plan and undo');
  for (const step of plan.steps) {
    // Joining signals may have been delivered while the plan was recorded.
    if (isAllResolved(state) && state.applied.length === 0) return close(run, 'already_resolved', 'the alerts resolved before the first write');
    try {
      await perform(run, step);
    } catch (error) {
      if (isCancellation(error)) throw error;
      return failed(run, step, error);
    }
  }
  if (plan.steps.every((s) => !s.isWriting)) return close(run, 'notified', plan.steps.map((s) => s.summary).join(', '));
  state.verifying = { actedAt: run.now(), next: 0 };
  return 'verify';
}

async function perform(run: Run, step: Step): Promise<void> {
  const view = viewOf(run, step);
  const from = Date.now();
  view.status = 'running';
  view.started_at = run.now();
  // Counted as applied before the reply: a step that fails half-way may have written and must be undone too.
  if (step.isWriting) {
    run.state.applied.push(step.ordinal);
    view.wrote = writesOf(step.changes);
  }
  run.note(step.summary);
  try {
    const reply = await act(step, 'apply')(requestFor(run, step, 'apply'));
    view.status = reply.status;
    view.result = reply.detail;
    run.note(`${step.summary}: ${reply.detail}`, Date.now() - from);
  } catch (error) {
    view.status = 'failed';
    view.result = textOf(error);
    if (step.changes.length <= 1 && REFUSED_BEFORE_WRITE.has(codeOf(error))) {
      run.state.applied.pop();
      delete view.wrote;
    }
    throw error;
  } finally {
    view.ended_at = run.now();
  }
}

const requestFor = (run: Run, step: Step, mode: 'apply' | 'undo') => ({
  step,
  mode,
  actionId: actionIdOf(run.state.doc.id, run.state.doc.workflow_id, run.state.rung * 100 + step.ordinal),
  problems: run.state.problems.filter((p) => p.status === 'firing').map(({ fingerprint, startedAt }) => ({ fingerprint, startedAt })),
});

const viewOf = (run: Run, step: Step): RemediationStep =>
  run.state.doc.plan!.steps.find((s) => s.rung === run.state.rung && s.ordinal === step.ordinal)!;

/** What each refusal of an action means for the remediation (actions.md 1.6). */
async function failed(run: Run, step: Step, error: unknown): Promise<Stage> {
  const code = codeOf(error);
  const text = textOf(error);
  run.note(`${step.action}: ${text}`);
  if (code === 'AlreadyRemediated') return close(run, 'already_resolved', text);
  if (code === 'PreconditionChanged' || code === 'TargetReplaced') return replan(run, text);
  if (code === 'ConvergeFailed') return compensateAndGoOn(run, `${step.summary} did not take hold: ${text}`);
  const undone = await compensate(run);
  if (code === 'Paused' || code === 'PolicyDenied') return close(run, 'denied', text);
  return close(run, 'failed', [text, ...undone.said].join('; '));
}

/** The world moved between plan and write: look again; a third time a person must. */
async function replan(run: Run, why: string): Promise<Stage> {
  await compensate(run);
  if (run.state.replans >= MAX_REPLANS) return close(run, 'escalated', `the object keeps changing under the plan: ${why}`);
  run.state.replans += 1;
  run.state.tried.pop();
  nextRung(run);
  return 'decide';
}

/** Undo, then the next rung of the ladder, or the end. */
export async function compensateAndGoOn(run: Run, why: string): Promise<Stage> {
  const undone = await compensate(run);
  if (undone.refused) return close(run, 'escalated', `${why}; ${undone.said.join('; ')}`);
  if (run.state.undo) return close(run, 'rolled_back', `${why}; undone, also on request of ${run.state.undo.by ?? 'a person'}`);
  if (run.state.rung + 1 < MAX_RUNGS && !isAllResolved(run.state)) {
    run.note(`${why}; looking for another way`);
    nextRung(run);
    // The guards against trying the same again read the store.
    await run.save('record what was undone');
    return 'decide';
  }
  return close(run, undone.count > 0 ? 'rolled_back' : 'no_effect', why);
}

function nextRung(run: Run): void {
  run.state.rung += 1;
  delete run.state.verifying;
}

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
