import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { StageActivities, StepReply, StepRequest } from '../activities/contract.js';
import type { Step } from '../domain/plan.js';
import { TASK_QUEUES } from '../domain/task-queues.js';

type Quick = Pick<StageActivities, 'enrich' | 'diagnose' | 'makePlan' | 'assess' | 'record'>;

const QUEUE_OF: Record<keyof Quick, string> = {
  enrich: TASK_QUEUES.context,
  diagnose: TASK_QUEUES.analysis,
  makePlan: TASK_QUEUES.actions,
  assess: TASK_QUEUES.context,
  record: TASK_QUEUES.storage,
};

/** Short outages are ridden out here; an outage of minutes is ridden out by the retry of the workflow task or queue. */
const RETRY = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 20 } as const;

/**
 * The quick activities (reading memory, one or two requests). In one process they are local activities: one history
 * event instead of six and no round trip. In a split deployment they go to the queue of their capability.
 */
export function quick<K extends keyof Quick>(name: K, isCoLocated: boolean, summary: string): (input: Parameters<Quick[K]>[0]) => ReturnType<Quick[K]> {
  const call = isCoLocated
    ? proxyLocalActivities<Quick>({ startToCloseTimeout: '30s', localRetryThreshold: '30s', retry: RETRY, summary })[name]
    : proxyActivities<Quick>({ taskQueue: QUEUE_OF[name], startToCloseTimeout: '60s', retry: RETRY, summary })[name];
  return call as unknown as (input: Parameters<Quick[K]>[0]) => ReturnType<Quick[K]>;
}

/** A model may take minutes; three tries, then the rules decide alone (product.md 5). */
export const analyze = (summary: string): StageActivities['analyze'] =>
  proxyActivities<StageActivities>({
    taskQueue: TASK_QUEUES.analysis,
    startToCloseTimeout: '5m',
    scheduleToCloseTimeout: '10m',
    heartbeatTimeout: '30s',
    retry: { initialInterval: '1s', maximumAttempts: 3 },
    summary,
  }).analyze;

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

/** The activity type is the action's id: the Web UI shows `scale_deployment`, not `runStep`. */
export function act(step: Step, mode: StepRequest['mode']): (request: StepRequest) => Promise<StepReply> {
  const activities = proxyActivities<Record<string, (request: StepRequest) => Promise<StepReply>>>({
    taskQueue: TASK_QUEUES.actions,
    startToCloseTimeout: step.timeoutS * 1000,
    heartbeatTimeout: '15s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: mode === 'undo' ? 20 : 8 },
    summary: (mode === 'undo' ? `undo: ${step.summary}` : step.summary).slice(0, 200),
  });
  return activities[step.action]!;
}
