import type { PlanAnswer } from '../activities/contract.js';
import type { Asked } from '../domain/plan-diff.js';
import { askedOf } from './asked.js';
import { close } from './close.js';
import { conclude, goOnWith, lookAgain, setPlan, takeAnswer } from './decide.js';
import { investigationOf, look } from './look.js';
import type { Run } from './run.js';
import { isAllResolved, type Stage } from './state.js';

/** So often people are asked about one problem; then the object moves faster than they can look. */
export const MOST_ROUNDS = 3;

/**
 * Before anything is written after a wait: reads the cluster anew and plans the same candidate again. The same plan for the
 * same reason goes on; anything else goes back to people with what is different, and what is denied by now ends.
 */
export async function revalidate(run: Run): Promise<Stage> {
  const { state } = run;
  if (isAllResolved(state)) return close(run, 'already_resolved', 'the alerts resolved before the first write');
  if (state.doc.phase !== 'validating') run.moveTo('validating', 'reading the cluster again: does the plan still hold?');
  const asked = askedOf(run);
  const { answer, evidenceRef } = await planAgain(run, asked);
  takeAnswer(run, answer, { ...investigationOf(run), evidence_ref: evidenceRef });
  if (answer.kind === 'wait') return lookAgain(run, answer.reason, 'revalidate');
  if (answer.kind !== 'plan') return conclude(run, answer);
  const { decision } = state;
  setPlan(run, answer);
  if (answer.mode !== 'act') return goOnWith(run, answer);
  const moved = answer.compared?.moved;
  if (moved !== undefined) return askAgain(run, { asked, why: `it changed while it waited: ${moved}` });
  state.decision = decision;
  run.note('nothing moved since');
  return answer.hold ? 'hold' : 'execute';
}

/** The same candidate with what was picked for it, as of the same time; where it is none any more, whatever stands first now. */
async function planAgain(run: Run, compareWith: Asked): Promise<{ answer: PlanAnswer; evidenceRef: string }> {
  const { key, plan, doc } = run.state;
  const { picked } = doc.approval ?? {};
  const parameters = picked?.key === key ? picked?.parameters : undefined;
  const { answer, evidenceRef, orElse } = await look(run, { pick: { key: key!, ...(parameters ? { parameters } : {}) }, pinnedAt: plan!.madeAt, compareWith });
  return { answer: answer.kind === 'refused' && !answer.verdict ? await orElse() : answer, evidenceRef };
}

function askAgain(run: Run, before: { asked: Asked; why: string }): Stage | Promise<Stage> {
  const { state } = run;
  if (state.rounds >= MOST_ROUNDS) return close(run, 'escalated', `people were asked ${state.rounds} times, and ${before.why}`);
  state.before = before;
  return 'approve';
}
