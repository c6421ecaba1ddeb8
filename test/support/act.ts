import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActionActivities, ExecuteInput } from '../../src/activities/execute.js';
import type { StepReply } from '../../src/activities/contract.js';
import { KubernautError } from '../../src/domain/errors.js';

const nothing = (): void => undefined;
/** Failing attempts are what many tests are about. */
const SILENT = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Runs one attempt of an action's activity as a worker would; `beats` receives what it heartbeats. */
export function attempt(activities: ActionActivities, input: ExecuteInput, info: { attempt?: number; heartbeatDetails?: unknown; beats?: unknown[]; onEnvironment?: (e: MockActivityEnvironment) => void } = {}): Promise<StepReply> {
  const environment = new MockActivityEnvironment({ attempt: info.attempt ?? 1, heartbeatDetails: info.heartbeatDetails }, { logger: SILENT });
  environment.on('heartbeat', (details: unknown) => info.beats?.push(structuredClone(details)));
  info.onEnvironment?.(environment);
  const activity = activities[input.step.action as keyof ActionActivities];
  return environment.run(activity, input);
}

/** As Temporal does: retryable errors are tried again, with the last heartbeat of the attempt before. */
export async function act(activities: ActionActivities, input: ExecuteInput, attempts = 8): Promise<StepReply> {
  const beats: unknown[] = [];
  for (let n = 1; ; n++) {
    try {
      return await attempt(activities, input, { attempt: n, heartbeatDetails: beats.at(-1), beats });
    } catch (error) {
      if (!(error instanceof KubernautError) || !error.isRetryable || n === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.details.retryAfterMs ?? 200));
    }
  }
}
