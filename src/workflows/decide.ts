import { condition } from '@temporalio/workflow';
import type { PlanAnswer, PlanRequest } from '../activities/contract.js';
import type { Remediation } from '../contracts/remediation.js';
import { isStillApproved } from '../domain/approved-plan.js';
import { formatDuration } from '../domain/duration.js';
import { quick } from './activity-options.js';
import type { Outcome } from '../domain/remediation.js';
import { close } from './close.js';
import { investigate, type Investigated } from './investigate.js';
import type { Run } from './run.js';
import { isAllResolved, ownProblems, type Stage } from './state.js';

/** enriching → analyzing → planning → validating: from "something is wrong" to a plan with a verdict, or an honest end. */
export async function decide(run: Run): Promise<Stage> {
  const { state, input } = run;
  if (input.follows && state.doc.revision === 0) await beginAfter(run);
  if (isAllResolved(state)) return close(run, 'already_resolved', 'every alert resolved before anything was done');
  state.unread = [];
  run.moveTo('enriching', state.rung + state.looks > 0 ? 'reading the cluster again' : 'reading the cluster');
  const evidence = await quick('enrich', input.isCoLocated, 'read the cluster')({ target: input.target, problems: ownProblems(state) });
  run.moveTo('analyzing', 'looking for the cause');
  const { findings } = await quick('diagnose', input.isCoLocated, 'deterministic analyzers')({ evidenceRef: evidence.evidenceRef });
  const { investigation, ...proposed }: Investigated = input.hasModel ? await investigate(run, evidence.evidenceRef, findings) : { proposals: [] };
  run.moveTo('planning', findings[0] ? findings[0].summary : 'no analyzer recognises this');
  const { evidenceRef } = evidence;
  const answer = await quick('makePlan', input.isCoLocated, 'plan and check')({ ...about(run), evidenceRef, findings, ...proposed });
  state.proposed = proposed;
  takeAnswer(run, answer, { evidence_ref: evidenceRef, ...(investigation ? { investigation } : {}) });
  if (answer.kind === 'wait') return lookAgain(run, answer.reason, 'decide');
  return answer.kind === 'plan' ? adopt(run, answer) : conclude(run, answer);
}

/** What is thought and decided now, for everybody who looks. */
export function takeAnswer(run: Run, answer: PlanAnswer, more: Pick<NonNullable<Remediation['analysis']>, 'evidence_ref' | 'investigation'>): void {
  const { doc } = run.state;
  doc.analysis = { ...answer.analysis, ...more };
  if (answer.verdict) doc.verdict = answer.verdict;
  noteDecision(run, answer);
}

/** A short line and where everything that was read for it is kept. */
function noteDecision({ state, now }: Run, answer: PlanAnswer): void {
  const summary = answer.kind === 'plan' ? answer.plan.steps.map((s) => s.summary).join(', then ') : answer.reason;
  const decision = { at: now(), kind: 'plan', ...(answer.decisionRef ? { ref: answer.decisionRef } : {}), summary: summary.slice(0, 200) };
  state.doc.decisions = [...(state.doc.decisions ?? []), decision];
}

export const about = ({ state, input }: Run): Omit<PlanRequest, 'evidenceRef' | 'findings' | 'proposals'> => ({
  remediationId: state.doc.id,
  target: input.target,
  problems: ownProblems(state),
  severity: state.doc.severity,
  tried: state.tried,
  rung: state.rung,
  ...(state.before ? { compareWith: state.before.asked } : {}),
  ...(state.overridden ? { overridden: state.overridden } : {}),
});

/** The gateway only records what it started itself; search attributes are those of the remediation before. */
async function beginAfter(run: Run): Promise<void> {
  const { first } = run.input;
  run.index({
    KubernautPhase: 'received', KubernautOutcome: null, KubernautEffectiveness: null, KubernautAwaitingApproval: false,
    KubernautSeverity: first.severity, KubernautAlert: first.alert.slice(0, 255),
  });
  await run.save('record what follows');
}

