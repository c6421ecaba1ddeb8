import { ChildWorkflowCancellationType, getExternalWorkflowHandle, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { StepRequest } from '../activities/contract.js';
import type { expire } from './expire.js';

/** What `expire` needs: the step with its undo, and whose it was. */
export interface ExpireInput extends StepRequest {
  remediationId: string;
  rung: number;
}

/** `remediation/<target>/<remediation>/<ordinal>/expiry`: found beside its remediation in the Web UI. */
export const expiryIdOf = (actionId: string): string => `${actionId}/expiry`;

/**
 * Starts the timer that takes a temporary step back. A workflow of its own that outlives the remediation: a debug mode of
 * an hour or a policy of a day must end although the remediation is closed after its last horizon (docs/decisions/0007).
 */
export async function startExpiry(input: ExpireInput): Promise<void> {
  const { step, actionId } = input;
  await startChild<typeof expire>('expire', {
    workflowId: expiryIdOf(actionId),
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.ABANDON,
    args: [{ ...input, mode: 'undo', problems: [] }],
    staticSummary: `undo in ${String(step.expiresInS)} s: ${step.summary}`.slice(0, 200),
  });
}

/** It was undone before its time: a later step that writes the same must not be taken back by this timer. */
export async function dropExpiry(actionId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(expiryIdOf(actionId)).cancel();
  } catch {
    // It ended already, which is as good.
  }
}
