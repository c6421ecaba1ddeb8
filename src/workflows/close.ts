import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { ToldKind } from '../activities/contract.js';
import type { Outcome } from '../domain/remediation.js';
import { notify } from './activity-options.js';
import { textOf } from './failures.js';
import { hasLateSignal } from './follow-up.js';
import type { Run } from './run.js';
import type { Stage } from './state.js';
import { stopTalks } from './talk.js';

/** A new problem on the same target waits this long for a channel that is down. */
const CHANNEL_PATIENCE_MS = 60_000;

/** Ends the remediation: outcome, store, people. Nothing that fails or is cancelled from here on can change the outcome. */
export async function close(run: Run, outcome: Outcome, reason: string): Promise<Stage> {
  const { doc } = run.state;
  doc.outcome = outcome;
  doc.reason = reason;
  doc.closed_at = run.now();
  run.moveTo('closed', `${outcome}: ${reason}`);
  run.index({ KubernautPhase: 'closed', KubernautOutcome: outcome, KubernautAwaitingApproval: false, ...effectiveness(run) });
  stopTalks(run);
  await CancellationScope.nonCancellable(async () => {
    await keep(run, outcome);
    let isTold = false;
    void tell(run, { kind: 'closed' }).then(() => (isTold = true));
    await condition(() => isTold || hasLateSignal(run.state));
    if (!isTold) await condition(() => isTold, CHANNEL_PATIENCE_MS);
  });
  return 'closed';
}

/** The store had a week. The outcome stands in Temporal's history, and people are told. */
async function keep(run: Run, outcome: Outcome): Promise<void> {
  try {
    await run.save(`record ${outcome}`);
  } catch (error) {
    run.note(`could not be recorded: ${textOf(error)}`);
  }
}

/** Share of the horizons that found the action effective. */
const effectiveness = ({ state }: Run): { KubernautEffectiveness?: number } => {
  const judged = state.doc.assessments.filter((a) => a.verdict !== undefined);
  return judged.length === 0 ? {} : { KubernautEffectiveness: judged.filter((a) => a.verdict === 'effective').length / judged.length };
};

export interface Telling {
  kind: ToldKind;
  /** Which of several of its kind. */
  occasion?: string;
  /** Default: every channel. */
  to?: string[];
}

/** One activity per channel, side by side; a channel that stays down is said in the timeline. Never rejects. */
export async function tell(run: Run, { kind, occasion, to }: Telling): Promise<void> {
  const { channels, isCoLocated } = run.input;
  await Promise.all(
    (to ?? channels).map(async (channel) => {
      try {
        await notify(channel, isCoLocated)({ remediation: run.state.doc, kind, channel, ...(occasion ? { occasion } : {}) });
      } catch (error) {
        if (!isCancellation(error)) run.note(`${channel} could not be told (${kind})`);
      }
    }),
  );
}
