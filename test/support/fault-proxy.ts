import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { answerOf, isAnswerFault, type AnswerFault } from './fault-answers.js';

/** What can go wrong between us and an API server. */
export type Fault =
  | AnswerFault
  /** Accepted, never answered, not done. */
  | 'hang'
  /** Done, and the connection breaks before the answer. */
  | 'reply lost'
  /** Done, and half of the answer arrives. */
  | 'truncated'
  /** The connection breaks before anything is done. */
  | 'reset'
  /** A read answers an older version of the object. */
  | 'stale read';

export const FAULTS: readonly Fault[] = ['conflict', 'throttled', 'budget', 'error', 'unavailable', 'hang', 'reply lost', 'truncated', 'stale read', 'reset'];

/** One request that passed: watches and lists aside. */
export interface Call {
  at: number;
  method: string;
  /** Without query. */
  path: string;
  /** Hash of the action that writes, from the User-Agent; reads carry none. */
  action: string | undefined;
  /** A write that would take effect: no dry run, no event, no review. */
  isWrite: boolean;
  /** A live read of one object. */
  isRead: boolean;
  fault?: Fault;
  /** When and what the API server answered; undefined when it was not asked. */
  status?: number;
  /** When the client had its answer, or its connection was broken. */
  endedAt?: number;
}

export interface Rule {
  fault: Fault;
  /** Which calls count. `stale read` counts live reads, every other fault writes. */
  of: (call: Call) => boolean;
  /** From 1. Default 1. */
  nth?: number;
}

export interface Armed {
  /** The call that was hit. */
  hit: Call | undefined;
  disarm(): void;
}

/** Where a request can be held: seen but not forwarded, or done but not answered. */
export type Moment = 'before' | 'after';

export interface FaultProxy {
  /** A copy of a kubeconfig that leads here; gives its path. Whoever brings a token stays who he is, anybody else is who owns the proxy. */
  lead(kubeconfig: string): string;
  calls: Call[];
  arm(rule: Rule): Armed;
  /** Asked for every effective write at both moments; it goes on when the promise resolves. A client that is gone by then gets nothing done. */
  onWrite?: (call: Call, moment: Moment) => Promise<void> | void;
  close(): Promise<void>;
}

export interface FaultProxyOptions {
  /** Where the API server is, and who touches objects to make answers old ones: an administrator. */
  kubeconfig: string;
  pkiDir: string;
  /** Where kubeconfigs that lead here are written. */
  dir: string;
}

interface Exchange {
  call: Call;
  req: http.IncomingMessage;
  res: http.ServerResponse;
  body: Buffer;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

interface Upstream {
  base: URL;
  /** A certificate would win over the token of whoever brings one. */
  agentFor(headers: http.IncomingHttpHeaders): https.Agent;
  close(): void;
}

const SERIAL = { next: 0 };
const HASH = /action=([0-9a-f]+)/;
/** Hop-by-hop, or ours to decide. */
const OWN_HEADERS = ['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding'];

/** Stands between our adapter and a real API server with its own serving certificate; re-presents the credentials and keeps the User-Agent. */
export async function startFaultProxy({ kubeconfig, pkiDir, dir }: FaultProxyOptions): Promise<FaultProxy> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const upstream = await upstreamOf(config);
  const sockets = new Set<Socket | TLSSocket>();
  const versions = versionsOf(upstream);
  const rules = new Set<{ rule: Rule; seen: number; armed: Armed }>();
  const calls: Call[] = [];

  const faultOf = (call: Call): Fault | undefined => {
    for (const one of rules) {
      if (one.armed.hit || !(one.rule.fault === 'stale read' ? call.isRead : call.isWrite) || !one.rule.of(call)) continue;
      if (++one.seen !== (one.rule.nth ?? 1)) continue;
      one.armed.hit = call;
      return one.rule.fault;
    }
    return undefined;
  };

  const serve = async (req: http.IncomingMessage, res: http.ServerResponse): Promise<void> => {
    if (isStream(req)) return stream(upstream, req, res);
    const call = callOf(req);
    const exchange = { call, req, res, body: await bodyOf(req) };
    if (call.isWrite || call.isRead) calls.push(call);
    res.on('close', () => (call.endedAt = Date.now()));
    call.fault = faultOf(call);
    if (call.isWrite) await proxy.onWrite?.(call, 'before');
    if (res.closed || req.socket.destroyed) return; // its client died while it was held: it never arrived
    await play(exchange, upstream, versions, () => proxy.onWrite?.(call, 'after'));
  };

