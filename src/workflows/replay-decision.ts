import { proxyActivities } from '@temporalio/workflow';
import type { ReplayActivities } from '../activities/contract.js';
import type { Replay } from '../contracts/replay.js';
import type { ReplayInput } from '../domain/messages.js';
import { TASK_QUEUES } from '../domain/task-queues.js';

const { replay } = proxyActivities<ReplayActivities>({
  taskQueue: TASK_QUEUES.analysis,
  startToCloseTimeout: '5m',
  retry: { initialInterval: '1s', maximumAttempts: 3 },
  summary: 'decide again from what was recorded',
});

/** A recorded decision made again where the store and the models are. No cluster is asked, nothing is written. */
export const replayDecision = (input: ReplayInput): Promise<Replay> => replay(input);
