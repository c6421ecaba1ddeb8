import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Behaviour = (request: { body: any; turn: number; headers: IncomingMessage['headers'] }, reply: ServerResponse) => void;

export interface BadModelServer {
  endpoint: string;
  bodies: any[];
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** A chat completions server that does whatever a test tells it to, on 127.0.0.1 and a free port. */
export async function startBadModelServer(): Promise<BadModelServer> {
  let behaviour: Behaviour = (_request, reply) => void reply.writeHead(500).end();
  const bodies: any[] = [];
  const server = createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString() || 'null');
      bodies.push(body);
      behaviour({ body, turn: bodies.length - 1, headers: request.headers }, reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    bodies,
    behave(next) {
      behaviour = next;
      bodies.length = 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const completion = (content: string | null, more: object = {}): string =>
  JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content, ...more }, finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 2 } });

export const json = (text: string, status = 200, headers: Record<string, string> = {}): Behaviour => (_request, reply) =>
  void reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
