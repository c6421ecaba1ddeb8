import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Exchange {
  method: string;
  path: string;
  body?: unknown;
  status: number;
  answer?: unknown;
}

export interface RecordedServer {
  url: string;
  begin(test: string): void;
  /** All bodies that came. */
  sent(): string;
  close(): Promise<void>;
}

/**
 * With `realUrl` a proxy that records what a real server answered, else that server's answers again: each test sends the very same
 * requests in the same order, or is answered 501 with what was expected.
 */
export async function recordedServer(file: string, realUrl?: string): Promise<RecordedServer> {
  const tests: Record<string, Exchange[]> = realUrl ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Exchange[]>);
  const sent: string[] = [];
  let current = '';
  let next = 0;

  async function record(request: IncomingMessage, body: string): Promise<Exchange> {
    const { authorization } = request.headers;
    const response = await fetch(`${realUrl}${request.url}`, {
      method: request.method!, headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) }, ...(body ? { body } : {}),
    });
    const text = await response.text();
    const exchange: Exchange = { method: request.method!, path: request.url!, ...(body ? { body: JSON.parse(body) } : {}), status: response.status, ...(text ? { answer: JSON.parse(text) } : {}) };
    (tests[current] ??= []).push(exchange);
    return exchange;
  }

  function replay(request: IncomingMessage, body: string): Exchange {
    const expected = tests[current]?.[next++];
    const got = { method: request.method!, path: request.url!, ...(body ? { body: JSON.parse(body) as unknown } : {}) };
    const wanted = expected && { method: expected.method, path: expected.path, ...(expected.body === undefined ? {} : { body: expected.body }) };
    if (expected && JSON.stringify(got) === JSON.stringify(wanted)) return expected;
    return { ...got, status: 501, answer: { problem: `not what was recorded in "${current}" as ${next}; record again (test/fixtures/weaviate/README.md)`, got, wanted } };
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    sent.push(body);
    const { status, answer } = realUrl ? await record(request, body) : replay(request, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(answer === undefined ? undefined : JSON.stringify(answer));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    begin(test) {
      current = test;
      next = 0;
    },
    sent: () => sent.join('\n'),
    async close() {
      if (realUrl) writeFileSync(file, textOf(tests));
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One exchange a line, so that a difference can be read. */
const textOf = (tests: Record<string, Exchange[]>): string =>
  `{\n${Object.entries(tests).map(([test, list]) => `${JSON.stringify(test)}: [\n${list.map((e) => JSON.stringify(e)).join(',\n')}\n]`).join(',\n')}\n}\n`;
