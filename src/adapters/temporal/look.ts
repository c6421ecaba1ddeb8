import { ActivityFailure, ApplicationFailure, TimeoutFailure, WorkflowFailedError, type Client } from '@temporalio/client';
import { ERRORS, KubernautError, type ErrorCode } from '../../domain/errors.js';
import { LOOKING } from '../../domain/messages.js';
import { TASK_QUEUES } from '../../domain/task-queues.js';
import type { LookRequest } from '../../gateway/temporal-port.js';

interface Parts {
  client: Client;
  within<T>(ms: number, doing: string, run: () => Promise<T>): Promise<T>;
}

const START_MS = 10_000;
/** The answer of the server on the way. */
const SLACK_MS = 2_000;

/** Temporal ends the workflow when nobody waits for it any more. */
export async function lookAt({ client, within }: Parts, { type, id, summary, input }: LookRequest, withinMs: number): Promise<unknown> {
  const options = { workflowId: `analysis/${id}`, taskQueue: TASK_QUEUES.workflows, args: [input], workflowExecutionTimeout: withinMs, staticSummary: summary.slice(0, 200) };
  const handle = await within(START_MS, `starting ${type}`, () => client.workflow.start(LOOKING[type], options));
  return within(withinMs + SLACK_MS, `waiting for ${type}`, async () => {
    try {
      return (await handle.result()) as unknown;
    } catch (error) {
      throw error instanceof WorkflowFailedError ? failureOf(error, withinMs) : error;
    }
  });
}

function failureOf(error: WorkflowFailedError, withinMs: number): KubernautError {
  if (error.cause instanceof TimeoutFailure) {
    return new KubernautError('Overloaded', { message: `there was no answer within ${Math.round(withinMs / 1000)} s; ask again, or raise processing.timeout`, retryAfterMs: 5000 }, error);
  }
  const cause = error.cause instanceof ActivityFailure ? error.cause.cause : error.cause;
  const code = cause instanceof ApplicationFailure && cause.type && Object.hasOwn(ERRORS, cause.type) ? (cause.type as ErrorCode) : 'Internal';
  return new KubernautError(code, cause?.message ?? 'the workflow failed', error);
}
