import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { KubernautError, type ErrorCode } from '../../domain/errors.js';

export interface GetOptions {
  /** `Authorization`, when its API wants one. */
  authorization?: string;
  /** From the look-up of the name to the last byte. Default 5 s. */
  timeoutMs?: number;
  /** Default 32 MiB: 20,000 alerts with long texts. */
  maxBytes?: number;
}

export interface JsonAnswer {
  value: unknown;
  /** The clock of the other side, where it says so, in milliseconds; one second exact. */
  dateMs?: number;
}

const MAX_BYTES = 32 * 1024 * 1024;

/**
 * One GET of a configured address: no redirect is followed, no proxy used. Throws DependencyMissing where it is out of reach
 * or answers what AlertManager would not, Unauthorized where it wants other credentials. `details.why` names no address.
 */
export function getJson(url: URL, options: GetOptions = {}): Promise<JsonAnswer> {
  const { authorization, timeoutMs = 5000, maxBytes = MAX_BYTES } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const headers = { accept: 'application/json', 'user-agent': 'kubernaut', ...(authorization === undefined ? {} : { authorization }) };
  const how: RequestOptions = { agent: false, signal: deadline, headers };
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => reject(failed(url, why, { cause }));
    const broken = (error: NodeJS.ErrnoException): void => fail(deadline.aborted ? `it does not answer within ${timeoutMs / 1000} s` : (error.code ?? error.message), error);
    const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, how, (response) => {
      const refusal = refusalOf(response.statusCode ?? 0);
      if (refusal) {
        sent.destroy();
        reject(failed(url, refusal.why, refusal));
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxBytes) return void chunks.push(chunk);
        fail(`its answer is longer than ${Math.floor(maxBytes / 1024)} KiB`);
        sent.destroy();
      });
      response.on('end', () => finish(response, chunks));
      response.on('error', broken);
    });
    const finish = (response: IncomingMessage, chunks: Buffer[]): void => {
      try {
        resolve({ value: jsonOf(Buffer.concat(chunks)), ...dateOf(response.headers.date) });
      } catch (error) {
        fail('what it answers is not JSON', error);
      }
    };
    sent.on('error', broken);
    sent.end();
  });
}

const jsonOf = (raw: Buffer): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));

function dateOf(header: string | undefined): { dateMs?: number } {
  const dateMs = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(dateMs) ? {} : { dateMs };
}

function refusalOf(status: number): { why: string; code?: ErrorCode } | undefined {
  if (status === 200) return undefined;
  if (status === 401 || status === 403) return { code: 'Unauthorized', why: `it refuses our credentials (${status})` };
  if (status >= 300 && status < 400) return { why: `it redirects (${status}), which is not followed` };
  return { why: `it answers ${status}` };
}

const NEXT: Partial<Record<ErrorCode, string>> = {
  Unauthorized: 'set sources.alertmanager.token, credentialsFile, or username and password',
  DependencyMissing: 'check sources.alertmanager.url, and that a NetworkPolicy lets the gateway reach it',
};

export function failed(url: URL, why: string, { code = 'DependencyMissing', cause }: { code?: ErrorCode; cause?: unknown } = {}): KubernautError {
  return new KubernautError(code, { message: `AlertManager at ${url.origin}${url.pathname} cannot be asked: ${why}; ${NEXT[code] ?? ''}`, why }, cause);
}
