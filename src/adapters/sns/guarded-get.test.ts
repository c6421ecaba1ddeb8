import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createServer as createPlain, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createDocuments } from './documents.js';
import { createGuardedGet, type GuardOptions } from './guarded-get.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-sns-'));
const path = (name: string): string => join(folder, name);
const HOST = 'sns.eu-west-1.amazonaws.com';

let server: Server;
let port: number;
let ca: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let seen: { url?: string; host?: string; names: string[] }[];
const local = async () => [{ address: '127.0.0.1', family: 4 }];
/** Everything as in production but for the address and who signed the certificate. */
const get = (url: string, more: GuardOptions = {}) => createGuardedGet({ ca, resolve: local, isAllowed: () => true, ...more })(url);
const at = (rest: string) => `https://${HOST}:${port}${rest}`;

beforeAll(async () => {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path('k'), '-out', path('c'), '-days', '1', '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`], { stdio: 'ignore' });
  ca = readFileSync(path('c'), 'utf8');
  server = createServer({ key: readFileSync(path('k')), cert: ca }, (request, response) => {
    seen.push({ url: request.url, host: request.headers.host, names: Object.keys(request.headers) });
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());
beforeEach(() => {
  seen = [];
  answer = (_request, response) => response.end('text');
});

describe('a GET of what data points to', () => {
  it('reads the text, as the host it asked for, and sends nothing of ours along', async () => {
    expect(await get(at('/x.pem'))).toBe('text');
    expect(seen).toEqual([{ url: '/x.pem', host: `${HOST}:${port}`, names: expect.not.arrayContaining(['authorization', 'cookie']) }]);
  });

  it('is refused when one address of several is not public, and then connects to none', async () => {
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }, { address: '169.254.169.254', family: 4 }];
    await expect(get(at('/'), { resolve, isAllowed: (a) => a === '127.0.0.1' })).rejects.toMatchObject({ code: 'NotAllowed', message: expect.stringContaining('not public') });
    expect(seen).toEqual([]);
  });

  it('is refused for a name that leads to this machine', async () => {
    await expect(get(`https://localhost:${port}/`, { resolve: undefined, isAllowed: undefined })).rejects.toMatchObject({ code: 'NotAllowed' });
    await expect(get(at('/'), { isAllowed: undefined })).rejects.toMatchObject({ code: 'NotAllowed' });
    expect(seen).toEqual([]);
  });

  it('goes to the address that was checked, even if the name leads elsewhere by then', async () => {
    let asked = 0;
    const resolve = async () => [{ address: (asked += 1) === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    expect(await get(at('/'), { resolve })).toBe('text');
    expect(asked).toBe(1);
  });

  it.each(['http://sns.eu-west-1.amazonaws.com/', 'https://127.0.0.1/', 'https://[::1]/', 'https://2130706433/', 'https://u:p@sns.eu-west-1.amazonaws.com/', 'ftp://sns.eu-west-1.amazonaws.com/'])('is refused for %s', async (url) => {
    await expect(get(url)).rejects.toMatchObject({ code: 'NotAllowed' });
  });

  it('follows no redirect', async () => {
    answer = (request, response) => (request.url === '/next' ? response.end('reached') : response.writeHead(302, { location: at('/next') }).end());
    await expect(get(at('/'))).rejects.toMatchObject({ code: 'NotAllowed', message: expect.stringContaining('302') });
    expect(seen.map((s) => s.url)).toEqual(['/']);
  });

  it.each([[404, 'NotAllowed'], [403, 'NotAllowed'], [204, 'NotAllowed'], [429, 'DependencyMissing'], [500, 'DependencyMissing'], [503, 'DependencyMissing']])('answered with %i is %s', async (status, code) => {
    answer = (_request, response) => void response.writeHead(status).end();
    await expect(get(at('/'))).rejects.toMatchObject({ code });
  });

  it('reads 64 KiB and not one byte more', async () => {
    answer = (_request, response) => response.end('x'.repeat(64 * 1024));
    expect((await get(at('/'))).length).toBe(64 * 1024);
    answer = (_request, response) => response.end('x'.repeat(64 * 1024 + 1));
    await expect(get(at('/'))).rejects.toMatchObject({ code: 'NotAllowed' });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['never answers', () => undefined],
    ['sends a byte now and then', (response) => {
      setInterval(() => response.write('x'), 50).unref();
    }],
  ])('ends in time when the host %s', async (_what, behave) => {
    answer = (_request, response) => behave(response);
    const started = Date.now();
    await expect(get(at('/'), { timeoutMs: 400 })).rejects.toMatchObject({ code: 'DependencyMissing', message: expect.stringContaining('in time') });
    expect(Date.now() - started).toBeLessThan(3000);
  });

  it('ends in time when the name is never resolved or nobody speaks TLS', async () => {
    await expect(get(at('/'), { timeoutMs: 200, resolve: () => new Promise(() => undefined) })).rejects.toMatchObject({ code: 'DependencyMissing' });
    const silent = createPlain((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await expect(get(`https://${HOST}:${(silent.address() as AddressInfo).port}/`, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'DependencyMissing' });
    silent.close();
  });

  it('believes only a certificate for this very host from somebody it trusts', async () => {
    await expect(get(at('/'), { ca: undefined })).rejects.toMatchObject({ code: 'DependencyMissing' });
    await expect(get(`https://sns.us-east-1.amazonaws.com:${port}/`)).rejects.toMatchObject({ code: 'DependencyMissing' });
    expect(seen).toEqual([]);
  });

  it('says of a name that nobody knows, and of a cut connection, that it may work later', async () => {
    await expect(get(at('/'), { resolve: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })) })).rejects.toMatchObject({ code: 'DependencyMissing', message: expect.stringContaining('ENOTFOUND') });
    await expect(get(at('/'), { resolve: async () => [] })).rejects.toMatchObject({ code: 'DependencyMissing' });
    answer = (request) => void request.socket.destroy();
    await expect(get(at('/'))).rejects.toMatchObject({ code: 'DependencyMissing' });
  });
});

describe('documents', () => {
  it('are read once per URL, however many ask at the same time; a failure is not kept', async () => {
    const asked: string[] = [];
    let isDown = true;
    const documents = createDocuments(async (url) => {
      asked.push(url);
      if (isDown) throw new Error('down');
      return `of ${url}`;
    });
    await expect(documents.read('a')).rejects.toThrow('down');
    isDown = false;
    expect(await Promise.all([documents.read('a'), documents.read('a'), documents.read('b')])).toEqual(['of a', 'of a', 'of b']);
    await documents.read('a');
    expect(asked).toEqual(['a', 'a', 'b']);
    await documents.visit('a');
    expect(asked.length).toBe(4);
  });

  it('are read four at a time', async () => {
    const done: (() => void)[] = [];
    const documents = createDocuments(() => new Promise((resolve) => done.push(() => resolve('x'))));
    const reading = ['a', 'b', 'c', 'd'].map((url) => documents.read(url));
    await expect(documents.read('e')).rejects.toMatchObject({ code: 'Overloaded' });
    done.forEach((end) => end());
    await Promise.all(reading);
    const later = documents.read('e');
    done.at(-1)!();
    expect(await later).toBe('x');
  });

  it('are kept up to a bound', async () => {
    let asked = 0;
    const documents = createDocuments(async () => String((asked += 1)));
    for (let i = 0; i < 33; i++) await documents.read(`u${i}`);
    await documents.read('u32');
    expect(asked).toBe(33);
    await documents.read('u0');
    expect(asked).toBe(34);
  });
});
