import { askedOf } from './asked.js';
import { compensate } from './compensate.js';
import { close } from './close.js';
import { codeOf, textOf } from './failures.js';
import { performAll, type Failed } from './perform.js';
import type { Run } from './run.js';
import { isAllResolved, type Stage } from './state.js';

const MAX_REPLANS = 2;
const MAX_RUNGS = 3;

/** Runs the plan. The undo of each step is in history and in the store before its write. */
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
  const failure = await performAll(run);
  if (failure) return failed(run, failure);
  if (plan.steps.every((s) => !s.isWriting)) return close(run, 'notified', plan.steps.map((s) => s.summary).join(', '));
  if (state.applied.length === 0) return close(run, 'already_resolved', 'the alerts resolved before the first write');
  state.verifying = { actedAt: run.now(), next: 0 };
  return 'verify';
}

/** What each refusal of an action means for the remediation (actions.md 1.6). */
async function failed(run: Run, { step, error }: Failed): Promise<Stage> {
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
  run.state.before = { asked: askedOf(run), why };
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

