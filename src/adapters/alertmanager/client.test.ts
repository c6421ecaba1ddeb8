import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlain } from 'node:net';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeAlertmanagerApi, listedAlert, sendJson, wellBehaved, type FakeApi } from '../../../test/support/alertmanager-api.js';
import { alertManagersOf, type AlertManagerOptions } from './client.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-am-client-'));
let api: FakeApi;
const peer = (more: AlertManagerOptions = {}) => alertManagersOf({ url: api.url, ...more })[0]!;

beforeAll(async () => {
  api = await fakeAlertmanagerApi();
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  api.answer = wellBehaved();
  api.seen.length = 0;
});

describe('the API of AlertManager', () => {
  it('is asked for everything that fires, silenced and inhibited too, below the path of its address', async () => {
    api.fires(listedAlert('api-0'));
    expect(await peer({ url: `${api.url}/alertmanager/` }).alerts()).toEqual([expect.objectContaining({ labels: expect.objectContaining({ pod: 'api-0' }) })]);
    expect(api.seen).toEqual([{ path: '/alertmanager/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true' }]);
  });

  it('says its version, its receivers, and how long it runs by its own clock', async () => {
    const { upForMs, version } = await peer().status();
    expect([version, Math.round(upForMs / 3_600_000), await peer().receivers()]).toEqual(['0.25.0', 24, ['kubernaut', 'people']]);
    // An hour behind us, and started a minute before that.
    const behind = Date.now() - 3_600_000;
    api.answer = (_name, response) => sendJson(response.setHeader('date', new Date(behind).toUTCString()), { uptime: new Date(behind - 60_000).toISOString() });
    expect(Math.round((await peer().status()).upForMs / 60_000)).toBe(1);
  });

  it.each([
    ['http://a:9093', ['http://a:9093']],
    ['http://a:9093, http://b:9093,http://a:9093', ['http://a:9093', 'http://b:9093']],
    [['http://a:9093', 'https://b/am'], ['http://a:9093', 'https://b/am']],
    [undefined, []],
  ])('%j are %j', (url, urls) => expect(alertManagersOf({ url }).map((p) => p.url)).toEqual(urls));
});

