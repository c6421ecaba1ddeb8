import { CancellationScope } from '@temporalio/workflow';
import type { Outcome } from '../domain/remediation.js';
import { notify } from './activity-options.js';
import type { Run } from './run.js';
import type { Stage } from './state.js';

/** Ends the remediation: outcome, store, people. Nothing a channel does can change the outcome. */
export async function close(run: Run, outcome: Outcome, reason: string): Promise<Stage> {
  const { doc } = run.state;
  doc.outcome = outcome;
  doc.reason = reason;
  doc.closed_at = run.now();
  run.moveTo('closed', `${outcome}: ${reason}`);
  run.index({ KubernautPhase: 'closed', KubernautOutcome: outcome, KubernautAwaitingApproval: false, ...effectiveness(run) });
  await run.save(`record ${outcome}`);
  await tell(run, 'closed');
  return 'closed';
}

/** Share of the horizons that found the action effective. */
const effectiveness = ({ state }: Run): { KubernautEffectiveness?: number } => {
  const judged = state.doc.assessments.filter((a) => a.verdict !== undefined);
  return judged.length === 0 ? {} : { KubernautEffectiveness: judged.filter((a) => a.verdict === 'effective').length / judged.length };
};

/** One activity per channel, side by side; a channel that stays down is said in the timeline. */
export async function tell(run: Run, kind: 'approval_requested' | 'closed'): Promise<void> {
  const { channels, isCoLocated } = run.input;
  await CancellationScope.nonCancellable(async () => {
    await Promise.all(
      channels.map(async (channel) => {
        try {
          await notify(channel, isCoLocated)({ remediation: run.state.doc, kind, channel });
        } catch {
          run.note(`${channel} could not be told (${kind})`);
        }
      }),
    );
  });
}
