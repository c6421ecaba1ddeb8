import { ApplicationFailure, isGrpcServiceError, ServiceError, WorkflowNotFoundError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { isKubernautError, KubernautError } from '../../domain/errors.js';

/** gRPC status codes (https://grpc.io/docs/guides/status-codes/). */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const UNAUTHENTICATED = 16;

const NEXT_MOVE: Record<number, string> = {
  [INVALID_ARGUMENT]: 'it refused the request; are the search attributes registered? Run: kubernaut doctor --fix',
  [NOT_FOUND]: 'the namespace does not exist there; set temporal.namespace or create it',
  [PERMISSION_DENIED]: 'it does not allow this; check temporal.apiKey and the rights of its owner',
  [FAILED_PRECONDITION]: 'it refused the request in its present state',
  [UNAUTHENTICATED]: 'it refused the credentials; set temporal.apiKey or temporal.tls',
};

const codeOf = (error: unknown): number | undefined => {
  if (isGrpcServiceError(error)) return error.code;
  if (error instanceof ServiceError && isGrpcServiceError(error.cause)) return error.cause.code;
  return undefined;
};

/** Any failure to hand something over is `TemporalUnavailable`: the sender repeats, nothing is lost, duplicates are absorbed. */
export function toTemporalError(error: unknown, doing: string): KubernautError {
  if (isKubernautError(error)) return error;
  const code = codeOf(error);
  const why = (code !== undefined && NEXT_MOVE[code]) || 'it did not answer; is it running at temporal.address?';
  return new KubernautError('TemporalUnavailable', { message: `Temporal, ${doing}: ${why}`, retryAfterMs: 5000, grpc: code }, error);
}

/** The server does not know an open run of this id, as against a namespace that does not exist. */
export const isWorkflowNotFound = (error: unknown): boolean => error instanceof WorkflowNotFoundError;

export const isUpdateTimeout = (error: unknown): boolean => error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;

/** The reason an update's validator gave; undefined when the failure is of another kind. */
export const refusalOf = (error: unknown): string | undefined =>
  error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure ? error.cause.message : undefined;
