import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import type { ApiError} from './connection.js';
import { openConnection, type Connection } from './connection.js';
import { connectCluster } from './connect-cluster.js';
import { KINDS } from './kinds.js';
import { listPages } from './list-pages.js';

/** Answers no real API server can be told to give. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let connection: Connection;
let url: string;
let seen: string[];

const POD = KINDS.find((k) => k.kind === 'Pod')!;
const pod = (name: string, resourceVersion = '1') => ({ metadata: { name, namespace: 'shop', uid: name, resourceVersion } });
const json = (response: ServerResponse, status: number, body: unknown, headers = {}) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['user-agent']}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = new KubeConfig();
  config.loadFromString(kubeconfigText());
  connection = openConnection(config, { userAgent: 'kubernaut/test' });
});

afterEach(async () => {
  connection.close();
  server.closeAllConnections();
  server.close();
});

const kubeconfigText = () => JSON.stringify({
  apiVersion: 'v1', kind: 'Config', 'current-context': 'c',
  clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }], users: [{ name: 'u', user: {} }], contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
});

const failureOf = async (promise: Promise<unknown>) => ((await promise.catch((e: unknown) => e)) as ApiError).failure;

describe('requests', () => {
  it('that are never answered end in time, and say that they were sent', async () => {
    answer = () => {};
    expect(await failureOf(connection.request({ verb: 'patch', path: '/x', body: {}, timeoutMs: 100 }))).toMatchObject({ kind: 'transport', isSent: true, code: 'ETIMEDOUT' });
  });

  it('end after the time of the connection where they name none', async () => {
    answer = () => {};
    const config = new KubeConfig();
    config.loadFromString(kubeconfigText());
    const quick = openConnection(config, { userAgent: 'kubernaut/test', timeoutMs: 100 });
    expect(await failureOf(quick.request({ verb: 'create', path: '/x', body: {} }))).toMatchObject({ kind: 'transport', isSent: true, code: 'ETIMEDOUT' });
    quick.close();
  });

  it('whose connection breaks in the middle of the answer were sent', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{');
      setTimeout(() => response.destroy(), 20);
    };
    expect(await failureOf(connection.request({ verb: 'update', path: '/x', body: {} }))).toMatchObject({ kind: 'transport', isSent: true });
  });

  it('that are refused were not sent', async () => {
    server.close();
    expect(await failureOf(connection.request({ verb: 'create', path: '/x', body: {} }))).toMatchObject({ kind: 'transport', isSent: false, code: 'ECONNREFUSED' });
  });

  it.each([['a number', '7', 7_000], ['an enormous number', '99999999', 120_000], ['garbage', 'soon', undefined], ['nothing', undefined, undefined]])('with Retry-After %s', async (_name, header, ms) => {
    answer = (_, response) => json(response, 429, {}, header ? { 'retry-after': header } : {});
    expect(await failureOf(connection.request({ verb: 'get', path: '/x' }))).toMatchObject({ httpStatus: 429, retryAfterMs: ms });
  });

  it('answered by a proxy instead of Kubernetes', async () => {
    answer = (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>');
    expect(await failureOf(connection.request({ verb: 'get', path: '/x' }))).toMatchObject({ httpStatus: 502, message: 'HTTP 502' });
    answer = (_, response) => response.end('<html>log in</html>');
    expect(await failureOf(connection.request({ verb: 'patch', path: '/x', body: {} }))).toMatchObject({ kind: 'transport', isSent: true });
  });

  it('carry our User-Agent and are counted by verb', async () => {
    answer = (_, response) => json(response, 200, {});
    await connection.request({ verb: 'get', path: '/x', query: { a: '1', b: undefined } });
    await connection.request({ verb: 'patch', path: '/y', userAgent: 'kubernaut/test action=abc', body: {} });
    expect(seen).toEqual(['GET /x?a=1 kubernaut/test', 'PATCH /y kubernaut/test action=abc']);
    expect(connection.counts()).toMatchObject({ get: 1, patch: 1, list: 0 });
  });
});

describe('lists', () => {
  it('come page by page, with their kind put back', async () => {
    answer = (request, response) => {
      const next = new URL(request.url!, url).searchParams.get('continue');
      json(response, 200, { items: [pod(next ?? 'a')], metadata: next === 'c' ? { resourceVersion: '9' } : { continue: next ? 'c' : 'b' } });
    };
    const list = await listPages(connection, POD, (o) => o, 1);
    expect(list.items.map((o) => `${o.kind} ${o.metadata.name}`)).toEqual(['Pod a', 'Pod b', 'Pod c']);
    expect(list.metadata.resourceVersion).toBe('9');
  });

  it('start over in one piece when the snapshot expired', async () => {
    answer = (request, response) => {
      const { searchParams } = new URL(request.url!, url);
      if (searchParams.has('continue')) return json(response, 410, { reason: 'Expired' });
      return json(response, 200, { items: [pod('a')], metadata: searchParams.has('limit') ? { continue: 'gone' } : { resourceVersion: '9' } });
    };
    expect((await listPages(connection, POD, (o) => o, 1)).items).toHaveLength(1);
    expect(seen).toHaveLength(3);
  });
});

it('a watch that is told 410 lists again and forgets what is gone', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kubernaut-hostile-'));
  const kubeconfig = join(dir, 'config');
  writeFileSync(kubeconfig, kubeconfigText());
  let lists = 0;
  answer = (request, response) => {
    if (!request.url!.includes('/pods')) return json(response, 404, { kind: 'Status', code: 404 }); // the kill switch, which is followed beside
    if (!request.url!.includes('watch=true')) {
      lists++;
      return json(response, 200, { items: lists === 1 ? [pod('old')] : [pod('new')], metadata: { resourceVersion: String(lists) } });
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    if (lists > 1) return response.flushHeaders();
    return response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410 } })}\n`);
  };
  const cluster = await connectCluster({ name: 'c', kubeconfig, userAgentVersion: 'test', exclude: KINDS.map((k) => k.kind).filter((k) => k !== 'Pod'), retryDelayMs: 10 });
  try {
    await cluster.waitFor((w) => (w.get('Pod', 'shop', 'new') && !w.get('Pod', 'shop', 'old') ? true : undefined), AbortSignal.timeout(5_000));
    expect(cluster.isHealthy()).toBe(true);
    expect(seen.filter((line) => line.includes('watch=true')).every((line) => line.endsWith('kubernaut/test') && line.includes('allowWatchBookmarks=true'))).toBe(true);
  } finally {
    await cluster.close();
    rmSync(dir, { recursive: true });
  }
});
