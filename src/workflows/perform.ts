import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { StepRequest } from '../activities/contract.js';
import type { RemediationStep } from '../contracts/remediation.js';
import { writesOf } from '../domain/change.js';
import type { Step } from '../domain/plan.js';
import { inOrder } from '../domain/plan-graph.js';
import { actionIdOf } from '../domain/target.js';
import { act } from './activity-options.js';
import { startExpiry } from './expiry.js';
import { codeOf, textOf } from './failures.js';
import type { Run } from './run.js';
import { isAllResolved, ownProblems } from './state.js';

/** Errors that say "nothing was written": undoing would meet the object of whoever did write. */
const REFUSED_BEFORE_WRITE = new Set([
  'PreconditionChanged', 'TargetReplaced', 'TargetNotFound', 'Paused', 'PolicyDenied', 'Forbidden', 'AdmissionDenied',
  'QuotaExceeded', 'InvalidParams', 'NotGrounded', 'Unsupported', 'AlreadyRemediated',
]);

export interface Failed {
  step: Step;
  error: unknown;
}

/**
 * Runs the graph of the current plan: a step starts when all that it needs is applied, independent ones side by side.
 * The first failure stops what still runs and is returned when all of it has ended; only our own cancellation rejects.
 */
export async function performAll(run: Run): Promise<Failed | undefined> {
  const scope = new CancellationScope();
  const begun = new Map<number, Promise<void>>();
  let failure: Failed | undefined;
  const one = async (step: Step): Promise<void> => {
    if (failure || isOverBefore(run, step)) return skip(run, step);
    try {
      await perform(run, step);
    } catch (error) {
      if (isCancellation(error) && !failure) throw error;
      if (failure || isHarmless(run, step, error)) return;
      failure = { step, error };
      scope.cancel();
    }
  };
  await scope.run(async () => {
    for (const step of inOrder(run.state.plan!.steps)) {
      const before = (step.needs ?? []).map((ordinal) => begun.get(ordinal));
      begun.set(step.ordinal, before.length > 0 ? Promise.all(before).then(() => one(step)) : one(step));
    }
    await Promise.all(begun.values());
  });
  return failure;
}

/** The trouble went away while the plan ran (or before it began): what is not written yet stays unwritten. */
const isOverBefore = ({ state }: Run, step: Step): boolean => step.isWriting && isAllResolved(state);

/** The plan goes on: it can do without this step, or the trouble went away after the steps before. */
function isHarmless(run: Run, step: Step, error: unknown): boolean {
  if (codeOf(error) === 'AlreadyRemediated' && run.state.applied.length > 0) return skip(run, step), true;
  if (!step.isOptional) return false;
  run.note(`goes on without ${step.action}: ${textOf(error)}`);
  return true;
}

function skip(run: Run, step: Step): void {
  viewOf(run, step).status = 'skipped';
  run.note(`not done: ${step.summary}`);
}

async function perform(run: Run, step: Step): Promise<void> {
  const view = viewOf(run, step);
  const from = Date.now();
  const request = requestFor(run, step, 'apply');
  view.status = 'running';
  view.started_at = run.now();
  // Counted as applied before the reply: a step that fails half-way may have written and must be undone too.
  if (step.isWriting) {
    run.state.applied.push(step.ordinal);
    view.wrote = writesOf(step.changes);
  }
  run.note(step.summary);
  try {
    // Before the write: whatever becomes of us, it ends in time.
    if (step.expiresInS !== undefined) await startExpiry({ ...request, remediationId: run.state.doc.id, rung: run.state.rung });
    const reply = await act(step, 'apply')(request);
    view.status = reply.status;
    view.result = reply.detail;
    run.note(`${step.summary}: ${reply.detail}`, Date.now() - from);
  } catch (error) {
    view.status = 'failed';
    view.result = textOf(error);
    if (step.changes.length <= 1 && REFUSED_BEFORE_WRITE.has(codeOf(error))) {
      run.state.applied = run.state.applied.filter((ordinal) => ordinal !== step.ordinal);
      delete view.wrote;
    }
    throw error;
  } finally {
    view.ended_at = run.now();
  }
}

export const requestFor = (run: Run, step: Step, mode: 'apply' | 'undo'): StepRequest => ({
  step,
  mode,
  actionId: actionIdOf(run.state.doc.id, run.state.doc.workflow_id, run.state.rung * 100 + step.ordinal),
  problems: ownProblems(run.state).filter((p) => p.status === 'firing').map(({ fingerprint, startedAt }) => ({ fingerprint, startedAt })),
});

export const viewOf = (run: Run, step: Step): RemediationStep =>
  run.state.doc.plan!.steps.find((s) => s.rung === run.state.rung && s.ordinal === step.ordinal)!;
