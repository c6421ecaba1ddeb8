import { KubernautError } from '../../domain/errors.js';
import type { Embedder, VectorIndex } from '../../domain/ports.js';
import type { Database } from '../postgres/database.js';
import type { VectorBackend } from './backend.js';
import { pgvectorBackend } from './pgvector.js';
import { pineconeBackend } from './pinecone.js';
import { redisBackend } from './redis.js';
import { vectorIndex } from './vector-index.js';
import { weaviateBackend } from './weaviate.js';

export const BACKENDS = ['pgvector', 'pinecone', 'weaviate', 'redis'] as const;
export type BackendId = (typeof BACKENDS)[number];

export interface VectorsOptions {
  backend: BackendId;
  url?: string;
  username?: string;
  apiKey?: string;
  collection: string;
  timeoutMs: number;
}

/** The index that the configuration names; nothing is asked of it before its first use. Throws ConfigInvalid. */
export function connectVectors(options: VectorsOptions, { database, embedder }: { database: Pick<Database, 'pool'>; embedder: Pick<Embedder, 'id' | 'dimensions'> }): VectorIndex {
  return vectorIndex(backendOf(options, database), embedder);
}

function backendOf(options: VectorsOptions, database: Pick<Database, 'pool'>): VectorBackend {
  const { backend, username, apiKey, ...shared } = options;
  if (backend === 'pgvector') return pgvectorBackend(database);
  const url = checkedUrl(options);
  const known = { ...shared, url };
  if (backend === 'redis') return redisBackend({ ...known, ...(username === undefined ? {} : { username }), ...(apiKey === undefined ? {} : { password: apiKey }) });
  if (backend === 'weaviate') return weaviateBackend({ ...known, ...(apiKey === undefined ? {} : { apiKey }) });
  return pineconeBackend({ ...known, apiKey: apiKey ?? missing('vectors.apiKey', backend) });
}

const SCHEMES: Record<Exclude<BackendId, 'pgvector'>, readonly string[]> = {
  pinecone: ['https:', 'http:'],
  weaviate: ['https:', 'http:'],
  redis: ['rediss:', 'redis:'],
};
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The value is never repeated: people put passwords into URLs. */
function checkedUrl({ backend, url = missing('vectors.url', backend) }: VectorsOptions): string {
  const schemes = SCHEMES[backend as Exclude<BackendId, 'pgvector'>];
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !schemes.includes(parsed.protocol)) throw new KubernautError('ConfigInvalid', `vectors.url is no address of ${backend}; write ${schemes.map((s) => `${s}//host`).join(' or ')}`);
  if (backend === 'pinecone' && parsed.protocol === 'http:' && !LOOPBACK.test(parsed.hostname)) {
    throw new KubernautError('ConfigInvalid', 'vectors.url sends the key of Pinecone in clear; write https://');
  }
  return url;
}

function missing(key: string, backend: string): never {
  throw new KubernautError('ConfigInvalid', `${key} is missing; the vector backend ${backend} needs it`);
}
