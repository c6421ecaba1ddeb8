import { request } from 'node:http';
import { isIP } from 'node:net';
import { KubernautError } from '../../domain/errors.js';

export interface PatroniOptions {
  /** Of every member's REST API. */
  port: number;
  username?: string;
  password?: string;
  /** For reading. Default 10 s. */
  timeoutMs?: number;
  /** For a switchover, which Patroni answers when it is over: up to 20 s with its defaults. Default 30 s. */
  postTimeoutMs?: number;
}

export interface Answer {
  status: number;
  text: string;
}

/** A cluster of a hundred members fits; anything longer is no answer of Patroni's. */
const MAX_BYTES = 256 * 1024;

type Body = object | undefined;

/**
 * One request, one answer: no redirect is followed, no proxy is used, and only an address is taken, never a name.
 * Throws OutcomeUnknown where a POST may have been read, DatabaseUnavailable where nothing can have happened.
 */
export function patroniHttp(options: PatroniOptions) {
  const { port, username, password, timeoutMs = 10_000, postTimeoutMs = 30_000 } = options;
  const auth = username === undefined ? undefined : `${username}:${password ?? ''}`;

  const send = (host: string, path: string, body: Body): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
      let isConnected = false;
      const fail = (why: string): void => reject(lost(`${method} ${path} at ${host}:${String(port)}`, why, isConnected && body !== undefined));
      const sent = request({ host, port, path, method, headers, auth, agent: false, timeout: body === undefined ? timeoutMs : postTimeoutMs }, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BYTES) sent.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
        response.on('error', (error) => fail(error.message));
        response.on('aborted', () => fail('the answer was cut off'));
      });
      sent.on('socket', (socket) => socket.once('connect', () => (isConnected = true)));
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
      sent.on('error', (error) => fail(error.message));
      sent.end(text);
    });

  return (host: string, path: string, body?: Body): Promise<Answer> => {
    if (isIP(host) === 0) throw new KubernautError('Unsupported', `a member of Patroni at ${JSON.stringify(host).slice(0, 80)}: that is no IP address; look at the pod's status`);
    return send(host, path, body);
  };
}

export type PatroniHttp = ReturnType<typeof patroniHttp>;

const lost = (what: string, why: string, mayHaveHappened: boolean): KubernautError =>
  mayHaveHappened
    ? new KubernautError('OutcomeUnknown', `${what}: ${why}; the next attempt looks at the cluster first`)
    : new KubernautError('DatabaseUnavailable', `${what}: ${why}; check that the pod runs and that a NetworkPolicy lets us reach it`);
