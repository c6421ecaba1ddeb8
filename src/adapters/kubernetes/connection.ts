import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** Kubernetes' verbs, as RBAC and the audit log name them. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface ApiRequest {
  verb: Verb;
  /** Below the server's base address, starting with a slash. */
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  contentType?: string;
  userAgent?: string;
  /** Default: the connection's. */
  timeoutMs?: number;
  /** Answer is text, not JSON (pod logs). */
  isText?: boolean;
}

/** The server's own words: a `Status` object when it refuses. */
export interface ApiFailure {
  kind: 'answered';
  httpStatus: number;
  reason?: string;
  message: string;
  causes: { reason?: string; message?: string }[];
  /** The object the server says it is about; empty when it does not even know the resource. */
  about?: string;
  retryAfterMs?: number;
}

/** No answer: `isSent` says whether the request may have reached the server. */
export interface TransportFailure {
  kind: 'transport';
  isSent: boolean;
  code: string;
  message: string;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly failure: ApiFailure | TransportFailure;
  /** What client-node's ListWatch looks at to relist after 410. */
  readonly statusCode: number | undefined;

  constructor(failure: ApiFailure | TransportFailure, cause?: unknown) {
    super(failure.message, cause === undefined ? undefined : { cause });
    this.failure = failure;
    this.statusCode = failure.kind === 'answered' ? failure.httpStatus : undefined;
  }
}

export interface RequestMetric {
  verb: Verb;
  /** HTTP status, or 0 when there was no answer. */
  status: number;
  durationMs: number;
}

/** What opening a stream takes. */
export interface Address {
  base: URL;
  request: ApiRequest;
  tls: https.RequestOptions;
}

export interface Connection {
  request(r: ApiRequest): Promise<unknown>;
  /** A stream of another protocol with the same credentials and marks. */
  stream<T>(r: ApiRequest, open: (to: Address) => Promise<T>): Promise<T>;
  counts(): Readonly<Record<Verb, number>>;
  /** The watch opens its own stream; it is counted here. */
  count(verb: Verb): void;
  close(): void;
}

export interface ConnectionOptions {
  userAgent: string;
  /** How long an answer may take where the request does not say. Default 10 s. */
  timeoutMs?: number;
  onRequest?: (m: RequestMetric) => void;
}

