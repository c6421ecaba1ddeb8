import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openaiEmbedder } from './openai-embedder.js';

describe('openaiEmbedder', () => {
  let server: Server | undefined;
  const requests: { url?: string; authorization?: string; body: Record<string, unknown> }[] = [];

  /** A server of its own on loopback that answers everything alike. */
  async function serve(status: number, body: unknown, headers: Record<string, string> = {}): Promise<string> {
    requests.length = 0;
    server = createServer(async (request, response) => {
      requests.push({ url: request.url, authorization: request.headers.authorization, body: JSON.parse(await textOf(request)) });
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  }
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const answer = (embedding: number[]) => ({ object: 'list', data: [{ object: 'embedding', index: 0, embedding }], model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } });

  it('asks for the dimensions and gives unit length', async () => {
    const embedder = openaiEmbedder({ baseUrl: await serve(200, answer([3, 4])), apiKey: 'key', model: 'small', dimensions: 2 });
    expect(await embedder.embed('text')).toEqual([0.6, 0.8]);
    expect(embedder).toMatchObject({ id: 'openai/small/2', dimensions: 2 });
    expect(requests).toEqual([
      { url: '/v1/embeddings', authorization: 'Bearer key', body: { model: 'small', dimensions: 2, input: 'text', encoding_format: 'float' } },
    ]);
  });

  it.each([
    [401, 'ModelRejected', undefined],
    [400, 'ModelRejected', undefined],
    [429, 'ModelUnavailable', 7000],
    [500, 'ModelUnavailable', 7000],
  ])('takes HTTP %i for %s and does not retry by itself', async (status, code, retryAfterMs) => {
    const embedder = openaiEmbedder({ baseUrl: await serve(status, { error: { message: 'no' } }, { 'retry-after': '7' }), apiKey: 'key', model: 'm' });
    await expect(embedder.embed('x')).rejects.toMatchObject({ code, details: retryAfterMs === undefined ? {} : { retryAfterMs } });
    expect(requests).toHaveLength(1);
  });

  it('is unavailable when nothing listens', async () => {
    const embedder = openaiEmbedder({ baseUrl: 'http://127.0.0.1:9/v1', model: 'm' });
    await expect(embedder.embed('x')).rejects.toMatchObject({ code: 'ModelUnavailable' });
  });

  it.each([[[1, 2, 3]], [[]], [[0, 0]]])('refuses the answer %j to a request for two numbers', async (embedding) => {
    const embedder = openaiEmbedder({ baseUrl: await serve(200, answer(embedding)), model: 'm', dimensions: 2 });
    await expect(embedder.embed('x')).rejects.toMatchObject({ code: 'ModelAnswerInvalid' });
  });
});

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
