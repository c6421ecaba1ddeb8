import type { Client } from '@temporalio/client';
import { MESSAGES, WORKFLOW_TYPE, type RemediateInput } from '../../domain/messages.js';
import { priorityOf } from '../../domain/signal.js';
import { workflowIdOf } from '../../domain/target.js';
import { TASK_QUEUES } from '../../domain/task-queues.js';
import { joinOpen } from './open-run.js';
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

/**
 * Signal-with-start: one request that either starts the remediation of this target or joins the one that is running.
 * `startDelayMs`: Temporal itself waits so long before the first task of what it starts. Another signal-with-start ends that
 * wait, so that a held signal looks first for something to join: it must not wake what is held as well.
 */
export async function dispatchSignal(client: Client, input: RemediateInput, startDelayMs = 0): Promise<{ started: boolean; runId: string }> {
  const { target, first: signal } = input;
  const joined = startDelayMs > 0 ? await joinOpen(client, workflowIdOf(target), signal) : undefined;
  if (joined !== undefined) return { started: false, runId: joined };
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
      priority: { priorityKey: priorityOf(signal) },
      ...(startDelayMs > 0 ? { startDelay: startDelayMs } : {}),
      staticSummary: staticSummaryOf(target, signal),
      staticDetails: staticDetailsOf(target, signal),
    }),
  );
  return { started, runId: result.signaledRunId };
}
