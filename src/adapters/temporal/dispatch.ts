import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
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

export interface DispatchOptions {
  /** Temporal itself waits so long before the first task of what it starts. */
  startDelayMs?: number;
  /** As far as the store knows, nothing is open there. */
  isFree?: boolean;
}

/**
 * One request that either starts the remediation of this target or hands the signal to the one that is running. Where nothing
 * should be running a plain start costs the server less, since the signal is in its input; should something run nevertheless,
 * signal-with-start follows. That would end the wait of what is held back, so that a held signal looks first for something to
 * join: it must not wake what is held as well.
 */
export async function dispatchSignal(client: Client, input: RemediateInput, { startDelayMs = 0, isFree = false }: DispatchOptions = {}): Promise<{ started: boolean; runId: string }> {
  const { target, first: signal } = input;
  const joined = startDelayMs > 0 && !isFree ? await joinOpen(client, workflowIdOf(target), signal) : undefined;
  if (joined !== undefined) return { started: false, runId: joined };
  const options = { ...optionsOf(input), ...(startDelayMs > 0 ? { startDelay: startDelayMs } : {}) };
  if (isFree) {
    const runId = await startNew(client, options);
    if (runId !== undefined) return { started: true, runId };
    return dispatchSignal(client, input, { startDelayMs });
  }
  const { result, started } = await tellingStarted(() =>
    client.workflow.signalWithStart(WORKFLOW_TYPE, { ...options, workflowIdConflictPolicy: 'USE_EXISTING', signal: MESSAGES.signalReceived, signalArgs: [signal] }),
  );
  return { started, runId: result.signaledRunId };
}

/** Undefined when something runs under that id. */
async function startNew(client: Client, options: ReturnType<typeof optionsOf>): Promise<string | undefined> {
  try {
    return (await client.workflow.start(WORKFLOW_TYPE, { ...options, workflowIdConflictPolicy: 'FAIL' })).firstExecutionRunId;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

function optionsOf(input: RemediateInput) {
  const { target, first: signal } = input;
  const memo: RemediationMemo = { remediationId: input.remediationId, alert: signal.alert, severity: signal.severity, target: `${target.kind}/${target.name}` };
  return {
    workflowId: workflowIdOf(target),
    taskQueue: TASK_QUEUES.workflows,
    args: [input],
    typedSearchAttributes: initialSearchAttributes(target, signal),
    memo: { ...memo },
    priority: { priorityKey: priorityOf(signal) },
    staticSummary: staticSummaryOf(target, signal),
    staticDetails: staticDetailsOf(target, signal),
  };
}
