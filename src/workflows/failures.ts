import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

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