  const server = https.createServer({ cert: readFileSync(join(pkiDir, 'server.crt')), key: readFileSync(join(pkiDir, 'server.key')) }, (req, res) => {
    serve(req, res).catch(() => req.socket.destroy()); // the API server broke off: so do we
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (req: http.IncomingMessage, socket: Socket, head: Buffer) => {
    const call = { ...callOf(req), isWrite: true };
    calls.push(call);
    call.fault = faultOf(call);
    tunnel(call, { req, socket, head }, upstream, (moment) => proxy.onWrite?.(call, moment)).catch(() => socket.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const here = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  const proxy: FaultProxy = {
    calls,
    lead(path) {
      const copy = join(dir, `fault-proxy-${String(++SERIAL.next)}.kubeconfig`);
      writeFileSync(copy, readFileSync(path, 'utf8').replaceAll(config.getCurrentCluster()!.server, here), { mode: 0o600 });
      return copy;
    },
    arm(rule) {
      const armed: Armed = { hit: undefined, disarm: () => void rules.delete(entry) };
      const entry = { rule, seen: 0, armed };
      rules.add(entry);
      return armed;
    },
    async close() {
      sockets.forEach((socket) => socket.destroy());
      upstream.close();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

async function upstreamOf(config: KubeConfig): Promise<Upstream> {
  const tls: https.RequestOptions = {};
  await config.applyToHTTPSOptions(tls);
  const { ca, cert, key, rejectUnauthorized } = tls;
  const owner = new https.Agent({ keepAlive: true, ca, cert, key, rejectUnauthorized });
  const nobody = new https.Agent({ keepAlive: true, ca, rejectUnauthorized });
  return {
    base: new URL(config.getCurrentCluster()!.server),
    agentFor: ({ authorization }) => (authorization === undefined ? owner : nobody),
    close: () => [owner, nobody].forEach((agent) => agent.destroy()),
  };
}

const urlOf = (req: http.IncomingMessage): URL => new URL(req.url ?? '/', 'https://proxy');

const isStream = (req: http.IncomingMessage): boolean => {
  const query = urlOf(req).searchParams;
  return query.get('watch') === 'true' || query.get('follow') === 'true';
};

function callOf(req: http.IncomingMessage): Call {
  const { pathname: path, searchParams } = urlOf(req);
  const method = req.method ?? 'GET';
  const isMutating = method !== 'GET' && method !== 'HEAD';
  return {
    at: Date.now(), method, path,
    action: HASH.exec(req.headers['user-agent'] ?? '')?.[1],
    isWrite: isMutating && !searchParams.has('dryRun') && !/^\/apis\/(events|authorization)\.k8s\.io\//.test(path),
    isRead: method === 'GET' && namedObject(path) !== undefined && !path.endsWith('/log'),
  };
}

/** Path of the object (without its subresource) that a path names; undefined for collections and discovery. */
export function namedObject(path: string): string | undefined {
  const [, root, rest] = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)\/(.+)$/.exec(path) ?? [];
  if (!root || !rest) return undefined;
  const parts = rest.split('/');
  const named = parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(0, 4) : parts.slice(0, 2);
  return named.length % 2 === 0 ? `${root}/${named.join('/')}` : undefined;
}

async function bodyOf(req: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Plays one request with its fault, if it has one. */
async function play(exchange: Exchange, upstream: Upstream, versions: Versions, beforeReply: () => Promise<void> | void): Promise<void> {
  const { call, req, res } = exchange;
  if (call.fault === 'reset') return void req.socket.destroy();
  if (call.fault === 'hang') return; // until the client gives up, or the proxy closes
  if (isAnswerFault(call.fault)) {
    const { status, headers, body } = answerOf(call.fault, call.path);
    call.status = status;
    return void res.writeHead(status, headers).end(body);
  }
  const answer = await forward(exchange, upstream);
  call.status = answer.status;
  if (call.isWrite) await beforeReply();
  if (res.closed) return;
  if (call.fault === 'reply lost') return void req.socket.destroy();
  const isStale = call.fault === 'stale read';
  if (!isStale) versions.note(call.path, answer);
  deliver(exchange, answer, isStale ? await versions.older(call.path, answer) : answer.body);
}

function deliver({ call, req, res }: Exchange, { status, headers }: Answer, body: Buffer): void {
  res.writeHead(status, { ...without(headers), 'content-length': body.length });
  if (call.fault !== 'truncated') return void res.end(body);
  res.write(body.subarray(0, Math.floor(body.length / 2)), () => setTimeout(() => req.socket.destroy(), 20));
}

const without = (headers: http.IncomingHttpHeaders): http.OutgoingHttpHeaders => Object.fromEntries(Object.entries(headers).filter(([key]) => !OWN_HEADERS.includes(key)));

const optionsFor = (req: http.IncomingMessage, { base, agentFor }: Upstream): https.RequestOptions => ({
  method: req.method, host: base.hostname, port: base.port, path: req.url, agent: agentFor(req.headers), headers: without(req.headers),
});

function forward({ req, body }: Exchange, upstream: Upstream): Promise<Answer> {
  const options = optionsFor(req, upstream);
  return new Promise((resolve, reject) => {
    const request = https.request({ ...options, headers: { ...options.headers, ...(body.length > 0 ? { 'content-length': body.length } : {}) } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** A watch goes through as it comes. */
function stream(upstream: Upstream, req: http.IncomingMessage, res: http.ServerResponse): void {
  const request = https.request(optionsFor(req, upstream), (response) => {
    res.writeHead(response.statusCode ?? 502, without(response.headers));
    res.flushHeaders();
    response.on('error', () => res.destroy()).pipe(res);
  });
  request.on('error', () => res.destroy()).end();
  res.on('close', () => request.destroy());
}

interface Versions {
  note(path: string, answer: Answer): void;
  /** An older version of what was just read. Where none was seen yet the object is touched, which makes the answer one. */
  older(path: string, answer: Answer): Promise<Buffer>;
}

function versionsOf(upstream: Upstream): Versions {
  const seen = new Map<string, { version: string; uid: string; body: Buffer }[]>();
  const read = ({ status, body }: Answer): { version: string; uid: string } | undefined => {
    if (status !== 200) return undefined;
    const { metadata } = JSON.parse(body.toString('utf8')) as { metadata?: { resourceVersion?: string; uid?: string } };
    return metadata?.resourceVersion ? { version: metadata.resourceVersion, uid: metadata.uid ?? '' } : undefined;
  };
  const touch = (path: string): Promise<Answer> => {
    const body = Buffer.from(JSON.stringify({ metadata: { annotations: { 'example.com/touched': String(Date.now()) } } }));
    const req = { method: 'PATCH', url: namedObject(path), headers: { 'content-type': 'application/merge-patch+json', 'user-agent': 'somebody' } };
    return forward({ req: req as unknown as http.IncomingMessage, res: undefined as never, call: undefined as never, body }, upstream);
  };
  return {
    note(path, answer) {
      const now = namedObject(path) === undefined ? undefined : read(answer);
      if (now) seen.set(path, [...(seen.get(path) ?? []).slice(-3), { ...now, body: answer.body }]);
    },
    async older(path, answer) {
      const now = read(answer);
      if (!now) return answer.body;
      const old = seen.get(path)?.find((one) => one.uid === now.uid && one.version !== now.version);
      if (old) return old.body;
      await touch(path);
      return answer.body;
    },
  };
}

interface Near {
  req: http.IncomingMessage;
  socket: Socket;
  head: Buffer;
}

/** exec and its like: a raw line after the handshake. */
async function tunnel(call: Call, near: Near, { base, agentFor }: Upstream, hold: (moment: Moment) => Promise<void> | void): Promise<void> {
  const { req, socket, head } = near;
  socket.on('error', () => socket.destroy()).on('close', () => (call.endedAt = Date.now()));
  await hold('before');
  if (socket.destroyed) return;
  if (call.fault === 'hang') return;
  if (call.fault === 'reset') return void socket.destroy();
  if (isAnswerFault(call.fault)) {
    const { status, headers, body } = answerOf(call.fault, call.path);
    call.status = status;
    const lines = Object.entries({ ...headers, 'content-length': String(body.length), connection: 'close' }).map(([key, value]) => `${key}: ${value}\r\n`);
    return void socket.end(`HTTP/1.1 ${String(status)} ${http.STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body.toString('utf8')}`);
  }
  const far = tlsConnect({ host: base.hostname, port: Number(base.port), ...(agentFor(req.headers).options as object), ALPNProtocols: ['http/1.1'] });
  far.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  socket.on('close', () => far.destroy());
  await once(far, 'secureConnect');
  const headers = { ...req.headers, host: base.host };
  far.write(`${String(req.method)} ${String(req.url)} HTTP/1.1\r\n${Object.entries(headers).map(([key, value]) => `${key}: ${String(value)}\r\n`).join('')}\r\n`);
  far.write(head);
  call.status = 101;
  socket.pipe(far);
  await hold('after');
  if (call.fault) return void setTimeout(() => socket.destroy(), 500); // it runs over there, and nobody hears of it
  far.pipe(socket);
}
