import type { Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, webhookOf } from '../../test/support/gateway.js';
import { headOf, openRaw, postOf, rawExchange, until, type RawConnection } from '../../test/support/raw-http.js';
import { startGateway, type RunningGateway } from './server.js';

const memory = memoryStore();
const engine = memoryTemporal();
let gateway: RunningGateway;
const body = () => JSON.stringify(webhookOf(alertOf()));
const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;
const taken = () => memory.state.signals.size;

const start = (prepare: (server: Server & { connectionsCheckingInterval?: number }) => void = () => undefined) =>
  startGateway(gatewayDeps({ ...memory, ...engine }, { 'gateway.rateLimit.requests': 10_000 }), { extend: (app) => prepare(app.server as Server) });

beforeAll(async () => {
  gateway = await start();
});
afterAll(() => gateway.close());
beforeEach(() => memory.state.signals.clear());

describe('slow clients', () => {
  let hasty: RunningGateway;
  /** As in production, a hundred times faster. */
  beforeAll(async () => {
    hasty = await start((server) => Object.assign(server, { requestTimeout: 150, headersTimeout: 100, connectionsCheckingInterval: 20, timeout: 400, keepAliveTimeout: 200 }));
  });
  afterAll(() => hasty.close());

  /** Goes on with these bytes for ever, whatever the other side says. Returns how to stop. */
  function dribble({ write }: RawConnection, bytes: string): () => void {
    const timer = setInterval(() => write(bytes), 10);
    return () => clearInterval(timer);
  }

  it.each<[string, string, string]>([
    ['a header now and then', 'POST /alerts HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n'],
    ['half a request line and no more', 'POST /al', ''],
    ['a body byte by byte', headOf({ 'Content-Length': '1000000' }), ' '],
    ['a body that never comes', headOf({ 'Content-Length': '10' }), ''],
    ['chunks of one byte', headOf({ 'Transfer-Encoding': 'chunked' }), '1\r\n \r\n'],
    ['a chunk that never ends', `${headOf({ 'Transfer-Encoding': 'chunked' })}fffff\r\n`, ' '],
    ['a body byte by byte without a token', headOf({ 'Content-Length': '1000000', Authorization: '' }), ' '],
    ['a body byte by byte to nowhere', headOf({ 'Content-Length': '10000', Connection: 'keep-alive' }, { path: '/nowhere' }), ' '],
  ])('are cut: %s', async (what, first, then) => {
    const connection = await openRaw(hasty.port);
    connection.write(first);
    const stop = dribble(connection, then);
    const answers = await connection.closed;
    // 503: whoever is slow today may be taken tomorrow. A bad token is refused before the body is waited for.
    expect(answers.map((a) => a.status)).toEqual([what.includes('without a token') ? 401 : 503]);
    expect(answers[0]!.headers['content-type']).toContain('application/problem+json');
    if (answers[0]!.status === 503) expect(Number(answers[0]!.headers['retry-after'])).toBeGreaterThan(0);
    // Though the client goes on.
    await until('all connections are gone', async () => (await connectionsOf(hasty)) === 0);
    stop();
    connection.socket.destroy();
    expect(taken()).toBe(0);
  });

  it('who say nothing at all are cut, too', async () => {
    const connection = await openRaw(hasty.port);
    await connection.closed;
    await until('all connections are gone', async () => (await connectionsOf(hasty)) === 0);
    connection.socket.destroy();
  });

  it('do not keep others from being served', async () => {
    const slow = await Promise.all(Array.from({ length: 50 }, () => openRaw(gateway.port)));
    slow.forEach(({ write }) => write(headOf({ 'Content-Length': '5000' })));
    expect((await rawExchange(gateway.port, postOf(body()))).map((a) => a.status)).toEqual([202]);
    slow.forEach(({ socket }) => socket.destroy());
  });
});

const connectionsOf = ({ app }: RunningGateway): Promise<number> => new Promise((resolve, reject) => app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))));

