import type { Client } from '@temporalio/client';
import { MESSAGES, WORKFLOW_TYPE, type RemediateInput } from '../../domain/messages.js';
import { workflowIdOf } from '../../domain/target.js';
import { TASK_QUEUES } from '../../domain/task-queues.js';
import { staticDetailsOf, staticSummaryOf } from './page.js';
import { initialSearchAttributes } from './search-attributes.js';
import { tellingStarted } from './started.js';

/** Compact: shown in lists, and how a running workflow is matched with its remediation without asking a worker. */
export interface RemediationMemo {
  remediationId: string;
  alert: string;
  severity: string;
  target: string;
}

/** Signal-with-start: one request that either starts the remediation of this target or joins the one that is running. */
export async function dispatchSignal(client: Client, input: RemediateInput): Promise<{ started: boolean; runId: string }> {
  const { target, first: signal } = input;
  const memo: RemediationMemo = {
    remediationId: input.remediationId,
    alert: signal.alert,
    severity: signal.severity,
    target: `${target.kind}/${target.name}`,
  };
  const { result, started } = await tellingStarted(() =>
    client.workflow.signalWithStart(WORKFLOW_TYPE, {
      workflowId: workflowIdOf(target),
      taskQueue: TASK_QUEUES.workflows,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [input],
      signal: MESSAGES.signalReceived,
      signalArgs: [signal],
      typedSearchAttributes: initialSearchAttributes(target, signal),
      memo: { ...memo },
      staticSummary: staticSummaryOf(target, signal),
      staticDetails: staticDetailsOf(target, signal),
    }),
  );
  return { started, runId: result.signaledRunId };
}
