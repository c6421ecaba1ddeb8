/**
 * Every error the platform can name: whether a retry can help, the HTTP status it has at the door, what it means.
 * Codes are permanent: they live in workflow histories as `ApplicationFailure.type` (actions.md 1.6).
 */
export const ERRORS = {
  // Kubernetes, retryable
  K8sThrottled: { retryable: true, status: 503, meaning: 'The API server asked us to slow down.' },
  PdbBlocked: { retryable: true, status: 409, meaning: 'A PodDisruptionBudget does not allow the eviction yet.' },
  K8sUnavailable: { retryable: true, status: 503, meaning: 'The API server is out of reach or answered 5xx.' },
  OutcomeUnknown: { retryable: true, status: 503, meaning: 'A write was sent and its reply was lost; the next attempt re-reads first.' },
  ConflictTransient: { retryable: true, status: 409, meaning: 'Somebody wrote the object at the same moment; its relevant fields still hold.' },
  DatabaseUnavailable: { retryable: true, status: 503, meaning: 'The control API of a database is out of reach or cannot do it now.' },
  Busy: { retryable: true, status: 503, meaning: 'As many actions as the brakes allow are under way; this one waits.' },
  // before any write
  InvalidParams: { retryable: false, status: 422, meaning: 'A parameter is missing, unknown or out of bounds.' },
  PolicyDenied: { retryable: false, status: 403, meaning: 'The policy does not allow this action on this target.' },
  NotGrounded: { retryable: false, status: 422, meaning: 'The target was not read by the enrichment of this remediation.' },
  // the world moved
  TargetNotFound: { retryable: false, status: 404, meaning: 'The target does not exist.' },
  TargetReplaced: { retryable: false, status: 409, meaning: 'An object of the same name but another uid took its place.' },
  PreconditionChanged: { retryable: false, status: 409, meaning: 'The object differs from what the plan was made for.' },
  Forbidden: { retryable: false, status: 403, meaning: 'RBAC does not allow the request; the platform team must grant it.' },
  QuotaExceeded: { retryable: false, status: 409, meaning: 'A ResourceQuota does not allow the write.' },
  AdmissionDenied: { retryable: false, status: 409, meaning: 'An admission policy or webhook refused the write.' },
  Unsupported: { retryable: false, status: 422, meaning: 'The cluster lacks what this action needs.' },
  InverseUnavailable: { retryable: false, status: 409, meaning: 'This action cannot be undone.' },
  Drifted: { retryable: false, status: 409, meaning: 'Somebody changed the object after us; undoing would overwrite their work.' },
  AlreadyRemediated: { retryable: false, status: 200, meaning: 'The desired state was already there.' },
  ConvergeFailed: { retryable: false, status: 409, meaning: 'The write succeeded but the object did not reach the desired state.' },
  Paused: { retryable: false, status: 403, meaning: 'The kill switch is on for this scope.' },
  // model
  ModelUnavailable: { retryable: true, status: 503, meaning: 'The model provider is out of reach, throttling or failing.' },
  ModelRejected: { retryable: false, status: 502, meaning: 'The model provider refused the request.' },
  ModelAnswerInvalid: { retryable: false, status: 502, meaning: 'The model answered something that is not a valid proposal.' },
  // stores and channels
  StoreUnavailable: { retryable: true, status: 503, meaning: 'The database is out of reach.' },
  VectorsUnavailable: { retryable: true, status: 503, meaning: 'The vector index is out of reach; remediation goes on without similar incidents.' },
  VectorsRejected: { retryable: false, status: 502, meaning: 'The vector index refused the request, or holds vectors of another embedder.' },
  TemporalUnavailable: { retryable: true, status: 503, meaning: 'Temporal is out of reach.' },
  ChannelUnavailable: { retryable: true, status: 503, meaning: 'A notification channel is out of reach or throttling.' },
  ChannelRejected: { retryable: false, status: 502, meaning: 'A notification channel refused the message.' },
  // door
  BadRequest: { retryable: false, status: 400, meaning: 'The request cannot be used.' },
  Unauthorized: { retryable: false, status: 401, meaning: 'Credentials are missing or wrong.' },
  NotAllowed: { retryable: false, status: 403, meaning: 'These credentials may not act on that cluster or namespace.' },
  NotFound: { retryable: false, status: 404, meaning: 'There is no such thing.' },
  Conflict: { retryable: false, status: 409, meaning: 'The request does not fit the current state.' },
  PayloadTooLarge: { retryable: false, status: 413, meaning: 'The body is too big.' },
  UnsupportedMediaType: { retryable: false, status: 415, meaning: 'The content type is not accepted here.' },
  RateLimited: { retryable: true, status: 429, meaning: 'This source sends too much.' },
  Overloaded: { retryable: true, status: 503, meaning: 'The process is overloaded or shutting down.' },
  // start-up
  ConfigInvalid: { retryable: false, status: 500, meaning: 'The configuration is wrong; every wrong key is listed.' },
  DependencyMissing: { retryable: false, status: 503, meaning: 'A server or tool that is needed is not there.' },
  Internal: { retryable: false, status: 500, meaning: 'A bug of ours.' },
} as const satisfies Record<string, { retryable: boolean; status: number; meaning: string }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** Says which object and what to do next: "deployment shop/api has no earlier revision; choose another action". */
  message: string;
  /** How long to wait before trying again, in milliseconds, where the other side said so. */
  retryAfterMs?: number;
  [key: string]: unknown;
}

export class KubernautError extends Error {
  override readonly name = 'KubernautError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails | string, cause?: unknown) {
    const full = typeof details === 'string' ? { message: details } : details;
    super(full.message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = full;
  }

  get isRetryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

export const isKubernautError = (error: unknown, ...codes: ErrorCode[]): error is KubernautError =>
  error instanceof KubernautError && (codes.length === 0 || codes.includes(error.code));
