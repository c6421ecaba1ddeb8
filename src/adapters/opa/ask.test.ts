import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { PolicyView } from '../../domain/policy-rule.js';
import { askOpa } from './ask.js';

const VIEW: PolicyView = {
  action: 'restart_pod', tier: 2, target: { kind: 'Pod', namespace: 'shop', name: 'api-1', labels: {} }, parameters: {}, namespaceLabels: {}, environment: 'prod', severity: 'critical',
  alert: 'X', alerts: ['X'], alertLabels: {}, source: 'rules', confidence: 0.9, cluster: 'prod', replicas: 3, readyReplicas: 2, pods: 1, now: '2026-11-20T22:30:00.000Z',
};

let server: Server | undefined;
const seen: { method?: string; url?: string; type?: string; authorization?: string; body: string }[] = [];
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  seen.length = 0;
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** A server that answers as told, on a free port. */
async function listening(answer: RequestListener): Promise<string> {
  server = createServer((request, response) => {
    void textOf(request).then((body) => {
      seen.push({ method: request.method, url: request.url, type: request.headers['content-type'], authorization: request.headers.authorization, body });
      answer(request, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/data/kubernaut/decision`;
}

const saying = (body: string, status = 200): RequestListener => (_request, response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(body);
const ask = async (answer: RequestListener, more: object = {}) => askOpa({ url: await listening(answer), ...more }, VIEW);

describe('what a policy server says', () => {
  it.each<[string, string, object]>([
    ['allow', '{"result":{"decision":"allow"}}', { decision: 'allow' }],
    ['ask, and why', '{"result":{"decision":"ask","reason":"pci"},"decision_id":"x"}', { decision: 'ask', reason: 'pci' }],
    ['deny', '{"result":{"decision":"deny","reason":"no"}}', { decision: 'deny', reason: 'no' }],
    ['true', '{"result":true}', { decision: 'allow' }],
    ['false', '{"result":false}', { decision: 'deny' }],
    ['no document of that name', '{}', { failed: expect.stringContaining('no result') }],
    ['a decision nobody knows', '{"result":{"decision":"maybe"}}', { failed: expect.stringContaining('allow, ask or deny') }],
    ['a text', '{"result":"allow"}', { failed: expect.stringContaining('allow, ask or deny') }],
    ['a list', '{"result":["allow"]}', { failed: expect.stringContaining('allow, ask or deny') }],
    ['null', 'null', { failed: expect.stringContaining('no result') }],
    ['a page', '<html>', { failed: expect.stringContaining('not JSON') }],
    ['too much', `{"result":{"decision":"allow","reason":"${'x'.repeat(70_000)}"}}`, { failed: expect.stringContaining('64 KiB') }],
  ])('%s', async (_what, body, expected) => expect(await ask(saying(body))).toEqual(expected));

  it.each([201, 204, 301, 400, 401, 404, 429, 500, 503])('%s is no answer', async (status) => expect(await ask(saying(status === 204 ? '' : '{"result":true}', status))).toEqual({ failed: `it answers ${status}` }));

  it('silence ends in time', async () => expect(await ask(() => undefined, { timeout: '100ms' })).toEqual({ failed: 'no answer within 100 ms' }));
  it('an answer that never ends ends in time', async () => expect(await ask((_q, r) => void r.writeHead(200).write('{"result":'), { timeout: '100ms' })).toEqual({ failed: 'no answer within 100 ms' }));
  it('a cut answer is none', async () =>
    expect(await ask((_q, r) => { r.writeHead(200, { 'content-length': '100' }); r.write('{"result":true}', () => r.destroy()); })).toEqual({ failed: expect.any(String) }));
  it('nobody there is no answer', async () => {
    const url = await listening(saying('{}'));
    server!.close();
    await once(server!, 'close');
    expect(await askOpa({ url }, VIEW)).toEqual({ failed: 'ECONNREFUSED' });
  });
});

describe('what it is asked', () => {
  it('is the step as rules see it, in the wire format of the data API', async () => {
    await ask(saying('{"result":true}'));
    expect(seen).toMatchObject([{ method: 'POST', url: '/v1/data/kubernaut/decision', type: 'application/json', authorization: undefined }]);
    expect(JSON.parse(seen[0]!.body)).toEqual({ input: VIEW });
  });

  it('is asked with a token from a file that may change', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'opa-'));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'one\n');
    await ask(saying('{"result":true}'), { tokenFile });
    expect(seen[0]!.authorization).toBe('Bearer one');
    rmSync(folder, { recursive: true });
    expect(await askOpa({ url: 'http://127.0.0.1:1/', tokenFile }, VIEW)).toEqual({ failed: 'ENOENT' });
  });
});
