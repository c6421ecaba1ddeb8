import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernautError } from '../../src/domain/errors.js';
import type { ModelRequest } from '../../src/domain/ports.js';
import { connectModel } from '../../src/models/index.js';
import { completion, json, startBadModelServer, type BadModelServer, type Behaviour } from '../support/bad-model-server.js';

const KEY = 'sk-very-secret-0123456789';
const request: ModelRequest = {
  system: 'S', prompt: 'P', schemaName: 'remediation_proposals', timeoutMs: 1500,
  schema: { type: 'object', additionalProperties: false, required: ['a'], properties: { a: { type: 'string' } } },
};

let server: BadModelServer;
beforeAll(async () => void (server = await startBadModelServer()));
afterAll(() => server.close());

const connect = () => connectModel('openai', { endpoint: server.endpoint, model: 'm', apiKey: KEY });

async function failureOf(behaviour: Behaviour): Promise<{ error: KubernautError; requests: number; tookMs: number }> {
  server.behave(behaviour);
  const model = await connect();
  const startedMs = performance.now();
  const error: unknown = await model.answer(request).then(() => undefined, (e: unknown) => e);
  expect(error).toBeInstanceOf(KubernautError);
  return { error: error as KubernautError, requests: server.bodies.length, tookMs: performance.now() - startedMs };
}

describe('every way a provider can fail ends in a code, in time, without retries and without the key', () => {
  it.each<[string, Behaviour, string]>([
    ['401', json('{"error":{"message":"bad key"}}', 401), 'ModelRejected'],
    ['403', json('{}', 403), 'ModelRejected'],
    ['408', json('{}', 408), 'ModelUnavailable'],
    ['413', json('{}', 413), 'ModelRejected'],
    ['429', json('{}', 429, { 'retry-after': '7' }), 'ModelUnavailable'],
    ['500', json('{}', 500), 'ModelUnavailable'],
    ['502 with HTML', (_r, reply) => void reply.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>'), 'ModelUnavailable'],
    ['503', json('', 503), 'ModelUnavailable'],
    ['accepts and never answers', () => undefined, 'ModelUnavailable'],
    ['one byte at a time', (_r, reply) => {
      reply.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => reply.write(' '), 50).unref();
      reply.on('close', () => clearInterval(timer));
    }, 'ModelUnavailable'],
    ['reset before the answer', (_r, reply) => void reply.socket?.destroy(), 'ModelUnavailable'],
    ['reset in the middle', (_r, reply) => {
      reply.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      reply.write('{"choices":[', () => reply.socket?.destroy());
    }, 'ModelUnavailable'],
    ['truncated JSON', json('{"choices":[{"message":{"content":"{'), 'ModelAnswerInvalid'],
    ['an empty body', json(''), 'ModelAnswerInvalid'],
    ['null', json('null'), 'ModelAnswerInvalid'],
    ['a string', json('"hello"'), 'ModelAnswerInvalid'],
    ['empty content', json(completion('')), 'ModelAnswerInvalid'],
    ['a refusal', json(completion(null, { refusal: 'no' })), 'ModelAnswerInvalid'],
    ['ten mebibytes', json(completion('x'.repeat(10 * 1024 * 1024))), 'ModelAnswerInvalid'],
  ])('%s', async (_name, behaviour, code) => {
    const { error, requests, tookMs } = await failureOf(behaviour);
    expect(error.code).toBe(code);
    expect(requests).toBe(1);
    expect(tookMs).toBeLessThan(6000);
    expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(KEY);
  });

  it('429 carries how long to wait', async () => {
    const { error } = await failureOf(json('{}', 429, { 'retry-after': '7' }));
    expect(error.details.retryAfterMs).toBe(7000);
  });

  it('a refused connection', async () => {
    const model = await connectModel('openai', { endpoint: 'http://127.0.0.1:9/v1', model: 'm' });
    await expect(model.answer(request)).rejects.toMatchObject({ code: 'ModelUnavailable' });
  });

  it('a name that does not resolve', async () => {
    const model = await connectModel('openai', { endpoint: 'http://nowhere.invalid/v1', model: 'm' });
    await expect(model.answer(request)).rejects.toMatchObject({ code: 'ModelUnavailable' });
  });
});

describe('the ladder of structured output', () => {
  const modeOf = (body: any): string => (body.tools ? 'tool' : body.response_format.type);

  it('goes down on a server that does not know it, and remembers', async () => {
    server.behave(({ body }, reply) => {
      const isKnown = modeOf(body) === 'json_object';
      reply.writeHead(isKnown ? 200 : 400, { 'content-type': 'application/json' }).end(isKnown ? completion('{"a":"b"}') : '{"error":{"message":"unsupported"}}');
    });
    const model = await connect();
    await expect(model.answer(request)).resolves.toEqual({ text: '{"a":"b"}', model: 'm', usage: { inputTokens: 3, outputTokens: 2 } });
    await model.answer(request);
    expect(server.bodies.map(modeOf)).toEqual(['json_schema', 'tool', 'json_object', 'json_object']);
  });

  it('the key travels in the header only', async () => {
    let authorization: string | undefined;
    server.behave(({ headers }, reply) => {
      authorization = headers.authorization;
      reply.writeHead(200, { 'content-type': 'application/json' }).end(completion('{"a":"b"}'));
    });
    await (await connect()).answer(request);
    expect(authorization).toBe(`Bearer ${KEY}`);
    expect(JSON.stringify(server.bodies)).not.toContain(KEY);
  });
});
