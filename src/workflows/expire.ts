import { CancellationScope, isCancellation, setCurrentDetails, sleep, TemporalFailure } from '@temporalio/workflow';
import { act, quick } from './activity-options.js';
import type { ExpireInput } from './expiry.js';
import { textOf } from './failures.js';

export interface ExpireResult {
  /** `dropped`: it had been undone before its time. `left`: a person changed or adopted it. */
  status: 'undone' | 'dropped' | 'left';
  detail: string;
}

/** Takes one temporary step back when its time is over, whatever became of the remediation that took it. */
export async function expire({ remediationId, rung, ...request }: ExpireInput): Promise<ExpireResult> {
  const { step } = request;
  setCurrentDetails(`**waits**: undoes *${step.summary}* after ${String(step.expiresInS)} s. Cancel this workflow to keep it for good.`);
  try {
    await sleep((step.expiresInS ?? 0) * 1000, { summary: `undo ${step.action}` });
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return { status: 'dropped', detail: 'undone before its time, or kept by a person' };
  }
  return CancellationScope.nonCancellable(async () => {
    const result = await undo(request);
    setCurrentDetails(`**${result.status}**: ${step.summary}: ${result.detail}`);
    await quick('recordExpiry', false, `record ${result.status}`)({ remediationId, rung, ordinal: step.ordinal, ...result });
    return result;
  });
}

async function undo(request: Omit<ExpireInput, 'remediationId' | 'rung'>): Promise<ExpireResult> {
  try {
    const { detail } = await act(request.step, 'undo')(request);
    return { status: 'undone', detail };
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    return { status: 'left', detail: textOf(error) };
  }
}
