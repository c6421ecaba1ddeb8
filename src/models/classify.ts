import { isKubernautError, KubernautError } from '../domain/errors.js';

/** Longer waits are the business of Temporal's own back-off. */
const MAX_RETRY_AFTER_MS = 3_600_000;

interface Fields {
  name?: string;
  status?: unknown;
  headers?: unknown;
  cause?: unknown;
  /** Where the AWS SDK keeps status and headers. */
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: unknown };
}

/** A RangeError is what JSON nested thousands of levels deep ends in. */
const UNREADABLE = ['SyntaxError', 'RangeError'];

/** Status and headers, wherever the SDK keeps them; AWS's `$response` is there, but no enumeration shows it. */
const replyOf = ({ status, headers, $metadata, $response }: Fields) => ({ status: status ?? $metadata?.httpStatusCode, headers: headers ?? $response?.headers });

/** Fields, whichever realm or SDK made the error: `instanceof` fails across realms. */
const fieldsOf = (error: unknown): Fields => (typeof error === 'object' && error !== null ? (error as Fields) : {});

/**
 * | 408, 409, 425, 429, 5xx, no status | ModelUnavailable: a retry can help                       |
 * | other 4xx                          | ModelRejected: key, model name or request is wrong       |
 * | 200 that is not JSON               | ModelAnswerInvalid                                       |
 * The provider's text stays out: it may quote the prompt or the key.
 */
export function classifyHttp(provider: string, error: unknown, nowMs = Date.now()): KubernautError {
  if (isKubernautError(error)) return error;
  const fields = fieldsOf(error);
  const { name = '', cause } = fields;
  const { status, headers } = replyOf(fields);
  // SDKs wrap what our own fetch threw (an answer over its limit)
  if (isKubernautError(cause)) return cause;
  if (typeof status === 'number' && status >= 300) return ofStatus(provider, status, retryAfterOf(headers, nowMs));
  // with a good status it is the body that could not be read
  if (typeof status === 'number' || UNREADABLE.includes(name)) return new KubernautError('ModelAnswerInvalid', { message: `${provider} answered something that is not JSON`, why: 'not JSON', fault: 'provider' });
  return new KubernautError('ModelUnavailable', { message: `${provider} is out of reach or did not answer in time; the analyzers decide alone until it is back`, provider });
}

function ofStatus(provider: string, status: number, retryAfterMs: number | undefined): KubernautError {
  const canPass = [408, 409, 425, 429].includes(status) || status >= 500;
  if (!canPass) return new KubernautError('ModelRejected', { message: `${provider} refused the request (HTTP ${status}); check endpoint, model and apiKey of it`, provider, status });
  return new KubernautError('ModelUnavailable', {
    message: `${provider} cannot answer now (HTTP ${status}); it is asked again later`,
    provider,
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function retryAfterOf(headers: unknown, nowMs: number): number | undefined {
  const get = (headers as { get?: (name: string) => string | null } | undefined)?.get?.bind(headers);
  const header = (name: string): string | null => get?.(name) ?? (headers as Record<string, string> | undefined)?.[name] ?? null;
  const exact = header('retry-after-ms');
  return exact !== null && /^\d+(\.\d+)?$/.test(exact) ? Math.min(Number(exact), MAX_RETRY_AFTER_MS) : retryAfterMsOf(header('retry-after'), nowMs);
}

/** Seconds or an HTTP date → milliseconds; garbage and the past → undefined; capped at an hour. */
export function retryAfterMsOf(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}
