import { ActivityCancellationType, isCancellation, proxyActivities, proxyLocalActivities, type RetryPolicy } from '@temporalio/workflow';
import type { StageActivities, StepReply, StepRequest } from '../activities/contract.js';
import type { Step } from '../domain/plan.js';
import { TASK_QUEUES } from '../domain/task-queues.js';
import { isFinal } from './failures.js';

type Quick = Pick<StageActivities, 'enrich' | 'diagnose' | 'makePlan' | 'holdOf' | 'assess' | 'record' | 'recordExpiry'>;

const QUEUE_OF: Record<keyof Quick, string> = {
  enrich: TASK_QUEUES.context,
  diagnose: TASK_QUEUES.analysis,
  makePlan: TASK_QUEUES.actions,
  holdOf: TASK_QUEUES.actions,
  assess: TASK_QUEUES.context,
  record: TASK_QUEUES.storage,
  recordExpiry: TASK_QUEUES.storage,
};

/** Of a local activity: a hiccup. Longer waiting would hold the workflow task and grow the history with every heartbeat of it. */
const HICCUP: RetryPolicy = { initialInterval: '500ms', backoffCoefficient: 2, maximumAttempts: 3 };

const patience = (maximumInterval: '30s' | '1m', maximumAttempts: number): RetryPolicy => ({ initialInterval: '1s', backoffCoefficient: 2, maximumInterval, maximumAttempts });

/**
 * How long an outage is ridden out on a task queue, where waiting costs no history. Counted in attempts: time without a
 * worker must not use it up. A decision on the cluster as it was half an hour ago helps nobody (then it ends `failed`); an
 * assessment has its horizon; what is to be remembered is kept for a week.
 */
const PATIENCE: Record<keyof Quick, RetryPolicy> = {
  enrich: patience('30s', 60),
  diagnose: patience('30s', 60),
  makePlan: patience('30s', 60),
  holdOf: patience('30s', 60),
  assess: patience('30s', 12),
  record: patience('1m', 10_080),
  recordExpiry: patience('1m', 10_080),
};

/**
 * The quick activities (reading memory, one or two requests). In one process they are local activities: one history
 * event instead of six and no round trip. In a split deployment, and when they do not succeed at once, they go to the
 * queue of their capability.
 */
export function quick<K extends keyof Quick>(name: K, isCoLocated: boolean, summary: string): (input: Parameters<Quick[K]>[0]) => ReturnType<Quick[K]> {
  type Call = (input: Parameters<Quick[K]>[0]) => ReturnType<Quick[K]>;
  const queued = proxyActivities<Quick>({ taskQueue: QUEUE_OF[name], startToCloseTimeout: '60s', retry: PATIENCE[name], summary })[name] as unknown as Call;
  if (!isCoLocated) return queued;
  const local = proxyLocalActivities<Quick>({ startToCloseTimeout: '30s', localRetryThreshold: '30s', retry: HICCUP, summary })[name] as unknown as Call;
  const withPatience = async (input: Parameters<Quick[K]>[0]): Promise<unknown> => {
    try {
      return await local(input);
    } catch (error) {
      if (isCancellation(error) || isFinal(error)) throw error;
      return await queued(input);
    }
  };
  return withPatience as Call;
}

/** So that the activity's own words ("no answer in time") arrive before Temporal gives it up. */
const SLACK_MS = 5000;

/**
 * One turn of a model, which may take minutes. What fails at once (refused, throttled) is tried again; all tries together
 * may take no longer than one answer, so that a model that hangs costs its timeout once, not once per try.
 */
export const analyze = (summary: string, mostMs: number): StageActivities['analyze'] =>
  proxyActivities<StageActivities>({
    taskQueue: TASK_QUEUES.analysis,
    startToCloseTimeout: mostMs + SLACK_MS,
    scheduleToCloseTimeout: mostMs + SLACK_MS,
    heartbeatTimeout: '15s',
    retry: { initialInterval: '1s', maximumAttempts: 5 },
    summary,
  }).analyze;

/** One look at the cluster. What it could not see is an answer; only our own store is tried again. */
export const inspect = (summary: string, mostMs: number): StageActivities['inspect'] =>
  proxyActivities<StageActivities>({
    taskQueue: TASK_QUEUES.context,
    startToCloseTimeout: '60s',
    scheduleToCloseTimeout: mostMs + SLACK_MS,
    heartbeatTimeout: '15s',
    retry: { initialInterval: '1s', maximumInterval: '10s' },
    summary,
  }).inspect;

/** One delivery. Channels may be down for long: the card of an incident is still worth having an hour later. */
export const notify = (channel: string, isCoLocated: boolean): StageActivities['notify'] =>
  isCoLocated && channel === 'log'
    ? proxyLocalActivities<StageActivities>({ startToCloseTimeout: '10s', retry: { maximumAttempts: 3 }, summary: 'tell the log' }).notify
    : proxyActivities<StageActivities>({
        taskQueue: TASK_QUEUES.notify,
        startToCloseTimeout: '30s',
        scheduleToCloseTimeout: '1h',
        retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '2m' },
        summary: `tell ${channel}`,
      }).notify;

/** A quarter of an hour for a slot, or of an API server that does not answer for a write; two hours to take one back that did harm. */
const ATTEMPTS: Record<StepRequest['mode'], number> = { apply: 40, undo: 240 };

/** The activity type is the action's id: the Web UI shows `scale_deployment`, not `runStep`. */
export function act(step: Step, mode: StepRequest['mode']): (request: StepRequest) => Promise<StepReply> {
  const activities = proxyActivities<Record<string, (request: StepRequest) => Promise<StepReply>>>({
    taskQueue: TASK_QUEUES.actions,
    startToCloseTimeout: step.timeoutS * 1000,
    heartbeatTimeout: '15s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: ATTEMPTS[mode] },
    summary: (mode === 'undo' ? `undo: ${step.summary}` : step.summary).slice(0, 200),
  });
  return activities[step.action]!;
}
