import type { Problem, SignalResult } from '../contracts/api.js';
import { ERRORS, isKubernautError, KubernautError, type ErrorCode } from '../domain/errors.js';

const SERVICE = 'kubernaut-gateway';
const DEFAULT_RETRY_AFTER_S = 5;

/** Fastify's and Node's own errors in our words. */
const FOREIGN: Record<string, { code: ErrorCode; message: string }> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'PayloadTooLarge', message: 'the body is too big; send fewer alerts at once' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'UnsupportedMediaType', message: 'this content type is not accepted here; send application/json' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'BadRequest', message: 'the body is shorter or longer than its Content-Length says' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'BadRequest', message: 'the body is empty; send JSON' },
  FST_ERR_BAD_URL: { code: 'BadRequest', message: 'the path is not a valid URL' },
  FST_ERR_VALIDATION: { code: 'InvalidParams', message: 'the request does not fit its schema' },
  // It can be taken when it comes faster, and a 408 would be the end of it for senders who repeat 5xx alone.
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'Overloaded', message: 'the request took too long to arrive; send it again' },
  HPE_HEADER_OVERFLOW: { code: 'BadRequest', message: 'the headers are too big; 16 KiB are taken' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: 'BadRequest', message: 'the request could not be read' },
};

/** Any error as one that the door can name. What we did not foresee is `Internal` with a fixed text. */
export function toDoorError(error: unknown): KubernautError {
  // The text of a 500 is for our log: it may speak of statements, files and settings.
  if (isKubernautError(error) && ERRORS[error.code].status !== 500) return error;
  const { code, statusCode, validation } = error as { code?: string; statusCode?: number; validation?: Complaint[] };
  if (validation) return new KubernautError('InvalidParams', validationText(validation), error);
  const known = code === undefined ? undefined : FOREIGN[code];
  if (known) return new KubernautError(known.code, known.message, error);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new KubernautError('BadRequest', 'the request cannot be used', error);
  return new KubernautError('Internal', 'something went wrong on our side; look for the request id in the log of the gateway', error);
}

interface Complaint {
  instancePath: string;
  keyword?: string;
  message?: string;
  params?: { additionalProperty?: string; allowedValues?: unknown[] };
}

/** `null` and `anyOf` only say that a body may be left out: true, and no help to somebody who sent one. */
const validationText = (errors: readonly Complaint[]): string => {
  const told = errors.filter((e) => e.keyword !== 'anyOf' && !(e.keyword === 'type' && e.message === 'must be null'));
  return (told.length > 0 ? told : errors).slice(0, 10).map(complaintText).join('; ');
};

function complaintText({ instancePath, message, params }: Complaint): string {
  const where = instancePath || 'the request';
  if (params?.additionalProperty !== undefined) return `${where} has an unknown member "${params.additionalProperty.slice(0, 100)}"`;
  if (params?.allowedValues !== undefined) return `${where} must be one of ${params.allowedValues.join(', ')}`;
  return `${where} ${message ?? 'is wrong'}`;
}

export interface ProblemAnswer {
  status: number;
  /** Seconds, where trying again can help. */
  retryAfterS?: number;
  body: Problem & { results?: SignalResult[] };
}

/** The one place where an error gets its HTTP status and its body (RFC 9457 and the envelope of product.md 4). No stack, no foreign message. */
export function problemOf(error: unknown, at: { endpoint: string; requestId: string; timestamp: string }): ProblemAnswer {
  const { code, details } = toDoorError(error);
  const { status, meaning } = ERRORS[code];
  const retryAfterS = status === 429 || status === 503 ? Math.max(1, Math.ceil((details.retryAfterMs ?? DEFAULT_RETRY_AFTER_S * 1000) / 1000)) : undefined;
  return {
    status,
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
    body: {
      type: `urn:kubernaut:error:${code}`,
      title: meaning,
      status,
      detail: details.message,
      instance: at.endpoint,
      error: {
        code,
        message: details.message,
        details: { service: SERVICE, endpoint: at.endpoint, retry_after: retryAfterS ?? null },
        request_id: at.requestId,
        timestamp: at.timestamp,
      },
      ...(Array.isArray(details.results) ? { results: details.results as SignalResult[] } : {}),
    },
  };
}
