import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { remediate } from './remediate.js';
import type { Run } from './run.js';

/** A storm of signals on one target makes a long history. Only called where the run waits: nothing is in flight there. */
export async function continueIfSuggested(run: Run): Promise<void> {
  if (!workflowInfo().continueAsNewSuggested) return;
  await condition(allHandlersFinished);
  await continueAsNew<typeof remediate>({ ...run.input, carried: run.state });
}
