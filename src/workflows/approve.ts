import { CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import { formatDuration } from '../domain/duration.js';
import { close, tell } from './close.js';
import { continueIfSuggested } from './continue.js';
import type { Run } from './run.js';
import { isAllResolved, type Stage } from './state.js';

/** Waits for a person. Silence is never consent: the timer ends in `expired`. */
export async function approve(run: Run): Promise<Stage> {
  const { state } = run;
  const timeoutMs = state.approvalTimeoutMs ?? 3_600_000;
  const asking = state.doc.phase === 'awaiting_approval' ? NOBODY : await ask(run, timeoutMs);
  const remainingMs = Math.max(1, Date.parse(state.doc.approval!.expires_at!) - Date.now());
  const isOver = () => state.decision !== undefined || isAllResolved(state) || (!asking.isOn && workflowInfo().continueAsNewSuggested);
  try {
    await condition(isOver, remainingMs, { summary: 'approval expires' });
  } finally {
    asking.stop();
  }
  if (state.decision) return decided(run);
  if (isAllResolved(state)) return close(run, 'already_resolved', 'the alerts resolved while the plan waited for approval');
  if (!asking.isOn) await continueIfSuggested(run);
  Object.assign(state.doc.approval!, { state: 'expired', at: run.now() });
  return close(run, 'expired', `nobody decided within ${formatDuration(timeoutMs)}`);
}

/** People being asked, side by side with the wait: a channel that is down for an hour must not hold a decision made elsewhere. */
interface Asking {
  readonly isOn: boolean;
  /** Nobody shall be asked any more for what is decided. */
  stop(): void;
}

/** After continue-as-new they were asked already. */
const NOBODY: Asking = { isOn: false, stop: () => undefined };

async function ask(run: Run, timeoutMs: number): Promise<Asking> {
  const { state } = run;
  state.doc.approval = { state: 'pending', expires_at: new Date(Date.now() + timeoutMs).toISOString() };
  run.moveTo('awaiting_approval', `waits for a decision, at most ${formatDuration(timeoutMs)}`);
  run.index({ KubernautPhase: 'awaiting_approval', KubernautAwaitingApproval: true, KubernautAction: state.plan!.steps[0]!.action });
  await run.save('record the pending plan');
  const scope = new CancellationScope();
  let isOn = true;
  void scope.run(() => tell(run, 'approval_requested')).then(() => (isOn = false));
  return {
    get isOn() {
      return isOn;
    },
    stop: () => (isOn ? scope.cancel() : undefined),
  };
}

function decided(run: Run): Stage | Promise<Stage> {
  const { kind, by, reason } = run.state.decision!;
  const who = by ?? 'a person';
  Object.assign(run.state.doc.approval!, {
    state: kind === 'approve' ? 'approved' : 'rejected', by: who, at: run.now(), ...(reason ? { reason } : {}),
  });
  run.note(`${kind === 'approve' ? 'approved' : 'rejected'} by ${who}${reason ? `: ${reason}` : ''}`);
  if (kind === 'approve') return run.state.hold ? 'hold' : 'execute';
  return close(run, 'denied', `rejected by ${who}${reason ? `: ${reason}` : ''}`);
}
