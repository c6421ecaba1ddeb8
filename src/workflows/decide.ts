import { condition, isCancellation } from '@temporalio/workflow';
import type { PlanAnswer, PlanRequest } from '../activities/contract.js';
import { formatDuration } from '../domain/duration.js';
import type { Finding, Proposal } from '../domain/plan.js';
import { analyze, quick } from './activity-options.js';
import { close } from './close.js';
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
  const proposed = input.hasModel ? await askModel(run, evidence.evidenceRef, findings) : NOTHING_PROPOSED;
  run.moveTo('planning', findings[0] ? findings[0].summary : 'no analyzer recognises this');
  const { evidenceRef } = evidence;
  const answer = await quick('makePlan', input.isCoLocated, 'plan and check')({ ...about(run), evidenceRef, findings, ...proposed });
  state.doc.analysis = { ...answer.analysis, evidence_ref: evidence.evidenceRef };
  if (answer.verdict) state.doc.verdict = answer.verdict;
  noteDecision(run, answer);
  if (answer.kind === 'wait') return lookAgain(run, answer.reason);
  return answer.kind === 'conclude' ? conclude(run, answer) : adopt(run, answer);
}

/** A short line and where everything that was read for it is kept. */
function noteDecision({ state, now }: Run, answer: PlanAnswer): void {
  const summary = answer.kind === 'plan' ? answer.plan.steps.map((s) => s.summary).join(', then ') : answer.reason;
  const decision = { at: now(), kind: 'plan', ...(answer.decisionRef ? { ref: answer.decisionRef } : {}), summary: summary.slice(0, 200) };
  state.doc.decisions = [...(state.doc.decisions ?? []), decision];
}

const about = ({ state, input }: Run): Omit<PlanRequest, 'evidenceRef' | 'findings' | 'proposals'> => ({
  remediationId: state.doc.id,
  target: input.target,
  problems: ownProblems(state),
  severity: state.doc.severity,
  tried: state.tried,
  rung: state.rung,
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

async function lookAgain(run: Run, reason: string): Promise<Stage> {
  const { state } = run;
  if (state.looks >= MOST_LOOKS) return close(run, 'inconclusive', reason);
  const waitMs = FIRST_LOOK_MS * 2 ** state.looks;
  state.looks += 1;
  run.note(`too early to judge, looking again in ${formatDuration(waitMs)}`);
  await condition(() => isAllResolved(state), waitMs, { summary: 'look again' });
  return 'decide';
}

interface Proposed {
  proposals: Proposal[];
  /** A model came to an end of its own: that it proposes nothing then says something. */
  isAnswered?: boolean;
  template?: string;
}

const NOTHING_PROPOSED: Proposed = { proposals: [] };

/** A model that is down, slow or talks nonsense costs nothing but its time: the rules decide alone. */
async function askModel(run: Run, evidenceRef: string, findings: Finding[]): Promise<Proposed> {
  try {
    const answer = await analyze('ask the model')({ evidenceRef, findings });
    run.state.doc.usage.tokens += answer.tokens;
    const { proposals, template } = answer;
    return { proposals, isAnswered: true, ...(template ? { template } : {}) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.note('the model gave no usable answer; the rules decide alone');
    return NOTHING_PROPOSED;
  }
}

/** On a later rung the honest outcome includes what the earlier rungs did. */
function conclude(run: Run, answer: Extract<PlanAnswer, { kind: 'conclude' }>): Promise<Stage> {
  const steps = run.state.doc.plan?.steps ?? [];
  const undone = steps.some((s) => s.status === 'undone');
  const acted = steps.some((s) => s.started_at !== undefined && s.status !== 'failed');
  if (!acted) return close(run, answer.outcome, answer.reason);
  if (answer.outcome === 'escalated') return close(run, 'escalated', answer.reason);
  return close(run, undone ? 'rolled_back' : 'no_effect', `what was tried did not help, and there is nothing else to try: ${answer.reason}`);
}

async function adopt(run: Run, answer: Extract<PlanAnswer, { kind: 'plan' }>): Promise<Stage> {
  const { state } = run;
  Object.assign(state, { plan: answer.plan, baseline: answer.baseline, approvalTimeoutMs: answer.approvalTimeoutMs, applied: [], decision: undefined });
  state.tried.push(answer.key);
  const earlier = state.doc.plan?.steps.filter((s) => s.status !== 'planned') ?? [];
  state.doc.plan = {
    hash: answer.plan.hash,
    ...(answer.plan.template ? { template: answer.plan.template } : {}),
    steps: [
      ...earlier,
      ...answer.plan.steps.map((s) => ({
        ordinal: s.ordinal, action: s.action, target: s.target, parameters: s.parameters, tier: s.tier,
        status: 'planned' as const, summary: s.summary, undo: s.undo.kind, rung: state.rung, cause: answer.analysis.cause,
      })),
    ],
  };
  run.moveTo('validating', answer.plan.steps.map((s) => s.summary).join(', then '));
  if (answer.mode === 'observe') return close(run, 'observed', `dry run: would ${answer.plan.steps.map((s) => s.summary).join(', then ')}`);
  if (answer.mode === 'suggest') return close(run, 'notified', `suggested: ${answer.plan.steps.map((s) => s.summary).join(', then ')}`);
  return answer.verdict.decision === 'ask' ? 'approve' : 'execute';
}