describe('too many connections', () => {
  it('are closed without an answer, which every sender repeats; those that are open are served', async () => {
    const small = await start((server) => (server.maxConnections = 3));
    const open = await Promise.all([1, 2, 3].map(() => openRaw(small.port)));
    await until('all three are there', async () => (await connectionsOf(small)) === 3);
    expect(await rawExchange(small.port, postOf(body()))).toEqual([]);
    open[0]!.write(postOf(body()));
    expect((await open[0]!.closed).map((a) => a.status)).toEqual([202]);
    open.forEach(({ socket }) => socket.destroy());
    await until('there is room again', async () => (await connectionsOf(small)) === 0);
    expect((await rawExchange(small.port, postOf(body()))).map((a) => a.status)).toEqual([202]);
    await small.close();
  });
});

describe('pipelining', () => {
  const keep = { Connection: 'keep-alive' };

  it('is answered in order', async () => {
    const bad = postOf('{', keep);
    const answers = await rawExchange(gateway.port, Buffer.concat([postOf(body(), keep), bad, postOf(body(), { ...keep, Authorization: 'Bearer no' }), postOf(webhook(), keep), postOf(body())]));
    // A body that cannot be parsed ends the connection: what follows it is not believed.
    expect([[202, 400], [202, 400, 401, 200, 202]]).toContainEqual(answers.map((a) => a.status));
    const good = await rawExchange(gateway.port, Buffer.concat([postOf(body(), keep), postOf(webhook(), keep), postOf(body())]));
    expect(good.map((a) => a.status)).toEqual([202, 200, 202]);
  });

  it('never gives garbage the answer of the request before it', async () => {
    let go: () => void = () => undefined;
    const dispatch = engine.temporal.dispatch.bind(engine.temporal);
    engine.temporal.dispatch = async (...args) => {
      await new Promise<void>((resolve) => (go = resolve));
      return dispatch(...args);
    };
    const slow = await start();
    try {
      const connection = await openRaw(slow.port);
      const { calls } = engine.state;
      connection.write(Buffer.concat([postOf(body(), keep), Buffer.from('GARBAGE\r\n\r\n')]));
      const closed = await connection.closed;
      // Closed without an answer, which is repeated; a 400 would have been taken for the end of the first.
      expect(closed).toEqual([]);
      await until('the first is under way', () => taken() > 0 || engine.state.calls >= calls);
      connection.socket.destroy();
    } finally {
      engine.temporal.dispatch = dispatch;
      const release = setInterval(() => go(), 10);
      await slow.close();
      clearInterval(release);
    }
  });

  const webhook = (): string => JSON.stringify(webhookOf());
});

