import { KubernautError } from '../domain/errors.js';

/** Longer waits are the business of Temporal's own back-off. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** What Node and undici call a connection that did not work out. */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_SOCKET',
]);

export const unavailable = (channel: string, why: string, retryAfterMs?: number): KubernautError =>
  new KubernautError('ChannelUnavailable', {
    message: `channel ${channel} did not take the message (${why}); it is tried again`,
    channel,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

export const rejected = (channel: string, why: string, nextMove: string): KubernautError =>
  new KubernautError('ChannelRejected', { message: `channel ${channel} refused the message (${why}); ${nextMove}`, channel });

/** `Retry-After` in seconds or as an HTTP date → milliseconds; garbage and the past → undefined; capped at an hour. */
export function retryAfterMsOf(header: string | null | undefined, nowMs: number): number | undefined {
  if (header === null || header === undefined) return undefined;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}

/** One table for every HTTP channel: 408, 425, 429 and 5xx can pass, everything else needs a person. */
export function refusalOfStatus(channel: string, status: number, retryAfterMs?: number): KubernautError {
  const canPass = status === 408 || status === 425 || status === 429 || status >= 500;
  return canPass
    ? unavailable(channel, `HTTP ${status}`, retryAfterMs)
    : rejected(channel, `HTTP ${status}`, 'check its address and credentials in kubernaut.yaml');
}

/** An error's fields, whichever realm or SDK made it: `instanceof Error` fails across realms (Node's own under Jest, DOMException). */
export const fieldsOf = <T extends object>(error: unknown): Partial<T> => (typeof error === 'object' && error !== null ? (error as Partial<T>) : {});

/** Time-outs and lost connections, through however many `cause`s a client wrapped them; undefined when it is something else. */
export function refusalOfConnection(channel: string, error: unknown): KubernautError | undefined {
  let e = fieldsOf<{ name: string; code: unknown; cause: unknown }>(error);
  for (let depth = 0; depth < 5; depth += 1) {
    if (e.name === 'TimeoutError' || e.name === 'AbortError') return unavailable(channel, 'no answer in time');
    if (typeof e.code === 'string' && CONNECTION_CODES.has(e.code)) return unavailable(channel, e.code);
    e = fieldsOf(e.cause);
  }
  return undefined;
}

/** An error nobody foresaw: a retry would meet it again. Its text stays out, since it may quote a secret. */
export const unforeseen = (channel: string, error: unknown): KubernautError =>
  rejected(channel, fieldsOf<Error>(error).name ?? typeof error, 'run kubernaut doctor to see the channel answer');