describe('credentials', () => {
  const file = (text: string): string => {
    const path = join(folder, 'secret');
    writeFileSync(path, text);
    return path;
  };
  const basic = `Basic ${Buffer.from('kubernaut:s3cret').toString('base64')}`;

  it.each<[string, () => AlertManagerOptions, string | undefined]>([
    ['none', () => ({}), undefined],
    ['a token', () => ({ token: 's3cret' }), 'Bearer s3cret'],
    ['a token in a file', () => ({ credentialsFile: file('s3cret\n') }), 'Bearer s3cret'],
    ['user and password', () => ({ username: 'kubernaut', password: 's3cret' }), basic],
    ['user and password in a file', () => ({ username: 'kubernaut', credentialsFile: file('s3cret') }), basic],
  ])('%s', async (_what, options, authorization) => {
    await peer(options()).alerts();
    expect(api.seen[0]!.authorization).toBe(authorization);
  });

  it('are read from their file again at every request', async () => {
    const one = peer({ credentialsFile: file('first') });
    await one.alerts();
    file('second');
    await one.alerts();
    expect(api.seen.map((s) => s.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  it.each<[string, () => string]>([['is missing', () => join(folder, 'nowhere')], ['is empty', () => file(' \n')], ['has two lines', () => file('a\nb')], ['is no text', () => file('\u0000\u0001')]])('whose file %s are told, and nothing is asked', async (_what, path) => {
    await expect(peer({ credentialsFile: path() }).alerts()).rejects.toMatchObject({ code: 'Unauthorized', message: expect.stringContaining('credentialsFile'), details: { why: 'its credentials cannot be read' } });
    expect(api.seen).toEqual([]);
  });

  it.each([401, 403])('that are refused (%d) are told apart from what is out of reach, and shown nowhere', async (status) => {
    api.answer = (_name, response) => void response.writeHead(status).end('s3cret');
    const error = (await peer({ token: 's3cret' }).alerts().catch((e: unknown) => e)) as Error;
    expect(error).toMatchObject({ code: 'Unauthorized', details: { why: `it refuses our credentials (${status})` } });
    expect(error.message).not.toContain('s3cret');
  });

  it.each<AlertManagerOptions>([{ token: 'a', username: 'b', password: 'c' }, { token: 'a', credentialsFile: 'b' }, { username: 'a' }, { password: 'a' }, { password: 'a', credentialsFile: 'b' }, { username: 'a', password: 'b', credentialsFile: 'c' }])(
    'that contradict each other are refused at once: %j', (options) => expect(() => peer(options)).toThrow('sources.alertmanager'),
  );

  it('an address that is none is refused at once', () => expect(() => alertManagersOf({ url: 'http://[x' })).toThrow('sources.alertmanager.url'));
});

describe('a hostile AlertManager is survived:', () => {
  const huge = 'x'.repeat(64 * 1024);
  const drip = (response: ServerResponse): void => {
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  };
  it.each<[string, (response: ServerResponse) => void, string]>([
    ['it never answers', () => undefined, 'does not answer within 0.4 s'],
    ['it sends a byte now and then', (r) => drip(r.writeHead(200)), 'does not answer within 0.4 s'],
    ['it sends 10 MiB', (r) => r.end(`[${'"x",'.repeat(2_500_000)}"x"]`), 'longer than 1024 KiB'],
    ['it never stops', (r) => {
      const more = (): void => {
        while (!r.destroyed && r.write(huge));
      };
      r.on('drain', more);
      more();
    }, 'longer than 1024 KiB'],
    ['it sends HTML', (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>'), 'not JSON'],
    ['it sends nothing', (r) => r.end(), 'not JSON'],
    ['it sends half of it', (r) => r.end('[{"labels":'), 'not JSON'],
    ['it sends no UTF-8', (r) => r.end(Buffer.from('["\xff\xfe"]', 'latin1')), 'not JSON'],
    ['it nests without end', (r) => r.end('['.repeat(500_000)), 'not JSON'],
    ['it sends a map', (r) => r.end('{"status":"success","data":[]}'), 'not a list of alerts'],
    ['it sends null', (r) => r.end('null'), 'not a list of alerts'],
    ['it leads elsewhere', (r) => r.writeHead(302, { location: `${api.url}/api/v2/elsewhere` }).end(), 'it redirects (302)'],
    ['it is not there', (r) => r.writeHead(404).end('404 page not found'), 'it answers 404'],
    ['it is overloaded', (r) => r.writeHead(503).end(), 'it answers 503'],
    ['it has nothing', (r) => r.writeHead(204).end(), 'it answers 204'],
    ['it hangs up', (r) => r.destroy(), 'ECONNRESET'],
    ['it hangs up half way', (r) => {
      r.writeHead(200, { 'content-length': '1000' });
      r.write('[');
      setTimeout(() => r.destroy(), 20);
    }, 'ECONNRESET'],
  ])('%s', async (_what, answer, why) => {
    api.answer = (_name, response) => answer(response);
    await expect(peer({ maxBytes: 1024 * 1024, ...(why.includes('0.4 s') ? { timeoutMs: 400 } : {}) }).alerts()).rejects.toMatchObject({ code: 'DependencyMissing', message: expect.stringContaining(why), details: { why: expect.not.stringContaining('127.0.0.1') } });
    expect(api.seen).toHaveLength(1);
  });

  it.each([{}, { uptime: 'a while' }, { uptime: 12 }, [], null])('its status is %j', async (status) => {
    api.answer = (_name, response) => sendJson(response, status);
    await expect(peer().status()).rejects.toMatchObject({ code: 'DependencyMissing', message: expect.stringContaining('not the status') });
  });

  it('nobody listens there, or it does not speak HTTP', async () => {
    await expect(peer({ url: 'http://127.0.0.1:1' }).alerts()).rejects.toMatchObject({ code: 'DependencyMissing', details: { why: 'ECONNREFUSED' } });
    await expect(peer({ url: 'http://no-such-host.invalid:9093' }).alerts()).rejects.toMatchObject({ code: 'DependencyMissing' });
    const garbage = createPlain((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH\r\n')).listen(0, '127.0.0.1');
    await once(garbage, 'listening');
    const { port } = garbage.address() as AddressInfo;
    await expect(peer({ url: `http://127.0.0.1:${port}` }).alerts()).rejects.toMatchObject({ code: 'DependencyMissing' });
    await expect(peer({ url: `https://127.0.0.1:${port}` }).alerts()).rejects.toMatchObject({ code: 'DependencyMissing' });
    garbage.close();
  });
});
