import { Context } from '@temporalio/activity';
import { keepAlive } from './pulse.js';

/** What an activity that waits for somebody else needs of Temporal. */
export interface Call {
  /** Aborted when the workflow no longer wants the answer, or its worker stops. */
  signal?: AbortSignal;
  /** Until Temporal gives the activity up, over all its attempts. Infinity outside of one. */
  leftMs: number;
}

export type Waiting = <T>(run: (call: Call) => Promise<T>) => Promise<T>;

/** Outside of Temporal: a decision that is made again from its record, and tests. */
export const unattended: Waiting = (run) => run({ leftMs: Infinity });

/** Heartbeats while it waits: a dead worker is noticed within seconds, and a cancellation arrives (in the heartbeat's answer). */
export const attended: Waiting = async (run) => {
  const { info, cancellationSignal } = Context.current();
  const pulse = keepAlive();
  try {
    // by the server's clock alone: ours may differ
    const spentMs = info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs;
    return await run({ signal: cancellationSignal, leftMs: info.scheduleToCloseTimeoutMs - spentMs });
  } finally {
    pulse.stop();
  }
};