describe('requests that two servers would read differently', () => {
  const second = postOf(body()).toString();
  const te = (value: string, more: Record<string, string> = {}) => headOf({ 'Transfer-Encoding': value, ...more });
  const lines = (...extra: string[]) => headOf({}).replace(/\r\n\r\n$/, `\r\n${extra.join('\r\n')}\r\n\r\n`);

  it.each<[string, string]>([
    ['Content-Length and Transfer-Encoding', `${te('chunked', { 'Content-Length': '5' })}0\r\n\r\n${second}`],
    ['Transfer-Encoding and Content-Length', `${lines('Transfer-Encoding: chunked', 'Content-Length: 0')}${chunked('{}')}${second}`],
    ['two Content-Lengths', `${lines('Content-Length: 2', 'Content-Length: 40')}{}${second}`],
    ['two Content-Lengths that agree', `${lines('Content-Length: 2', 'Content-Length: 2')}{}${second}`],
    ['a list of Content-Lengths', `${lines('Content-Length: 2, 2')}{}${second}`],
    ['a negative Content-Length', `${lines('Content-Length: -1')}{}${second}`],
    ['a Content-Length with a sign', `${lines('Content-Length: +2')}{}${second}`],
    ['a Content-Length in hex', `${lines('Content-Length: 0x2')}{}${second}`],
    ['a Content-Length beyond numbers', `${lines('Content-Length: 99999999999999999999999')}{}${second}`],
    ['a Content-Length of nothing', `${lines('Content-Length: ')}{}${second}`],
    ['chunked twice', `${te('chunked, chunked')}${chunked('{}')}${second}`],
    ['chunked, then something', `${te('chunked, identity')}${chunked('{}')}${second}`],
    ['identity', `${te('identity')}${chunked('{}')}${second}`],
    ['a coding nobody knows', `${te('xchunked')}${chunked('{}')}${second}`],
    ['chunked after a tab and a word', `${te('\tx chunked')}${chunked('{}')}${second}`],
    ['two Transfer-Encodings', `${lines('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}${chunked('{}')}${second}`],
    ['a blank before the colon', `${lines('Transfer-Encoding : chunked')}${chunked('{}')}${second}`],
    ['a folded header', `${lines('X-A: b', ' Transfer-Encoding: chunked')}${chunked('{}')}${second}`],
    ['a header without a name', `${lines(': x')}${second}`],
    ['a NUL in a header', `${lines('X-A: a\0b')}${second}`],
    ['a carriage return alone', `${lines('X-A: a\rTransfer-Encoding: chunked')}${chunked('{}')}${second}`],
    ['a chunk size with a sign', `${te('chunked')}-2\r\n{}\r\n0\r\n\r\n${second}`],
    ['a chunk size with 0x', `${te('chunked')}0x2\r\n{}\r\n0\r\n\r\n${second}`],
    ['a chunk size beyond numbers', `${te('chunked')}fffffffffffffffff\r\n{}\r\n0\r\n\r\n${second}`],
    ['a chunk size that is no number', `${te('chunked')}zz\r\n{}\r\n0\r\n\r\n${second}`],
    ['a chunk that is longer than it says', `${te('chunked')}1\r\n{}\r\n0\r\n\r\n${second}`],
    ['a chunk without its line end', `${te('chunked')}2\r\n{}0\r\n\r\n${second}`],
    ['chunks in HTTP/1.0', `${te('chunked').replace('HTTP/1.1', 'HTTP/1.0')}${chunked('{}')}${second}`],
    ['another version', second.replace('HTTP/1.1', 'HTTP/1.9')],
    ['HTTP/2 without asking', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${second}`],
    ['no Host', `${headOf({ Host: '', 'Content-Length': '2' })}{}${second}`],
    ['two Hosts', `${lines('Host: other', 'Content-Length: 2')}{}${second}`],
  ])('are not taken, nor what comes after them: %s', async (_what, bytes) => {
    const answers = await rawExchange(gateway.port, bytes);
    expect(answers.length).toBeLessThanOrEqual(1);
    for (const a of answers) expect([400, 411, 415, 422]).toContain(a.status);
    expect(taken()).toBe(0);
  });

  it('are told from those that are right: chunks, chunks with extensions, a body in pieces', async () => {
    const text = body();
    const half = Math.floor(text.length / 2);
    const inTwo = `${half.toString(16)};name=value\r\n${text.slice(0, half)}\r\n${(text.length - half).toString(16).toUpperCase()}\r\n${text.slice(half)}\r\n0\r\nX-Trailer: y\r\n\r\n`;
    for (const good of [`${te('chunked')}${chunked(body())}`, `${te('Chunked')}${inTwo}`]) expect((await rawExchange(gateway.port, good)).map((a) => a.status)).toEqual([202]);
    const whole = postOf(body());
    expect((await rawExchange(gateway.port, ...Array.from({ length: 20 }, (_, i) => whole.subarray((i * whole.length) / 20, ((i + 1) * whole.length) / 20)))).map((a) => a.status)).toEqual([202]);
  });

  it('headers beyond 16 KiB, and very many of them, are refused with a problem', async () => {
    for (const head of [headOf({ 'X-Long': 'x'.repeat(20_000), 'Content-Length': '2' }), lines(...Array.from({ length: 3000 }, (_, i) => `X-${i}: y`))]) {
      const [answer] = await rawExchange(gateway.port, head);
      expect([answer?.status ?? 400, answer?.headers['content-type'] ?? 'application/problem+json']).toEqual([400, 'application/problem+json']);
    }
    expect(taken()).toBe(0);
  });
});
