import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { VectorServer } from './contract.js';

interface Stored {
  id: string;
  values: number[];
  metadata: Record<string, unknown>;
}
type Answer = [status: number, body: unknown];
type Handler = (body: any) => Answer;

/** Errors look like this, and say this: https://github.com/HamaWhiteGG/langchain-java/issues/73 (recorded by its reporter). */
const problem = (status: number, code: number, message: string): Answer => [status, { code, message, details: [] }];

const cosine = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));

/**
 * One index of Pinecone's data plane, as its OpenAPI document (pinecone-io/pinecone-api, 2025-04/db_data_2025-04.oas.yaml) describes
 * the five calls we make: requests are checked against it, unknown members are refused. Not proven against the service itself.
 */
export async function pineconeServer({ dimension, apiKey }: { dimension: number; apiKey: string }): Promise<Pick<VectorServer, 'close' | 'sent'> & { url: string; stored(): Stored[] }> {
  const namespaces = new Map<string, Map<string, Stored>>();
  const sent: string[] = [];
  const misfit = (vector: number[]): Answer | undefined =>
    vector.length === dimension ? undefined : problem(400, 3, `Vector dimension ${vector.length} does not match the dimension of the index ${dimension}`);

  const handlers: Record<string, Handler> = {
    '/describe_index_stats': (body) => {
      only(body, ['filter']);
      const counts = Object.fromEntries([...namespaces].map(([name, vectors]) => [name, { vectorCount: vectors.size }]));
      return [200, { namespaces: counts, dimension, indexFullness: 0, totalVectorCount: [...namespaces.values()].reduce((n, v) => n + v.size, 0), metric: 'cosine', vectorType: 'dense' }];
    },
    '/vectors/upsert': (body) => {
      only(body, ['vectors', 'namespace']);
      for (const vector of body.vectors as Stored[]) {
        only(vector, ['id', 'values', 'metadata', 'sparseValues']);
        const wrong = misfit(vector.values) ?? wrongMetadata(vector);
        if (wrong) return wrong;
      }
      const namespace = namespaces.get(body.namespace) ?? new Map<string, Stored>();
      namespaces.set(body.namespace, namespace);
      for (const vector of body.vectors as Stored[]) namespace.set(vector.id, vector);
      return [200, { upsertedCount: body.vectors.length }];
    },
    '/query': (body) => {
      only(body, ['namespace', 'topK', 'filter', 'includeValues', 'includeMetadata', 'vector', 'sparseVector', 'id']);
      const wrong = misfit(body.vector);
      if (wrong) return wrong;
      if (!(body.topK >= 1 && body.topK <= 10_000)) return problem(400, 3, 'topK is out of range');
      const found = [...(namespaces.get(body.namespace) ?? new Map<string, Stored>()).values()].filter((v) => holds(body.filter ?? {}, v.metadata));
      const matches = found.map((v) => ({ id: v.id, score: cosine(body.vector, v.values), values: [], ...(body.includeMetadata ? { metadata: v.metadata } : {}) }));
      return [200, { results: [], matches: matches.sort((a, b) => b.score - a.score).slice(0, body.topK), namespace: body.namespace, usage: { readUnits: 1 } }];
    },
    '/vectors/delete': (body) => {
      only(body, ['ids', 'deleteAll', 'namespace', 'filter']);
      const namespace = namespaces.get(body.namespace);
      if (!namespace) return problem(404, 5, 'Namespace not found');
      if (body.deleteAll) namespaces.delete(body.namespace);
      else for (const id of body.ids as string[]) namespace.delete(id);
      return [200, {}];
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    sent.push(text);
    const [status, body] = answer(request, text);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
  function answer(request: IncomingMessage, text: string): Answer {
    if (request.headers['api-key'] !== apiKey) return [401, { error: { code: 'UNAUTHENTICATED', message: 'Invalid API Key.' }, status: 401 }];
    if (!/^\d{4}-\d{2}$/.test(String(request.headers['x-pinecone-api-version']))) return problem(400, 3, 'no version');
    const handler = handlers[request.url ?? ''];
    if (!handler || request.method !== 'POST') return problem(404, 5, 'no such path');
    try {
      return handler(JSON.parse(text));
    } catch (error) {
      return problem(400, 3, (error as Error).message);
    }
  }

  const server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stored: () => [...namespaces.values()].flatMap((n) => [...n.values()]),
    sent: () => sent.join('\n'),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function only(body: object, known: string[]): void {
  const unknown = Object.keys(body).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`unknown members ${unknown.join()}`);
}

/** Flat; strings, numbers, booleans and lists of strings; 40 KB; ids of ASCII, 512 characters (docs.pinecone.io, limits). */
function wrongMetadata({ id, metadata }: Stored): Answer | undefined {
  if (!/^[\x00-\x7f]{1,512}$/.test(id)) return problem(400, 3, 'Vector ID must be ASCII');
  if (JSON.stringify(metadata).length > 40_960) return problem(400, 3, 'metadata size is too large');
  const isFlat = Object.values(metadata).every((v) => ['string', 'number', 'boolean'].includes(typeof v));
  return isFlat ? undefined : problem(400, 3, 'Metadata value must be a string, number, boolean or list of strings');
}

/** All members must hold; `{ $eq }` and `{ $ne }` (docs.pinecone.io, metadata filter expressions). */
function holds(filter: Record<string, unknown>, metadata: Record<string, unknown>): boolean {
  return Object.entries(filter).every(([key, condition]) => {
    const [operator, value] = Object.entries(condition as object)[0]!;
    if (operator === '$eq') return metadata[key] === value;
    if (operator === '$ne') return metadata[key] !== value;
    throw new Error(`unsupported operator ${operator}`);
  });
}
