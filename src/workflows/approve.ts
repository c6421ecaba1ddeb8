import { condition, workflowInfo } from '@temporalio/workflow';
import type { Approval } from '../contracts/remediation.js';
import { nextStepOf, type NextStep } from '../domain/asking.js';
import { formatDuration } from '../domain/duration.js';
import { close } from './close.js';
import { continueIfSuggested } from './continue.js';
import { pick } from './pick.js';
import { MOST_ROUNDS } from './revalidate.js';
import type { Run } from './run.js';
import { isAllResolved, type Stage } from './state.js';
import { isTalking, stopTalks, talk } from './talk.js';

const DEFAULT_TIMEOUT_MS = 3_600_000;

/**
 * Waits for a person, who may take another way than the plan's. They are reminded, and others are told, at the times of the
 * policy. Silence is never consent: the last timer ends in `expired`.
 */
export async function approve(run: Run): Promise<Stage> {
  const { state } = run;
  // after continue-as-new they were asked already
  if (state.doc.phase !== 'awaiting_approval') {
    if (state.rounds >= MOST_ROUNDS) return close(run, 'escalated', `people were asked ${state.rounds} times, and the plan keeps changing`);
    await ask(run);
  }
  for (;;) {
    const next = nextOf(run);
    const isOver = () => hasNews(run) || (!isTalking(run) && workflowInfo().continueAsNewSuggested);
    const isOnTime = await condition(isOver, Math.max(1, next.atMs - Date.now()), { summary: SUMMARY[next.kind] });
    const stage = await (isOnTime ? answered(run) : timeIsUp(run, next));
    if (stage !== undefined) {
      stopTalks(run);
      if (state.doc.approval?.state === 'approved') talk(run, { kind: 'approval_decided', occasion: `${state.rounds}` });
      return stage;
    }
  }
}

const SUMMARY: Record<NextStep['kind'], string> = { remind: 'remind of the approval', escalate: 'escalate the approval', expire: 'approval expires' };

const hasNews = ({ state }: Run): boolean => state.decision !== undefined || state.picking !== undefined || isAllResolved(state);

function nextOf({ state }: Run): NextStep {
  const { asked_at, expires_at, reminders = 0, escalated_to } = state.doc.approval!;
  return nextStepOf(state.asking ?? { remindAfterMs: [] }, { askedAtMs: Date.parse(asked_at!), expiresAtMs: Date.parse(expires_at!), reminders, isEscalated: escalated_to !== undefined });
}

async function ask(run: Run): Promise<void> {
  const { state } = run;
  const timeoutMs = state.approvalTimeoutMs ?? DEFAULT_TIMEOUT_MS;
  const { before } = state;
  state.rounds += 1;
  state.doc.approval = questionOf(run, timeoutMs);
  state.before = undefined;
  run.moveTo('awaiting_approval', `waits for a decision, at most ${formatDuration(timeoutMs)}${before ? `; asked again: ${before.why}` : ''}`);
  run.index({ KubernautPhase: 'awaiting_approval', KubernautAwaitingApproval: true, KubernautAction: state.plan!.steps[0]!.action });
  await run.save('record the pending plan');
  talk(run, { kind: 'approval_requested', ...(state.rounds > 1 ? { occasion: `${state.rounds}` } : {}) });
}

function questionOf(run: Run, timeoutMs: number): Approval {
  const { asking, alternatives = [], rounds, key, doc } = run.state;
  const { picked } = doc.approval ?? {};
  return {
    state: 'pending', asked_at: run.now(), expires_at: new Date(Date.now() + timeoutMs).toISOString(), round: rounds,
    ...(asking?.approvers ? { approvers: asking.approvers } : {}),
    ...(alternatives.length > 0 ? { alternatives } : {}),
    ...(picked?.key === key ? { picked } : {}),
    ...changeOf(run),
  } as Approval;
}

const changeOf = ({ state: { before, plan, compared } }: Run): Pick<Approval, 'why' | 'diff'> =>
  before ? { why: before.why, diff: { from: before.asked.hash, to: plan!.hash, changes: compared?.changes ?? [] } } : {};

async function answered(run: Run): Promise<Stage | undefined> {
  const { state } = run;
  if (state.decision) return decided(run, 'revalidate');
  if (isAllResolved(state)) return close(run, 'already_resolved', 'the alerts resolved while the plan waited for approval');
  if (!state.picking) return void (await continueIfSuggested(run));
  const outcome = await pick(run);
  return outcome === 'approved' ? decided(run, 'execute') : outcome;
}

/** `next`: a pick was planned on what the cluster is like right now, a plan that waited was not. */
function decided(run: Run, next: Stage): Stage | Promise<Stage> {
  const { kind, by, reason, via } = run.state.decision!;
  const who = by ?? 'a person';
  Object.assign(run.state.doc.approval!, {
    state: kind === 'approve' ? 'approved' : 'rejected', by: who, via: via ?? 'claim', at: run.now(), plan: run.state.plan!.hash, ...(reason ? { reason } : {}),
  });
  run.note(`${kind === 'approve' ? 'approved' : 'rejected'} by ${who}${reason ? `: ${reason}` : ''}`);
  if (kind === 'approve') return run.state.hold ? 'hold' : next;
  return close(run, 'denied', `rejected by ${who}${reason ? `: ${reason}` : ''}`);
}

async function timeIsUp(run: Run, { kind }: NextStep): Promise<Stage | undefined> {
  const { approval } = run.state.doc;
  const { rounds, asking } = run.state;
  if (kind === 'expire') {
    Object.assign(approval!, { state: 'expired', at: run.now() });
    return close(run, 'expired', `nobody decided within ${formatDuration(Date.parse(approval!.expires_at!) - Date.parse(approval!.asked_at!))}`);
  }
  if (kind === 'remind') {
    approval!.reminders = (approval!.reminders ?? 0) + 1;
    run.note(`nobody decided yet, reminder ${approval!.reminders}`);
    talk(run, { kind: 'approval_reminder', occasion: `${rounds}.${approval!.reminders}` });
  } else {
    approval!.escalated_to = asking?.escalateTo ?? [];
    run.note(`nobody decided yet, escalated to ${approval!.escalated_to.join(', ')}`);
    talk(run, { kind: 'approval_escalated', occasion: `${rounds}`, to: approval!.escalated_to });
  }
  return undefined;
}
