import { condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import { disposition, judgeEffect, type EffectVerdict, type Horizon, type Observation } from '../domain/effectiveness.js';
import { quick } from './activity-options.js';
import { close } from './close.js';
import { continueIfSuggested } from './continue.js';
import { compensate } from './compensate.js';
import { compensateAndGoOn } from './execute.js';
import type { Run } from './run.js';
import type { Step } from '../domain/plan.js';
import { ownProblems, type Stage } from './state.js';

/** Proves the effect at each horizon on durable timers, then decides. "fixed" is only said when it still holds at the last. */
export async function verify(run: Run): Promise<Stage> {
  const { state, input } = run;
  const { actedAt } = state.verifying!;
  if (state.doc.phase !== 'verifying') {
    state.unread = []; // what joined before the action is judged with it; what fires from now on is news
    run.moveTo('verifying', `assessed at ${input.horizons.map((h) => h.name).join(', ')}`);
    run.index({ KubernautPhase: 'verifying' });
    state.doc.assessments.push(...input.horizons.map((h) => pending(h, actedAt, state.rung)));
    await run.save('record what was done');
  }
  for (const [index, horizon] of input.horizons.entries()) {
    if (index < state.verifying!.next) continue;
    const due = Date.parse(actedAt) + horizon.afterMs - Date.now();
    const isOver = () => state.undo !== undefined || workflowInfo().continueAsNewSuggested;
    await condition(isOver, Math.max(1, due), { summary: `effectiveness check ${horizon.name}` });
    if (state.undo) return compensateAndClose(run);
    await continueIfSuggested(run);
    state.verifying!.next = index + 1;
    const next = await assessAt(run, horizon, index);
    if (next !== undefined) return next;
  }
  return close(run, 'inconclusive', 'no horizon was configured, so nothing could be proved');
}

const pending = (h: Horizon, actedAt: string, rung: number) => ({
  horizon: h.name, due_at: new Date(Date.parse(actedAt) + h.afterMs).toISOString(), evidence: [], rung,
});

async function assessAt(run: Run, horizon: Horizon, index: number): Promise<Stage | undefined> {
  const { state, input } = run;
  const observation = await observe(run, horizon);
  const verdict = judgeEffect(observation);
  Object.assign(state.doc.assessments.find((a) => a.rung === state.rung && a.horizon === horizon.name)!, {
    at: run.now(), verdict, evidence: [...observation.evidence, ...observation.sideEffects].slice(0, 10),
  });
  run.note(`${horizon.name}: ${verdict}`);
  if (state.undo) return compensateAndClose(run); // asked for while it was being judged
  for (const step of state.doc.plan!.steps) if (step.rung === state.rung && step.status !== 'planned') step.effect = verdict;
  switch (disposition(verdict, index, input.horizons.length)) {
    case 'keep_watching':
      return undefined;
    case 'compensate':
      return compensateAndGoOn(run, `${horizon.name} after it the effect was ${verdict}: ${[...observation.sideEffects, ...observation.evidence][0] ?? 'nothing got better'}`);
    case 'close':
      return close(run, ...ending(verdict, horizon));
  }
}

/** An assessment that cannot be made is "inconclusive", never a reason to fail the remediation. */
async function observe(run: Run, horizon: Horizon): Promise<Observation> {
  const { state, input } = run;
  try {
    return await quick('assess', input.isCoLocated, `assess after ${horizon.name}`)({
      remediationId: state.doc.id, target: input.target, problems: ownProblems(state),
      steps: standing(run), baseline: state.baseline!, actedAt: state.verifying!.actedAt,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const firing = ownProblems(state).some((p) => p.status === 'firing');
    return { isAlertFiring: firing, hasRefired: false, sideEffects: [], evidence: [`could not be assessed: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown'}`] };
  }
}

/** What is judged: the steps that were applied and whose time is not over. */
function standing({ state, now }: Run): Step[] {
  const age = (Date.parse(now()) - Date.parse(state.verifying!.actedAt)) / 1000;
  return state.plan!.steps.filter((s) => state.applied.includes(s.ordinal) && (s.expiresInS === undefined || s.expiresInS > age));
}

const ending = (verdict: EffectVerdict, { name }: Horizon): ['fixed' | 'improved' | 'inconclusive', string] => {
  if (verdict === 'effective') return ['fixed', `the condition is gone, and still gone after ${name}`];
  if (verdict === 'improving') return ['improved', `better than before, but the condition is not gone after ${name}`];
  return ['inconclusive', `the effect could not be read after ${name}`];
};

async function compensateAndClose(run: Run): Promise<Stage> {
  const undone = await compensate(run);
  const who = run.state.undo?.by ?? 'a person';
  if (undone.refused) return close(run, 'escalated', `undo asked by ${who}: ${undone.said.join('; ')}`);
  return close(run, undone.count > 0 ? 'rolled_back' : 'no_effect', `undone on request of ${who}`);
}
