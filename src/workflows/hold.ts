import { condition, workflowInfo } from '@temporalio/workflow';
import type { Decision } from '../domain/messages.js';
import { approvedPlan } from '../domain/approved-plan.js';
import { quick } from './activity-options.js';
import { close } from './close.js';
import { continueIfSuggested } from './continue.js';
import type { Run } from './run.js';
import { isAllResolved, type Stage } from './state.js';

/** So often the policy is asked whether it still holds: a freeze that is lifted or moved is noticed within the hour. */
const RECHECK_MS = 3_600_000;

/**
 * Waits for the end of a freeze, or for a maintenance window, after the approval if there was one. What it waited with is old
 * then: it is read and planned anew, by `revalidate` where a person approved it, else by `decide`.
 *
 *     hold ── until, lifted, overridden ──► decide, revalidate
 *      └──── resolved, rejected, cancelled ──► closed
 */
export async function hold(run: Run): Promise<Stage> {
  const { state } = run;
  await enter(run);
  const isOver = (): boolean => state.decision !== undefined || isAllResolved(state) || workflowInfo().continueAsNewSuggested;
  for (;;) {
    const { until, rule } = state.hold!;
    await condition(isOver, Math.max(1, Math.min(Date.parse(until) - Date.now(), RECHECK_MS)), { summary: `${rule}: waits until ${until}` });
    if (isAllResolved(state)) return leave(run, 'already_resolved', `the alerts resolved while the write waited for ${rule}`);
    if (state.decision) return decided(run);
    if (Date.parse(state.hold!.until) <= Date.now()) return goOn(run, `${rule} is over`);
    await continueIfSuggested(run);
    if (!(await isStillHeld(run))) return goOn(run, `${rule} holds it no longer`);
  }
}

/** After continue-as-new it has entered already. */
async function enter(run: Run): Promise<void> {
  const { state } = run;
  if (state.doc.hold) return;
  const { until, rule, message, canOverride } = state.hold!;
  // Whoever approved the plan approved this one; a word about the wait is another one.
  if (state.doc.approval?.state === 'approved' && state.decision) state.approved = approvedPlan(state.plan!, state.doc.verdict!);
  delete state.decision;
  state.doc.hold = { until, rule, since: run.now(), can_override: canOverride, message };
  if (state.doc.phase === 'validating') run.note(`waits until ${until}: ${message}`);
  else run.moveTo('validating', `waits until ${until}: ${message}`);
  run.index({ KubernautPhase: 'validating', KubernautAwaitingApproval: false, ...(state.plan!.steps[0] ? { KubernautAction: state.plan!.steps[0].action } : {}) });
  await run.save('record the wait');
}

/** A changed policy may end the wait, or move its end. */
async function isStillHeld(run: Run): Promise<boolean> {
  const { state, input } = run;
  const { hold: now } = await quick('holdOf', input.isCoLocated, 'is it still held?')({ steps: state.plan!.steps });
  if (now === undefined) return false;
  const known = state.hold!;
  if (now.until === known.until && now.rule === known.rule && now.canOverride === known.canOverride) return true;
  state.hold = now;
  Object.assign(state.doc.hold!, { until: now.until, rule: now.rule, can_override: now.canOverride, message: now.message });
  run.note(`waits until ${now.until} now: ${now.message}`);
  await run.save('record the wait');
  return true;
}

function decided(run: Run): Stage | Promise<Stage> {
  const { state } = run;
  const { kind, by, reason } = state.decision!;
  const who = by ?? 'a person';
  if (kind === 'reject') return leave(run, 'denied', `rejected by ${who}${reason ? `: ${reason}` : ''}`);
  const { rule } = state.hold!;
  state.overridden = [...(state.overridden ?? []), rule];
  delete state.decision;
  return goOn(run, `${who} ends the wait for ${rule}: ${reason}`);
}

/** The plan that waited is not tried: it may be chosen again. */
function goOn(run: Run, why: string): Stage {
  clear(run);
  run.note(`${why}; looking again`);
  // what a person approved, or picked, is made again and compared; anything else is decided anew
  if (run.state.doc.approval?.state === 'approved') return 'revalidate';
  run.state.tried.pop();
  return 'decide';
}

function leave(run: Run, outcome: 'already_resolved' | 'denied', reason: string): Promise<Stage> {
  clear(run);
  return close(run, outcome, reason);
}

function clear({ state }: Run): void {
  delete state.hold;
  delete state.doc.hold;
}

/** Why a word about a wait is not taken, if it is not. To reject is always possible. */
export function whyNotWhileHeld({ state }: Run, decision: Decision, kind: 'approve' | 'reject'): string | undefined {
  const { doc } = state;
  if (state.decision) return `remediation ${doc.id} was already decided by ${state.decision.by ?? 'a person'}`;
  if (kind === 'reject') return undefined;
  if (!doc.hold!.can_override) return `remediation ${doc.id} waits until ${doc.hold!.until} for ${doc.hold!.rule}, which nobody may override; set override: true beside it in policy.windows`;
  return decision.reason ? undefined : `remediation ${doc.id} waits until ${doc.hold!.until} for ${doc.hold!.rule}; to end the wait say why (reason)`;
}
