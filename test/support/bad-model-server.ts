import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ModelCall {
  body: any;
  turn: number;
  headers: IncomingMessage['headers'];
  /** With its query. */
  path: string;
}

export type Behaviour = (call: ModelCall, reply: ServerResponse) => void;

export interface BadModelServer {
  /** `origin` + /v1: the base URL of what speaks chat completions. */
  endpoint: string;
  origin: string;
  bodies: any[];
  calls: ModelCall[];
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** A model server that does whatever a test tells it to, on 127.0.0.1 and a free port; with a certificate over TLS. */
export async function startBadModelServer(tls?: { cert: string; key: string }): Promise<BadModelServer> {
  let behaviour: Behaviour = (_request, reply) => void reply.writeHead(500).end();
  const bodies: any[] = [];
  const calls: ModelCall[] = [];
  const listen: RequestListener = (request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const body: unknown = request.headers['content-type']?.includes('urlencoded') ? text : JSON.parse(text || 'null');
      bodies.push(body);
      const call = { body, turn: bodies.length - 1, headers: request.headers, path: request.url ?? '' };
      calls.push(call);
      behaviour(call, reply);
    });
  };
  const server: Server = tls ? createTlsServer(tls, listen) : createServer(listen);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    endpoint: `${origin}/v1`,
    bodies,
    calls,
    behave(next) {
      behaviour = next;
      bodies.length = 0;
      calls.length = 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const completion = (content: string | null, more: object = {}): string =>
  JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content, ...more }, finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 2 } });

export const json = (text: string, status = 200, headers: Record<string, string> = {}): Behaviour => (_request, reply) =>
  void reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);

/** What any server can do wrong below its own format. */
export const BROKEN: Readonly<Record<string, Behaviour>> = {
  'accepts and never answers': () => undefined,
  'a byte at a time': (_call, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => reply.write(' '), 20).unref();
    reply.on('close', () => clearInterval(timer));
  },
  'resets before the answer': (_call, reply) => void reply.socket?.destroy(),
  'resets in the middle of the body': (_call, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    reply.write('{"id":"x",', () => reply.socket?.destroy());
  },
  'headers without end': (_call, reply) => {
    reply.socket?.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => reply.socket?.write('x-pad: y\r\n'), 20).unref();
    reply.socket?.on('close', () => clearInterval(timer));
  },
  'no HTTP at all': (_call, reply) => void reply.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'),
};
