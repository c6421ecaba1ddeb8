import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { durationMs } from '../../domain/duration.js';
import type { OpaAnswer, OpaPolicy } from '../../domain/opa.js';
import type { PolicyView } from '../../domain/policy-rule.js';

const MAX_BYTES = 64 * 1024;
const MAX_REASON = 500;

/**
 * One question to the data API of Open Policy Agent: `POST <url>` with `{ input }`, answered with `{ result }`, where the result
 * is `{ decision: allow|ask|deny, reason? }` or true or false. No redirect is followed, no proxy is used. Never throws: whatever
 * else comes is `failed`, and the policy says what that means.
 */
export async function askOpa({ url, timeout = '2s', tokenFile }: OpaPolicy, view: PolicyView): Promise<OpaAnswer> {
  try {
    const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim();
    return answerOf(await post(new URL(url), JSON.stringify({ input: view }), { timeoutMs: durationMs(timeout), token }));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { failed: code ?? message };
  }
}

interface How {
  timeoutMs: number;
  token: string | undefined;
}

/** The body of a 200; rejects with words for anything else. */
function post(url: URL, body: string, { timeoutMs, token }: How): Promise<string> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const headers = {
    'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), accept: 'application/json', 'user-agent': 'kubernaut',
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(deadline.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error);
    const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { method: 'POST', agent: false, signal: deadline, headers }, (response) => {
      if (response.statusCode !== 200) {
        sent.destroy();
        return reject(new Error(`it answers ${response.statusCode}`));
      }
      read(response, resolve, fail);
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

function read(response: IncomingMessage, resolve: (text: string) => void, fail: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BYTES) return void chunks.push(chunk);
    fail(new Error(`its answer is longer than ${MAX_BYTES / 1024} KiB`));
    response.destroy();
  });
  response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  response.on('aborted', () => fail(new Error('its answer was cut off')));
  response.on('error', fail);
}

function answerOf(text: string): OpaAnswer {
  const body = parsed(text);
  if (body === undefined) return { failed: 'what it answers is not JSON' };
  const result = (body as { result?: unknown } | null)?.result;
  if (result === undefined) return { failed: 'its answer has no result: no rule of that name is defined there' };
  if (typeof result === 'boolean') return { decision: result ? 'allow' : 'deny' };
  return typeof result === 'object' && result !== null ? decisionOf(result) : NO_DECISION;
}

const NO_DECISION: OpaAnswer = { failed: 'its result is neither true nor false, nor has it a decision of allow, ask or deny' };

function decisionOf(result: object): OpaAnswer {
  const { decision, reason } = result as { decision?: unknown; reason?: unknown };
  if (decision !== 'allow' && decision !== 'ask' && decision !== 'deny') return NO_DECISION;
  return { decision, ...(typeof reason === 'string' && reason !== '' ? { reason: reason.slice(0, MAX_REASON) } : {}) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
