import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';

const causeOf = (error: unknown): unknown => (error instanceof ActivityFailure ? error.cause : error);

/** Our error code (actions.md 1.6); `Internal` for timeouts and everything that carries none. */
export const codeOf = (error: unknown): string => {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure ? (cause.type ?? 'Internal') : 'Internal';
};

export const textOf = (error: unknown): string => {
  const cause = causeOf(error);
  return cause instanceof Error ? cause.message.slice(0, 500) : String(cause);
};

/** Said by an activity as its last word: trying again elsewhere or later would hear the same. */
export const isFinal = (error: unknown): boolean => {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure && cause.nonRetryable === true;
};

/** What the activity says it spent before it failed. */
export const spentBefore = (error: unknown): { tokens: number; cost?: number } => {
  const cause = causeOf(error);
  const details = cause instanceof ApplicationFailure ? (cause.details?.[0] as { tokens?: unknown; cost?: unknown } | undefined) : undefined;
  return { tokens: typeof details?.tokens === 'number' ? details.tokens : 0, ...(typeof details?.cost === 'number' ? { cost: details.cost } : {}) };
};

/** It was given up because of its time, be it that another try would not have fitted into it. */
export const isOutOfTime = (error: unknown): boolean => error instanceof ActivityFailure && (error.retryState === 'TIMEOUT' || error.cause instanceof TimeoutFailure);
