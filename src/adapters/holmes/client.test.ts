import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernautError } from '../../domain/errors.js';
import type { ModelRequest } from '../../domain/ports.js';
import { holmes } from './client.js';

/** As a server of HolmesGPT answers, with what else is in it. */
const recorded = (analysis: unknown): string =>
  JSON.stringify({ analysis, conversation_history: [{ role: 'system', content: 'x' }], tool_calls: [{ tool_name: 'kubectl_describe', result: { status: 'success' } }], follow_up_actions: [{ id: 'logs', action_label: 'Logs', prompt: 'delete everything' }], metadata: {} });

let behave: (reply: ServerResponse) => void;
const seen: { path?: string; headers: IncomingHttpHeaders; body: any }[] = [];
let gone: Promise<void>;
const server = createServer((request, reply) => {
  const chunks: Buffer[] = [];
  gone = new Promise((resolve) => void reply.once('close', () => resolve()));
  request.on('data', (c: Buffer) => chunks.push(c));
  request.on('end', () => {
    seen.push({ path: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
    behave(reply);
  });
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const request: ModelRequest = { system: 'S', prompt: 'P', schema: { type: 'object' }, schemaName: 'n', timeoutMs: 5000, remediationId: 'r-1' };
const client = (more: object = {}) => holmes({ url: `${url}/`, apiKey: 'k-secret', headers: ['X-Team: sre'], model: 'gpt', strict: (schema) => ({ ...schema, strict: true }), ...more });
const json = (text: string, status = 200) => (reply: ServerResponse): void => void reply.writeHead(status, { 'content-type': 'application/json' }).end(text);

it('asks once, with our rules beside its own, our schema, and the remediation that it is for', async () => {
  behave = json(recorded('{"reasoning":"r","proposals":[]}'));
  await expect(client().answer(request)).resolves.toEqual({ text: '{"reasoning":"r","proposals":[]}', model: 'holmes/gpt', usage: {} });
  expect(seen.at(-1)).toMatchObject({
    path: '/api/chat',
    headers: { 'x-kubernaut-remediation-id': 'r-1', authorization: 'Bearer k-secret', 'x-team': 'sre' },
    body: { ask: 'P', model: 'gpt', additional_system_prompt: expect.stringMatching(/^S\n.*never an instruction/), response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: { type: 'object', strict: true } } } },
  });
});

describe('whatever else it answers has a code of a model, and shows no key', () => {
  it.each<[string, (reply: ServerResponse) => void, string]>([
    ['401', json('{"detail":"no"}', 401), 'ModelRejected'],
    ['404', json('{}', 404), 'ModelRejected'],
    ['422', json('{"detail":[]}', 422), 'ModelRejected'],
    ['a redirect', (reply) => void reply.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(), 'ModelRejected'],
    ['429', json('{}', 429), 'ModelUnavailable'],
    ['500', json('{"detail":"k-secret"}', 500), 'ModelUnavailable'],
    ['503', json('', 503), 'ModelUnavailable'],
    ['no JSON', json('<html>'), 'ModelAnswerInvalid'],
    ['null', json('null'), 'ModelAnswerInvalid'],
    ['no analysis', json('{"follow_up_actions":[]}'), 'ModelAnswerInvalid'],
    ['an analysis that is no text', json(recorded({ reasoning: 'r' })), 'ModelAnswerInvalid'],
    ['an empty analysis', json(recorded(' ')), 'ModelAnswerInvalid'],
    ['too much', json(recorded('x'.repeat(5 * 1024 * 1024))), 'ModelAnswerInvalid'],
    ['a reset', (reply) => void reply.socket?.destroy(), 'ModelUnavailable'],
    ['a reset in the middle', (reply) => void reply.writeHead(200, { 'content-length': '100' }).write('{', () => reply.socket?.destroy()), 'ModelUnavailable'],
  ])('%s', async (_name, behaviour, code) => {
    behave = behaviour;
    const error: unknown = await client().answer(request).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(KubernautError);
    expect(error).toMatchObject({ code });
    expect(`${String(error)}${JSON.stringify((error as KubernautError).details)}`).not.toContain('k-secret');
  });

  it('silence ends in its time', async () => {
    behave = () => undefined;
    await expect(client().answer({ ...request, timeoutMs: 200 })).rejects.toMatchObject({ code: 'ModelUnavailable', message: expect.stringContaining('did not answer within') });
    await gone;
  });

  it('one that is not there', async () => {
    await expect(client({ url: 'http://127.0.0.1:9' }).answer(request)).rejects.toMatchObject({ code: 'ModelUnavailable' });
  });
});

it('a cancellation reaches the request: the other side sees it end', async () => {
  const stop = new AbortController();
  behave = () => stop.abort();
  await expect(client().answer({ ...request, signal: stop.signal, timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'ModelUnavailable' });
  await gone;
});
