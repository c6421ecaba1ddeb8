import { KubernautError, type ErrorCode } from '../../domain/errors.js';
import { redactText } from '../../domain/redact.js';
import { ApiError, type ApiFailure, type TransportFailure, type Verb } from './connection.js';

/** What was being done, for the message and for the few answers whose meaning depends on it. */
export interface Attempt {
  verb: Verb;
  /** `deployment shop/api`. */
  about: string;
  isEviction?: boolean;
}

const isWrite = (verb: Verb): boolean => ['create', 'update', 'patch', 'delete'].includes(verb);

/** The one place where an answer of the API server becomes a code of actions.md 1.6. Anything that is not an ApiError passes through. */
export function toKubernautError(error: unknown, attempt: Attempt): unknown {
  if (!(error instanceof ApiError)) return error;
  const { failure } = error;
  const code = failure.kind === 'transport' ? codeOfTransport(failure, attempt) : codeOfAnswer(failure, attempt);
  const said = redactText(failure.message).slice(0, 300);
  const message = `${attempt.about}: ${attempt.isEviction ? 'eviction' : attempt.verb} failed (${said}); ${NEXT_MOVE[code] ?? 'report this'}`;
  const retryAfterMs = failure.kind === 'answered' ? failure.retryAfterMs : undefined;
  return new KubernautError(code, { message, ...(retryAfterMs ? { retryAfterMs } : {}) }, error);
}

function codeOfTransport(failure: TransportFailure, attempt: Attempt): ErrorCode {
  return failure.isSent && isWrite(attempt.verb) ? 'OutcomeUnknown' : 'K8sUnavailable';
}

/** By HTTP status; those that mean several things have a function of their own. */
const CODES: Record<number, ErrorCode | ((failure: ApiFailure, attempt: Attempt) => ErrorCode)> = {
  400: (failure) => (isFromAdmission(failure) ? 'AdmissionDenied' : 'InvalidParams'),
  401: 'Forbidden',
  403: codeOfForbidden,
  404: (failure) => (failure.about ? 'TargetNotFound' : 'Unsupported'),
  405: 'Unsupported',
  406: 'Unsupported',
  409: 'ConflictTransient',
  413: 'InvalidParams',
  415: 'Unsupported',
  422: 'AdmissionDenied',
  429: (failure) => (failure.causes.some((c) => c.reason === 'DisruptionBudget') ? 'PdbBlocked' : 'K8sThrottled'),
  500: codeOfInternal,
  // the server gave up waiting for its storage: the write may still land
  504: (_, { verb }) => (isWrite(verb) ? 'OutcomeUnknown' : 'K8sUnavailable'),
};

export function codeOfAnswer(failure: ApiFailure, attempt: Attempt): ErrorCode {
  const code = CODES[failure.httpStatus] ?? (failure.httpStatus >= 500 ? 'K8sUnavailable' : 'Internal');
  return typeof code === 'string' ? code : code(failure, attempt);
}

/** An eviction that several budgets select is refused with 500 and will be for as long as they overlap. */
function codeOfInternal(failure: ApiFailure, attempt: Attempt): ErrorCode {
  return attempt.isEviction && /PodDisruptionBudget/.test(failure.message) ? 'Unsupported' : 'K8sUnavailable';
}

// The API server gives quota, admission and RBAC refusals the same status, reason and empty causes; only its text tells them apart.
const QUOTA = /exceeded quota:|failed quota:|insufficient quota/;
const RBAC = /\b(?:User|ServiceAccount|Group) "[^"]*" cannot \w+|\bcannot \w+ (?:resource|path|nonResourceURL)\b/;

function codeOfForbidden(failure: ApiFailure): ErrorCode {
  if (QUOTA.test(failure.message)) return 'QuotaExceeded';
  return RBAC.test(failure.message) || !isFromAdmission(failure) ? 'Forbidden' : 'AdmissionDenied';
}

const ADMISSION = /admission webhook|ValidatingAdmissionPolicy|violates PodSecurity|is forbidden: (?!User )|denied the request|does not support dry run/;

const isFromAdmission = (failure: ApiFailure): boolean => ADMISSION.test(failure.message);

const NEXT_MOVE: Partial<Record<ErrorCode, string>> = {
  K8sThrottled: 'wait as told and try again',
  PdbBlocked: 'wait until its disruption budget allows it, or add a replica',
  K8sUnavailable: 'try again when the API server answers',
  OutcomeUnknown: 'read it again before the next attempt',
  ConflictTransient: 'read it again and retry',
  InvalidParams: 'the plan is wrong, plan again',
  TargetNotFound: 'plan again from what exists now',
  Forbidden: 'ask the platform team for this permission (kubernaut doctor lists what is missing)',
  QuotaExceeded: 'raise the quota or choose a smaller change',
  AdmissionDenied: 'choose an action the admission policy allows',
  Unsupported: 'choose another action; retrying cannot help',
  Internal: 'report this',
};
