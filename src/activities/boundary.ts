import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure, TemporalFailure } from '@temporalio/common';
import { ERRORS, KubernautError } from '../domain/errors.js';

/**
 * The one place where our errors become Temporal's. The code is the failure's type, so that workflows decide on
 * codes and people read them in the Web UI; `retryAfterMs` becomes the delay of the next attempt.
 */
export function toFailure(error: unknown): Error {
  if (error instanceof TemporalFailure || error instanceof CancelledFailure) return error;
  if (!(error instanceof KubernautError)) {
    const message = error instanceof Error ? error.message : String(error);
    return ApplicationFailure.create({ type: 'Internal', message, nonRetryable: false, ...(error instanceof Error ? { cause: error } : {}) });
  }
  const { retryAfterMs, message, ...details } = error.details;
  return ApplicationFailure.create({
    type: error.code,
    message,
    nonRetryable: !ERRORS[error.code].retryable,
    details: [details],
    ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
    ...(error.code === 'AlreadyRemediated' ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(error.cause instanceof Error ? { cause: error.cause } : {}),
  });
}

type AnyActivity = (...args: never[]) => Promise<unknown>;

/** Wraps every activity of a table. */
export function guard<T extends Record<string, AnyActivity>>(activities: T): T {
  const entries = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        throw toFailure(error);
      }
    },
  ]);
  return Object.fromEntries(entries) as T;
}