const METHODS: Record<Verb, string> = { get: 'GET', list: 'GET', watch: 'GET', create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' };
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * JSON over HTTPS with the credentials of a kubeconfig. The generated client is not used for objects: it turns timestamps
 * into Date objects, drops fields it does not know, and says neither whether a failed write had left the machine nor how long it may take.
 */
export function openConnection(config: KubeConfig, options: ConnectionOptions): Connection {
  const counts: Record<Verb, number> = { get: 0, list: 0, watch: 0, create: 0, update: 0, patch: 0, delete: 0 };
  const agents = agentPool();
  const base = new URL(config.getCurrentCluster()!.server);

  async function attempt(r: ApiRequest): Promise<unknown> {
    const tls: https.RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(tls);
    counts[r.verb]++;
    const startedAt = performance.now();
    const report = (status: number) => options.onRequest?.({ verb: r.verb, status, durationMs: performance.now() - startedAt });
    try {
      const answer = await send(base, { ...r, timeoutMs: r.timeoutMs ?? options.timeoutMs }, { ...tls, agent: agents.reuse(tls) }, r.userAgent ?? options.userAgent);
      report(200);
      return answer;
    } catch (error) {
      report(error instanceof ApiError ? (error.statusCode ?? 0) : 0);
      throw error;
    }
  }

  return {
    async request(r) {
      try {
        return await attempt(r);
      } catch (error) {
        // a kept-alive socket that the server closed meanwhile: reading again is harmless, writing again is not ours to decide
        if (METHODS[r.verb] === 'GET' && isReset(error)) return attempt(r);
        throw error;
      }
    },
    async stream(r, open) {
      const tls: https.RequestOptions = { headers: {} };
      await config.applyToHTTPSOptions(tls);
      counts[r.verb]++;
      return open({ base, request: { ...r, userAgent: r.userAgent ?? options.userAgent, timeoutMs: r.timeoutMs ?? options.timeoutMs }, tls: { ...tls, agent: agents.reuse(tls) } });
    },
    counts: () => ({ ...counts }),
    count: (verb) => void counts[verb]++,
    close: () => agents.close(),
  };
}

const isReset = (error: unknown): boolean =>
  error instanceof ApiError && error.failure.kind === 'transport' && ['ECONNRESET', 'EPIPE'].includes(error.failure.code);

/** client-node makes a new agent, hence a TLS handshake, per request; keep one as long as the credentials stay the same. */
function agentPool() {
  let current: { agent: http.Agent; key: string } | undefined;
  return {
    reuse(tls: https.RequestOptions): http.Agent {
      const key = [tls.ca, tls.cert, tls.key, tls.servername, tls.rejectUnauthorized].map(String).join('\n');
      if (current?.key === key) return current.agent;
      const agent = tls.agent as http.Agent & { keepAlive: boolean };
      agent.keepAlive = true;
      if (current) retire(current.agent);
      current = { agent, key };
      return agent;
    },
    close: () => current?.agent.destroy(),
  };
}

/** Credentials were rotated: idle sockets go now, busy ones when their request is done. */
function retire(agent: http.Agent & { keepAlive?: boolean }): void {
  agent.keepAlive = false;
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}

function send(base: URL, r: ApiRequest, tls: https.RequestOptions, userAgent: string): Promise<unknown> {
  const body = r.body === undefined ? undefined : Buffer.from(JSON.stringify(r.body));
  const headers: http.OutgoingHttpHeaders = { ...(tls.headers as http.OutgoingHttpHeaders), 'User-Agent': userAgent, Accept: r.isText ? '*/*' : 'application/json' };
  if (body) Object.assign(headers, { 'Content-Type': r.contentType ?? 'application/json', 'Content-Length': body.length });
  const path = base.pathname.replace(/\/$/, '') + r.path + queryText(r.query);
  const { request } = base.protocol === 'http:' ? http : https;
  const timeoutMs = r.timeoutMs ?? DEFAULT_TIMEOUT_MS;

  return new Promise((resolve, reject) => {
    let isSent = false;
    const req = request({ ...tls, headers, path, method: METHODS[r.verb], host: base.hostname, port: base.port || undefined });
    const fail = (error: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      reject(new ApiError({ kind: 'transport', isSent, code: error.code ?? 'EUNKNOWN', message: error.message }, error));
    };
    const deadline = setTimeout(() => req.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })), timeoutMs);
    req.on('socket', (socket) => {
      // earlier than the truth (the bytes follow), so that "not sent" is certain
      if (!socket.connecting) isSent = true;
      else socket.once('connect', () => (isSent = true));
    });
    req.on('error', fail);
    req.on('response', (response) => {
      readAll(response).then((text) => {
        clearTimeout(deadline);
        finish(r, response, text, resolve, reject);
      }, fail);
    });
    req.end(body);
  });
}

export async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function finish(r: ApiRequest, response: http.IncomingMessage, text: string, resolve: (v: unknown) => void, reject: (e: Error) => void): void {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    if (r.isText) return resolve(text);
    const parsed = parse(text);
    // a write was answered 2xx by something that does not speak Kubernetes (a proxy): nobody knows what happened
    if (parsed === undefined) return reject(new ApiError({ kind: 'transport', isSent: true, code: 'EBADJSON', message: 'the answer is not JSON' }));
    return resolve(parsed);
  }
  reject(new ApiError(failureOf(status, parse(text), response.headers['retry-after'])));
}

interface StatusBody {
  reason?: string;
  message?: string;
  details?: { name?: string; kind?: string; retryAfterSeconds?: number; causes?: { reason?: string; message?: string }[] };
}

export function failureOf(httpStatus: number, body: unknown, retryAfter: string | undefined): ApiFailure {
  const { reason, message = `HTTP ${httpStatus}`, details = {} } = (body !== null && typeof body === 'object' ? body : {}) as StatusBody;
  return {
    kind: 'answered',
    httpStatus,
    reason,
    message: String(message),
    causes: details.causes ?? [],
    about: details.name ?? details.kind,
    retryAfterMs: waitOf(Number(retryAfter ?? details.retryAfterSeconds)),
  };
}

/** Nobody may park us for longer than this. */
const MAX_RETRY_AFTER_S = 120;

const waitOf = (seconds: number): number | undefined => (seconds > 0 ? Math.min(seconds, MAX_RETRY_AFTER_S) * 1000 : undefined);

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller decides what a body that is not JSON means
  }
}

function queryText(query: ApiRequest['query']): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) if (value !== undefined && value !== '') params.set(key, String(value));
  const text = params.toString();
  return text ? `?${text}` : '';
}
