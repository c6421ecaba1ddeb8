import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AlertSink } from './ticker/sinks.js';
import type { Ticker } from './ticker/ticker.js';

export interface ControlServer {
  url: string;
  stop(): Promise<void>;
}

interface Controlled {
  ticker: Pick<Ticker, 'firing' | 'isActive'>;
  setSink(sink: AlertSink | undefined): Promise<void>;
}

interface Reply {
  status: number;
  body: unknown;
}

const maxBodyBytes = 64 * 1024;

async function readBody(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new SyntaxError(`the body is larger than ${String(maxBodyBytes)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sinkOf(value: unknown): AlertSink | undefined {
  if (value === null) return undefined;
  const { kind, url, token } = (value ?? {}) as Record<string, unknown>;
  if ((kind !== 'alertmanager' && kind !== 'webhook') || typeof url !== 'string' || !URL.canParse(url)) {
    throw new SyntaxError('a sink is {"kind": "webhook" | "alertmanager", "url": "http://…", "token"?: "…"} or null');
  }
  return kind === 'webhook' && typeof token === 'string' ? { kind, url, token } : { kind, url };
}

async function answer(request: http.IncomingMessage, controlled: Controlled): Promise<Reply> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const route = `${request.method ?? ''} ${url.pathname}`;
  if (route === 'GET /healthz') return { status: 200, body: { status: 'ok' } };
  if (route === 'GET /alerts') return { status: 200, body: controlled.ticker.firing() };
  if (route === 'POST /active') {
    const { alertname, labels } = JSON.parse(await readBody(request)) as { alertname?: string; labels?: Record<string, string> };
    return { status: 200, body: { active: controlled.ticker.isActive(alertname ?? '', labels ?? {}) ?? null } };
  }
  if (route !== 'PUT /sink') return { status: 404, body: { error: `no route ${route}; there are GET /healthz, GET /alerts, POST /active, PUT /sink` } };
  await controlled.setSink(sinkOf(JSON.parse(await readBody(request))));
  return { status: 200, body: { status: 'ok' } };
}

const failed = (error: unknown): Reply => ({
  status: error instanceof SyntaxError ? 400 : 500,
  body: { error: error instanceof Error ? error.message : String(error) },
});

/**
 * A small loopback door to a running sandbox: `GET /healthz`, `GET /alerts` (what fires), `POST /active`
 * `{alertname, labels}` → `{active: true | false | null}` (null: no such rule), `PUT /sink` (an AlertSink or null).
 * A browser page cannot use it: requests that carry an Origin are refused.
 */
export async function startControlServer(controlled: Controlled): Promise<ControlServer> {
  const server = http.createServer((request, response) => {
    const refused: Reply = { status: 403, body: { error: 'not for browsers' } };
    const reply = request.headers.origin === undefined ? answer(request, controlled).catch(failed) : Promise.resolve(refused);
    void reply.then(({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
