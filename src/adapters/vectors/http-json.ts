import { KubernautError } from '../../domain/errors.js';
import { boundedText } from '../bounded-text.js';

export interface HttpOptions {
  /** How it is called in errors: `Pinecone`. */
  who: string;
  baseUrl: string;
  headers: Readonly<Record<string, string>>;
  /** Of one request with its answer. */
  timeoutMs: number;
}

export interface HttpAnswer {
  status: number;
  /** `undefined` when the body is empty. */
  body: unknown;
}

const MAX_BYTES = 4 * 1024 * 1024;
/** Waiting can help: timeouts, locks, limits, and whatever the server says of itself. */
const PASSING = new Set([408, 409, 423, 425, 429]);

/**
 * One request, one answer in JSON; no redirect is followed, so that a key goes nowhere but where it belongs. Bodies of errors are not
 * repeated: they may quote what was sent. Throws VectorsUnavailable, and VectorsRejected for a 4xx that `isExpected` does not take.
 */
export function httpJson({ who, baseUrl, headers, timeoutMs }: HttpOptions) {
  const base = baseUrl.replace(/\/+$/, '');

  return async ({ method = 'POST', path, body, isExpected }: { method?: string; path: string; body?: object; isExpected?: (status: number) => boolean }): Promise<HttpAnswer> => {
    const { response, text } = await exchange(who, `${base}${path}`, {
      method,
      redirect: 'manual',
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const isFine = response.ok || isExpected?.(response.status) === true;
    if (!isFine) throw refusal(who, response);
    return { status: response.status, body: parsed(who, text, response.ok) };
  };
}

export type HttpJson = ReturnType<typeof httpJson>;

async function exchange(who: string, url: string, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(url, init);
    return { response, text: await boundedText(response.body, MAX_BYTES, () => new Error('the answer is too long')) };
  } catch (error) {
    throw unavailable(who, whyOf(error), error);
  }
}

function parsed(who: string, text: string, isNeeded: boolean): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!isNeeded) return undefined;
    throw unavailable(who, 'what answers does not speak JSON; check vectors.url', error);
  }
}

const whyOf = (error: unknown): string => {
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'TimeoutError') return 'no answer in time';
  return cause?.code ?? message;
};

function refusal(who: string, { status, headers }: Response): KubernautError {
  if (status === 401 || status === 403) return new KubernautError('VectorsRejected', `${who} refuses us (HTTP ${status}); check vectors.apiKey and what it may do`);
  if (status < 400) return new KubernautError('VectorsRejected', `${who} sends us elsewhere (HTTP ${status}), which is not followed; set vectors.url to where it is`);
  const isPassing = PASSING.has(status) || status >= 500;
  if (!isPassing) return new KubernautError('VectorsRejected', `${who} refused the request (HTTP ${status}); check vectors.url, vectors.collection and the embedder's dimensions`);
  const seconds = Number(headers.get('retry-after') ?? NaN);
  const retryAfterMs = seconds >= 0 && seconds <= 3600 ? seconds * 1000 : undefined;
  return new KubernautError('VectorsUnavailable', { message: `${who} cannot serve the request now (HTTP ${status}); it is tried again later`, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

const unavailable = (who: string, why: string, cause?: unknown): KubernautError =>
  new KubernautError('VectorsUnavailable', `${who} is out of reach: ${why}; remediation goes on without similar incidents`, cause);
