import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { lineText, linesOf, logOptionsOf } from './container-logs.js';
import type { LogLine, PodMemory } from './memory.js';
import { execServerOf } from './exec-server.js';
import { answerMetrics } from './metrics-api.js';
import type { World } from './world.js';

export interface KubeletServer {
  port: number;
  stop(): Promise<void>;
}

export interface KubeletServerDeps {
  certFile: string;
  keyFile: string;
  /** Set once the caches are filled; until then the server answers 503. */
  world(): World | undefined;
  memoryOf(uid: string): PodMemory | undefined;
  isNodeAlive(name: string): boolean;
  /** Looks at a pod soon. */
  touch(namespace: string, name: string): void;
}

const followEveryMs = 300;

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function follow(response: ServerResponse, first: LogLine[], read: () => LogLine[] | undefined, timestamps: boolean): void {
  let seen = new Set(first);
  const timer = setInterval(() => {
    const lines = read();
    if (!lines) return void response.end();
    for (const line of lines) if (!seen.has(line)) response.write(lineText(line, timestamps));
    seen = new Set(lines);
  }, followEveryMs);
  response.on('close', () => clearInterval(timer));
}

function missingLife(container: string, name: string, isPrevious: boolean): string {
  return isPrevious ? `previous terminated container "${container}" in pod "${name}" not found\n` : `container "${container}" in pod "${name}" is waiting to start\n`;
}

function serveLogs(url: URL, response: ServerResponse, world: World, deps: KubeletServerDeps): void {
  const [, , namespace = '', name = '', container = ''] = url.pathname.split('/');
  const pod = world.get('Pod', namespace, name);
  if (!pod) return sendText(response, 404, `pod "${name}" does not exist\n`);
  // what a connection to a dead kubelet looks like from the API server
  if (!deps.isNodeAlive(pod.spec.nodeName ?? '')) return void response.destroy();
  const options = logOptionsOf(url.searchParams, Date.now());
  const read = (): LogLine[] | undefined => linesOf(deps.memoryOf(pod.metadata.uid), container, options);
  const lines = read();
  if (!lines) return sendText(response, 400, missingLife(container, name, options.previous));
  const text = Buffer.from(lines.map((line) => lineText(line, options.timestamps)).join(''));
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write(text.subarray(0, options.limitBytes));
  if (url.searchParams.get('follow') === 'true') follow(response, lines, read, options.timestamps);
  else response.end();
}

const notFound = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
const unavailable = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'ServiceUnavailable', code: 503 };

function answer(request: IncomingMessage, response: ServerResponse, deps: KubeletServerDeps): void {
  const url = new URL(request.url ?? '/', 'https://localhost');
  const world = deps.world();
  if (url.pathname === '/healthz') return sendText(response, 200, 'ok');
  if (!world) return sendJson(response, 503, unavailable);
  if (url.pathname.startsWith('/containerLogs/')) return serveLogs(url, response, world, deps);
  if (!url.pathname.startsWith('/apis')) return sendJson(response, 404, notFound);
  const body = url.pathname === '/apis' ? { kind: 'APIGroupList', apiVersion: 'v1', groups: [] } : answerMetrics(url, world);
  sendJson(response, body ? 200 : 404, body ?? notFound);
}

/** One local HTTPS port plays the kubelet of every node (`/containerLogs`, `/exec`) and the metrics.k8s.io API. */
export async function startKubeletServer(deps: KubeletServerDeps): Promise<KubeletServer> {
  const options = { cert: readFileSync(deps.certFile), key: readFileSync(deps.keyFile) };
  const server = https.createServer(options, (request, response) => answer(request, response, deps));
  const exec = execServerOf(deps);
  const streams = new Set<Duplex>();
  server.on('upgrade', (request, socket) => {
    streams.add(socket.on('close', () => streams.delete(socket)));
    exec(request, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        // the server forgets connections that were upgraded
        for (const socket of streams) socket.destroy();
      }),
  };
}
