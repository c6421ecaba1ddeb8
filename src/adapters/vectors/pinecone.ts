import { KubernautError } from '../../domain/errors.js';
import { isNumber, isObject, otherDimensions, type Hit, type Search, type VectorBackend } from './backend.js';
import { httpJson, type HttpJson } from './http-json.js';

export interface PineconeOptions {
  /** The host of one index, as the console shows it: `https://incidents-1a2b3c.svc.region.pinecone.io`. */
  url: string;
  apiKey: string;
  /** Namespace in that index. */
  collection: string;
  timeoutMs: number;
}

/** The stable version this was written for; the server keeps answering in it. */
const API_VERSION = '2025-04';

interface Stats {
  dimension?: number;
  metric?: string;
  namespaces?: Record<string, { vectorCount?: number }>;
}

/**
 * Pinecone's data plane over REST (their SDK needs Node 22). The index itself is made by its owner: dimension and metric belong to it.
 * Writes are seen by queries a moment later (https://docs.pinecone.io, "data freshness"); facts come from our own database anyway.
 */
export function pineconeBackend({ url, apiKey, collection: namespace, timeoutMs }: PineconeOptions): VectorBackend {
  const http = httpJson({ who: 'Pinecone', baseUrl: url, headers: { 'api-key': apiKey, 'x-pinecone-api-version': API_VERSION }, timeoutMs });
  const query = (body: object) => matches(http, { namespace, includeMetadata: true, includeValues: false, ...body });
  return {
    id: 'pinecone',
    place: namespace,
    async prepare(dimensions) {
      const { dimension, metric } = await stats(http);
      if (dimension !== undefined && dimension !== dimensions) throw otherDimensions('the Pinecone index', [dimension, dimensions], `make an index of ${String(dimensions)} dimensions, set vectors.url to it and `);
      if (metric !== undefined && metric !== 'cosine') throw new KubernautError('VectorsRejected', `the Pinecone index compares by ${String(metric)}; make one with the metric cosine and set vectors.url to it`);
    },
    async foreignEmbedder({ tag, dimensions }) {
      // Any direction will do: the filter decides, the order does not matter.
      const found = await query({ topK: 1, vector: unit(dimensions), filter: { embedder: { $ne: tag } } });
      const name = found[0]?.metadata?.embedderId;
      return found.length === 0 ? undefined : typeof name === 'string' ? name : 'something else';
    },
    async write({ key, document, tags, mayTeach, embedder, vector }) {
      const metadata = { document, ...tags, mayTeach, embedderId: embedder };
      await http({ path: '/vectors/upsert', body: { namespace, vectors: [{ id: key, values: vector, metadata }] } });
    },
    async search({ vector, limit, ...search }) {
      return (await query({ topK: limit, vector, filter: filterOf(search) })).map(({ score, metadata }): Hit => ({ document: metadata?.document, similarity: isNumber(score) ? score : 0 }));
    },
    // 404: the namespace is made by the first write.
    delete: async (key) => void (await http({ path: '/vectors/delete', body: { namespace, ids: [key] }, isExpected: (s) => s === 404 })),
    clear: async () => void (await http({ path: '/vectors/delete', body: { namespace, deleteAll: true }, isExpected: (s) => s === 404 })),
    async count() {
      const { namespaces = {} } = await stats(http);
      return Object.hasOwn(namespaces, namespace) ? (namespaces[namespace]!.vectorCount ?? 0) : 0;
    },
    close: async () => undefined,
  };
}

/** A list of equalities, all of which must hold: https://docs.pinecone.io/guides/search/filter-by-metadata */
const filterOf = ({ tags, isTeachingOnly }: Pick<Search, 'tags' | 'isTeachingOnly'>): object => ({
  ...Object.fromEntries(Object.entries(tags).map(([key, tag]) => [key, { $eq: tag }])),
  ...(isTeachingOnly ? { mayTeach: { $eq: true } } : {}),
});

const unit = (dimensions: number): number[] => Array.from({ length: dimensions }, (_, i) => (i === 0 ? 1 : 0));

async function stats(http: HttpJson): Promise<Stats> {
  const { body } = await http({ path: '/describe_index_stats', body: {} });
  return (body ?? {}) as Stats;
}

interface Match {
  score?: unknown;
  metadata?: Record<string, unknown>;
}

async function matches(http: HttpJson, body: object): Promise<Match[]> {
  const answer = (await http({ path: '/query', body })).body as { matches?: unknown } | undefined;
  return Array.isArray(answer?.matches) ? answer.matches.filter(isObject) : [];
}
