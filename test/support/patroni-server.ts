import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PatroniMember {
  name: string;
  state: string;
  timeline: number;
  lag: number | 'unknown';
  startedAt: string;
  replayedAt: string;
  received: number;
  replayed: number;
  isReplayPaused?: boolean;
  tags?: Record<string, unknown>;
}

/** What the next POST comes to, besides doing what it asks for: an answer of its own, none at all, or one that is lost. */
export type Mishap = { status: number; text: string } | 'hang' | 'reset' | 'done and lost' | 'other leader';

/**
 * Patroni's REST API over real HTTP, as far as we use it: every member listens on a loopback address of its own, on one port,
 * answers for the whole cluster, and does what it is asked for as Patroni does (a switchover is over when it is answered).
 */
export interface PatroniServer {
  port: number;
  members: PatroniMember[];
  leader: string | undefined;
  history: unknown[];
  isPaused: boolean;
  scheduled: object | undefined;
  auth: string | undefined;
  mishap: Mishap | undefined;
  /** Writes that took effect. */
  done: string[];
  /** Told after each of them, and when the cluster moved by itself. */
  onChange?: () => void;
  /** Every request, `POST /switchover 127.0.0.1`. */
  requests: string[];
  addressOf(member: string): string;
  stop(): Promise<void>;
}

export const memberOf = (name: string, more: Partial<PatroniMember> = {}): PatroniMember => ({
  name, state: 'running', timeline: 3, lag: 0, startedAt: '2026-02-01 08:00:00.123456+00:00', replayedAt: '2026-03-01 11:59:58.123456+00:00', received: 67_108_960, replayed: 67_108_960, ...more,
});

export async function startPatroni(names = ['db-0', 'db-1', 'db-2']): Promise<PatroniServer> {
  const servers: Server[] = [];
  const patroni: PatroniServer = {
    port: 0, members: names.map((name) => memberOf(name)), leader: names[0], history: [[2, 33_554_432, 'no recovery target specified', '2026-02-28T10:00:00.000000+00:00', names[0]]],
    isPaused: false, scheduled: undefined, auth: undefined, mishap: undefined, done: [], requests: [],
    addressOf: (member) => `127.0.0.${String(names.indexOf(member) + 1)}`,
    stop: async () => void (await Promise.all(servers.map((s) => new Promise<void>((resolve) => { s.closeAllConnections(); s.close(() => resolve()); })))),
  };
  for (const name of names) {
    const server = createServer((request, response) => void answer(patroni, name, request, response));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(patroni.port, patroni.addressOf(name), resolve));
    patroni.port = (server.address() as AddressInfo).port;
    servers.push(server);
  }
  return patroni;
}

async function answer(patroni: PatroniServer, self: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { method = '', url = '' } = request;
  patroni.requests.push(`${method} ${url} ${patroni.addressOf(self)}`);
  const say = ([status, body]: [number, unknown]): void => void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  if (method === 'GET') return say(read(patroni, self, url));
  if (patroni.auth && request.headers.authorization !== `Basic ${Buffer.from(patroni.auth).toString('base64')}`) return say([401, 'no auth header received']);
  const reply = post(patroni, () => write(patroni, self, url, JSON.parse(text || '{}') as Record<string, unknown>));
  if (reply === 'reset') request.socket.destroy();
  else if (reply !== 'hang') say(reply);
}

function post(patroni: PatroniServer, work: () => [number, string]): [number, string] | 'hang' | 'reset' {
  const { mishap } = patroni;
  patroni.mishap = undefined;
  if (mishap === 'hang' || mishap === 'reset') return mishap;
  if (typeof mishap === 'object') return [mishap.status, mishap.text];
  if (mishap === 'other leader') patroni.leader = patroni.members.at(-1)!.name;
  const reply = work();
  return mishap === 'done and lost' ? 'reset' : reply;
}

function read(patroni: PatroniServer, self: string, path: string): [number, unknown] {
  if (path === '/history') return [200, patroni.history];
  if (path === '/cluster') return [200, clusterOf(patroni)];
  if (path !== '/patroni') return [404, 'not found'];
  const m = patroni.members.find(({ name }) => name === self) ?? memberOf(self);
  const isLeader = self === patroni.leader;
  const xlog = isLeader ? { location: m.received } : { received_location: m.received, replayed_location: m.replayed, replayed_timestamp: m.replayedAt, paused: m.isReplayPaused ?? false };
  return [m.state === 'running' ? 200 : 503, { state: m.state, role: isLeader ? 'primary' : 'replica', timeline: m.timeline, postmaster_start_time: m.startedAt, xlog, patroni: { version: '3.3.2', scope: 'db', name: self } }];
}

function clusterOf({ members, leader, isPaused, scheduled }: PatroniServer): object {
  const shown = members.map(({ name, state, timeline, lag, tags }) => ({
    name, role: name === leader ? 'leader' : 'replica', state, timeline, host: 'db.example.com', api_url: 'http://203.0.113.9:1/patroni',
    ...(tags ? { tags } : {}), ...(name === leader ? {} : { lag }),
  }));
  return { members: shown, scope: 'db', ...(isPaused ? { pause: true } : {}), ...(scheduled ? { scheduled_switchover: scheduled } : {}) };
}

function write(patroni: PatroniServer, self: string, path: string, body: Record<string, unknown>): [number, string] {
  if (path === '/reinitialize') {
    const own = patroni.members.find((m) => m.name === self)!;
    if (self === patroni.leader) return [503, 'I am the leader, can not reinitialize'];
    if (own.state === 'creating replica') return [503, 'reinitialize already in progress'];
    own.state = 'creating replica';
    patroni.done.push(`reinitialize ${self}`);
    patroni.onChange?.();
    return [200, 'reinitialize started'];
  }
  if (path !== '/switchover') return [404, 'not found'];
  if (body.leader !== patroni.leader) return [412, 'leader name does not match'];
  const candidate = patroni.members.find((m) => m.name === body.candidate);
  if (!candidate) return [412, 'candidate does not exists'];
  patroni.leader = candidate.name;
  for (const m of patroni.members) m.timeline += 1;
  patroni.done.push(`switchover ${String(body.leader)} ${candidate.name}`);
  patroni.onChange?.();
  return [200, `Successfully switched over to "${candidate.name}"`];
}
