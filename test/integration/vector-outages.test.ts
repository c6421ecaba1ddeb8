import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../src/adapters/postgres/database.js';
import { connectVectors, type BackendId } from '../../src/adapters/vectors/connect-vectors.js';
import type { VectorIndex } from '../../src/domain/ports.js';
import { freePort } from '../support/postgres-server.js';
import { DIMENSIONS, incidentFor } from '../support/vectors/contract.js';
import { redisServer } from '../support/vectors/redis-server.js';

const EMBEDDER = { id: 'test/8', dimensions: DIMENSIONS };
const VECTOR = [1, 0, 0, 0, 0, 0, 0, 0];
const KEY = 'a-key-nobody-may-see';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function index(backend: BackendId, url: string, more: { timeoutMs?: number; apiKey?: string } = {}): VectorIndex {
  const made = connectVectors({ backend, url, apiKey: KEY, collection: 'kubernaut', timeoutMs: 2000, ...more }, { database: undefined as never, embedder: EMBEDDER });
  closing.push(() => made.close());
  return made;
}

/** A server of its own on loopback that answers everything alike. */
async function http(answer: (response: ServerResponse) => unknown): Promise<string> {
  const server = createServer((_, response) => void answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function tcp(reply: string | undefined): Promise<string> {
  const server: Server = createTcpServer((socket) => socket.on('error', () => undefined).on('data', () => (reply === undefined ? socket.destroy() : socket.write(reply)))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function failureOf(made: VectorIndex): Promise<{ code: string; message: string; details: Record<string, unknown> }> {
  const failures = await Promise.all([made.nearest(VECTOR, { limit: 3 }), made.put(incidentFor('r-1'), VECTOR), made.health(), made.count()].map((p: Promise<unknown>) => p.then(() => undefined, (e: unknown) => e as never)));
  const codes = new Set(failures.map((f: any) => f?.code));
  expect([...codes]).toHaveLength(1); // every way in fails alike
  for (const failure of failures) expect(`${String(failure)} ${JSON.stringify(failure)}`).not.toContain(KEY);
  return failures[0] as never;
}

const json = (status: number, body: unknown, headers = {}) => (response: ServerResponse) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

describe.each(['pinecone', 'weaviate'] as const)('%s', (backend) => {
  it('is unavailable when nothing listens', async () => {
    expect((await failureOf(index(backend, `http://127.0.0.1:${await freePort()}`))).code).toBe('VectorsUnavailable');
  });

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['never answers', () => undefined],
    ['stops in the middle of its answer', (response) => response.writeHead(200, { 'content-length': '100' }).write('{"a":')],
    ['goes away while it answers', (response) => response.destroy()],
    ['answers HTML', (response) => response.end('<html>welcome</html>')],
    ['answers without end', (response) => flood(response)],
    ['answers 500', json(500, { error: KEY })],
    ['answers 503', json(503, {})],
  ])('is unavailable when it %s', async (_, answer) => {
    expect(await failureOf(index(backend, await http(answer), { timeoutMs: 300 }))).toMatchObject({ code: 'VectorsUnavailable' });
  });

  it.each([
    ['7', 7000],
    ['999999', undefined],
    ['soon', undefined],
  ])('says when to come back when it is asked too often: retry-after %s', async (retryAfter, retryAfterMs) => {
    const failure = await failureOf(index(backend, await http(json(429, {}, { 'retry-after': retryAfter }))));
    expect(failure.code).toBe('VectorsUnavailable');
    expect(failure.details.retryAfterMs).toBe(retryAfterMs);
  });

  it.each([
    [401, /check vectors.apiKey/],
    [403, /check vectors.apiKey/],
    [400, /check vectors.url/],
    [413, /check vectors.url/],
  ])('is refused by HTTP %i, with what to look at', async (status, message) => {
    expect(await failureOf(index(backend, await http(json(status, { message: `no, ${KEY}` }))))).toMatchObject({ code: 'VectorsRejected', message: expect.stringMatching(message) });
  });

  it('does not follow a redirect with its key', async () => {
    let others = 0;
    const elsewhere = await http((response) => (others++, json(200, {})(response)));
    const failure = await failureOf(index(backend, await http((response) => response.writeHead(307, { location: elsewhere }).end())));
    expect(failure).toMatchObject({ code: 'VectorsRejected', message: expect.stringContaining('sends us elsewhere') });
    expect(others).toBe(0);
  });

  it.each([[null], ['text'], [[]], [{}], [{ matches: 'none', data: { Get: 'x' } }], [{ matches: [null, 7, { score: 'near', metadata: null }], data: { Get: { Kubernaut: [null, 7, { document: 7 }] } } }]])(
    'takes nothing from an answer like %j', async (body) => {
      const found = await index(backend, await http(json(200, body))).nearest(VECTOR, { limit: 3 }).catch((e: { code: string }) => e.code);
      expect([[], 'VectorsRejected']).toContainEqual(found);
    });
});

async function flood(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  const part = `"${'x'.repeat(64 * 1024)}`;
  for (let i = 0; i < 200 && !response.destroyed; i++) if (!response.write(part)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
}

it('Weaviate: an error of GraphQL, which comes with HTTP 200, is a refusal', async () => {
  const url = await http(json(200, { data: { Get: { Kubernaut: null } }, errors: [{ message: "vector lengths don't match" }] }));
  expect(await failureOf(index('weaviate', url))).toMatchObject({ code: 'VectorsRejected' });
});

describe('redis', () => {
  it('is unavailable when nothing listens', async () => {
    expect((await failureOf(index('redis', `redis://127.0.0.1:${await freePort()}`))).code).toBe('VectorsUnavailable');
  });

  it.each([
    ['goes away at once', undefined],
    ['does not speak the protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['never answers', ''],
  ])('is unavailable when it %s', async (_, reply) => {
    expect((await failureOf(index('redis', await tcp(reply), { timeoutMs: 300 }))).code).toBe('VectorsUnavailable');
  });

  it.each([
    ['LOADING Redis is loading the dataset in memory', 'VectorsUnavailable'],
    ['OOM command not allowed when used memory > maxmemory.', 'VectorsUnavailable'],
    ["NOPERM this user has no permissions to run the 'ft.search' command", 'VectorsRejected'],
    ['ERR something of its own', 'VectorsRejected'],
  ])('answers %s: %s', async (error, code) => {
    const server = await redisServer({ instead: { COMMAND: { error } } });
    closing.push(() => server.close());
    expect((await failureOf(index('redis', server.url, { apiKey: undefined }))).code).toBe(code);
  });

  it('says that the password is wrong', async () => {
    const server = await redisServer({ password: 'another' });
    closing.push(() => server.close());
    expect(await failureOf(index('redis', server.url))).toMatchObject({ code: 'VectorsRejected', message: expect.stringContaining('check vectors.username, vectors.apiKey') });
  });

  it('says that the server has no search', async () => {
    const server = await redisServer({ hasSearch: false });
    closing.push(() => server.close());
    expect(await failureOf(index('redis', server.url, { apiKey: undefined }))).toMatchObject({ code: 'VectorsRejected', message: expect.stringContaining('use Redis 8') });
  });

  it('does not wait for a server that fell silent, and goes on when it speaks again', async () => {
    const server = await redisServer();
    closing.push(() => server.close());
    const made = index('redis', server.url, { apiKey: undefined, timeoutMs: 300 });
    await made.put(incidentFor('r-1'), VECTOR);
    server.isSilent = true;
    await expect(made.nearest(VECTOR, { limit: 3 })).rejects.toMatchObject({ code: 'VectorsUnavailable' });
    server.isSilent = false;
    expect(await made.nearest(VECTOR, { limit: 3 })).toHaveLength(1);
  });

  it('makes the index again when it was lost', async () => {
    const server = await redisServer();
    closing.push(() => server.close());
    const made = index('redis', server.url, { apiKey: undefined });
    const other = index('redis', server.url, { apiKey: undefined });
    await made.put(incidentFor('r-1'), VECTOR);
    await other.clear();
    await expect(made.nearest(VECTOR, { limit: 3 })).rejects.toMatchObject({ code: 'VectorsRejected' });
    expect(await made.nearest(VECTOR, { limit: 3 })).toEqual([]);
  });
});

it('pgvector: our own database out of reach is what the store says', async () => {
  const database = await openDatabase({ kind: 'pglite', dataDir: 'memory://' });
  const made = connectVectors({ backend: 'pgvector', collection: 'kubernaut', timeoutMs: 1000 }, { database, embedder: EMBEDDER });
  await database.close();
  await expect(made.nearest(VECTOR, { limit: 3 })).rejects.toMatchObject({ code: 'StoreUnavailable' });
}, 60_000);

it.each<[BackendId, { url?: string; apiKey?: string }, RegExp]>([
  ['pinecone', {}, /vectors.url is missing/],
  ['pinecone', { url: 'https://x.example' }, /vectors.apiKey is missing/],
  ['pinecone', { url: 'http://x.example', apiKey: KEY }, /in clear/],
  ['weaviate', { url: 'ftp://x:secret@example' }, /no address of weaviate/],
  ['redis', { url: 'localhost:6379' }, /no address of redis/],
])('%s with %j is not configured', (backend, options, message) => {
  const connect = () => connectVectors({ backend, collection: 'k', timeoutMs: 1, ...options }, { database: undefined as never, embedder: EMBEDDER });
  expect(connect).toThrow(message);
  expect(connect).not.toThrow(/secret/);
});