/** 3 s, 6 s, … 96 s: about three minutes of patience with a rollout that has not failed. */
const FIRST_LOOK_MS = 3_000;
const MOST_LOOKS = 6;

/** Comes back to `stage` after a while, a bounded number of times. */
export async function lookAgain(run: Run, reason: string, stage: Stage): Promise<Stage> {
  const { state } = run;
  if (state.looks >= MOST_LOOKS) return close(run, 'inconclusive', reason);
  const waitMs = FIRST_LOOK_MS * 2 ** state.looks;
  state.looks += 1;
  run.note(`too early to judge, looking again in ${formatDuration(waitMs)}`);
  await condition(() => isAllResolved(state), waitMs, { summary: 'look again' });
  return stage;
}

/** On a later rung the honest outcome includes what the earlier rungs did. */
export function conclude(run: Run, answer: Extract<PlanAnswer, { kind: 'conclude' | 'refused' }>): Promise<Stage> {
  const outcome = answer.kind === 'conclude' ? answer.outcome : outcomeOf(answer);
  const steps = run.state.doc.plan?.steps ?? [];
  const undone = steps.some((s) => s.status === 'undone');
  const acted = steps.some((s) => s.started_at !== undefined && s.status !== 'failed');
  if (!acted) return close(run, outcome, answer.reason);
  if (outcome === 'escalated') return close(run, 'escalated', answer.reason);
  return close(run, undone ? 'rolled_back' : 'no_effect', `what was tried did not help, and there is nothing else to try: ${answer.reason}`);
}

/** Guards need a person; what a check forbids is denied; what cannot be done is told. */
const outcomeOf = ({ verdict }: Extract<PlanAnswer, { kind: 'refused' }>): Outcome =>
  verdict === undefined ? 'notified' : verdict.findings.some((f) => f.escalates) ? 'escalated' : 'denied';

export type Planned = Extract<PlanAnswer, { kind: 'plan' }>;

async function adopt(run: Run, answer: Planned): Promise<Stage> {
  setPlan(run, answer);
  run.moveTo('validating', summaryOf(answer));
  return goOnWith(run, answer);
}

const summaryOf = ({ plan }: Planned): string => plan.steps.map((s) => s.summary).join(', then ');

/** Replaces a plan of which nothing was done yet: its candidate counts as untried. */
export function setPlan({ state }: Run, answer: Planned): void {
  const hasBegun = state.doc.plan?.steps.some((s) => s.rung === state.rung && s.status !== 'planned') ?? false;
  const tried = state.doc.plan?.steps.some((s) => s.rung === state.rung) && !hasBegun ? state.tried.filter((key) => key !== state.key) : state.tried;
  const { plan, baseline, approvalTimeoutMs, key, asking } = answer;
  Object.assign(state, { plan, baseline, approvalTimeoutMs, key, asking, alternatives: answer.alternatives, compared: answer.compared, applied: [], decision: undefined, hold: answer.hold, tried: [...tried, key] });
  state.doc.plan = {
    hash: plan.hash,
    ...(plan.template ? { template: plan.template } : {}),
    steps: [
      ...(state.doc.plan?.steps.filter((s) => s.status !== 'planned') ?? []),
      ...plan.steps.map((s) => ({
        ordinal: s.ordinal, action: s.action, target: s.target, parameters: s.parameters, tier: s.tier,
        status: 'planned' as const, summary: s.summary, undo: s.undo.kind, rung: state.rung, cause: answer.analysis.cause,
      })),
    ],
  };
}

/** What the policy lets become of it. */
export async function goOnWith(run: Run, answer: Planned): Promise<Stage> {
  if (answer.mode === 'observe') return close(run, 'observed', `dry run: would ${summaryOf(answer)}`);
  if (answer.mode === 'suggest') return close(run, 'notified', `suggested: ${summaryOf(answer)}`);
  if (answer.verdict.decision === 'ask' && !isStillApproved(run.state.approved, answer.plan, answer.verdict)) return 'approve';
  return answer.hold ? 'hold' : 'execute';
}
