import { KubernautError } from '../../domain/errors.js';
import { isNumber, isObject, type Entry, type Hit, type Search, type Tags, type VectorBackend } from './backend.js';
import { httpJson, type HttpJson } from './http-json.js';

export interface WeaviateOptions {
  /** `http://weaviate.vectors:8080` */
  url: string;
  apiKey?: string;
  /** Becomes the name of a class: `kubernaut` → `Kubernaut`. */
  collection: string;
  timeoutMs: number;
}

const TAG = { dataType: ['text'], tokenization: 'field', indexFilterable: true, indexSearchable: false };
const KEPT = { dataType: ['text'], indexFilterable: false, indexSearchable: false };

const classOf = (name: string): object => ({
  class: name,
  description: 'What Kubernaut learned from past incidents',
  vectorizer: 'none',
  vectorIndexType: 'hnsw',
  vectorIndexConfig: { distance: 'cosine' },
  properties: [
    { name: 'document', ...KEPT },
    { name: 'embedderId', ...KEPT },
    ...(['embedder', 'cluster', 'namespace', 'kind'] satisfies (keyof Tags)[]).map((key) => ({ name: `${key}Tag`, ...TAG })),
    { name: 'mayTeach', dataType: ['boolean'], indexFilterable: true },
  ],
});

/**
 * Weaviate over REST and GraphQL (their SDK needs Node 22 and gRPC). Queries are made of numbers, names of ours and hashes: no text of
 * an incident is ever part of one.
 */
export function weaviateBackend({ url, apiKey, collection, timeoutMs }: WeaviateOptions): VectorBackend {
  const http = httpJson({ who: 'Weaviate', baseUrl: url, headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }, timeoutMs });
  const name = classNameOf(collection);
  return {
    id: 'weaviate',
    place: name,
    prepare: () => ensureClass(http, name),
    async foreignEmbedder({ tag }) {
      const rows = await get(http, name, `limit:1,where:${equals('embedderTag', tag, 'NotEqual')}`, 'embedderId');
      return rows.length === 0 ? undefined : typeof rows[0]!.embedderId === 'string' ? rows[0]!.embedderId : 'something else';
    },
    write: (entry) => write(http, name, entry),
    search: (search) => nearest(http, name, search),
    delete: async (key) => void (await http({ method: 'DELETE', path: `/v1/objects/${name}/${uuidOf(key)}`, isExpected: (s) => s === 404 })),
    clear: async () => void (await http({ method: 'DELETE', path: `/v1/schema/${name}`, isExpected: (s) => s === 404 })),
    async count() {
      const data = await graphql(http, `{Aggregate{${name}{meta{count}}}}`);
      const count = (data.Aggregate as Record<string, { meta?: { count?: unknown } }[] | null> | undefined)?.[name]?.[0]?.meta?.count;
      return isNumber(count) ? count : 0;
    },
    close: async () => undefined,
  };
}

/** A class begins with a capital and has no dashes. */
export const classNameOf = (collection: string): string =>
  collection.split(/[^A-Za-z0-9_]+/).filter(Boolean).map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');

async function ensureClass(http: HttpJson, name: string): Promise<void> {
  const path = `/v1/schema/${name}`;
  const found = await http({ method: 'GET', path, isExpected: (s) => s === 404 });
  if (found.status === 404) {
    // 422: another process made it meanwhile.
    await http({ path: '/v1/schema', body: classOf(name), isExpected: (s) => s === 422 });
    return;
  }
  const distance = (found.body as { vectorIndexConfig?: { distance?: unknown } } | undefined)?.vectorIndexConfig?.distance;
  if (distance !== undefined && distance !== 'cosine') {
    throw new KubernautError('VectorsRejected', `the Weaviate class ${name} compares by ${String(distance)}, not by cosine; name another one in vectors.collection`);
  }
}

/** The batch endpoint is the one that replaces what is there, and answers 200 whatever became of the object. */
async function write(http: HttpJson, name: string, { key, document, tags, mayTeach, embedder, vector }: Entry): Promise<void> {
  const properties = { document, embedderId: embedder, mayTeach, ...Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`${tag}Tag`, value])) };
  const { body } = await http({ path: '/v1/batch/objects', body: { objects: [{ class: name, id: uuidOf(key), properties, vector }] } });
  const status = (body as { result?: { status?: unknown } }[] | undefined)?.[0]?.result?.status;
  if (status !== 'SUCCESS') throw refused(name, 'did not take an incident');
}

async function nearest(http: HttpJson, name: string, { vector, limit, tags, isTeachingOnly }: Search): Promise<Hit[]> {
  const wanted = Object.entries(tags).map(([key, tag]) => equals(`${key}Tag`, tag));
  const operands = [...wanted, ...(isTeachingOnly ? ['{path:["mayTeach"],operator:Equal,valueBoolean:true}'] : [])];
  const argumentsText = `limit:${limit},nearVector:{vector:${JSON.stringify(vector)}},where:{operator:And,operands:[${operands.join(',')}]}`;
  const rows = await get(http, name, argumentsText, 'document _additional{distance}');
  return rows.map((row) => {
    const distance = (row._additional as { distance?: unknown } | undefined)?.distance;
    return { document: row.document, similarity: isNumber(distance) ? 1 - distance : 0 };
  });
}

const HASH = /^[0-9a-f]+$/;

function equals(property: string, hash: string, operator: 'Equal' | 'NotEqual' = 'Equal'): string {
  if (!HASH.test(hash)) throw new KubernautError('Internal', `a filter of ${property} is not a hash`);
  return `{path:["${property}"],operator:${operator},valueText:"${hash}"}`;
}

async function get(http: HttpJson, name: string, argumentsText: string, fields: string): Promise<Record<string, unknown>[]> {
  const data = await graphql(http, `{Get{${name}(${argumentsText}){${fields}}}}`);
  const rows = (data.Get as Record<string, unknown> | undefined)?.[name];
  return Array.isArray(rows) ? rows.filter(isObject) : [];
}

/** Errors come with HTTP 200; other dimensions than those that are there are one of them. */
async function graphql(http: HttpJson, query: string): Promise<Record<string, unknown>> {
  const { body } = await http({ path: '/v1/graphql', body: { query } });
  const { data, errors } = (body ?? {}) as { data?: Record<string, unknown>; errors?: unknown[] };
  if (errors !== undefined && errors.length > 0) throw refused('GraphQL', 'answered with an error');
  return data ?? {};
}

const refused = (what: string, did: string): KubernautError =>
  new KubernautError('VectorsRejected', `Weaviate (${what}) ${did}; when the embedder has changed run \`kubernaut vectors rebuild\`, else look at its log`);

/** A UUID of version 8 (RFC 9562: own use) from the first 128 bits of the key. */
const uuidOf = (key: string): string =>
  `${key.slice(0, 8)}-${key.slice(8, 12)}-8${key.slice(13, 16)}-8${key.slice(17, 20)}-${key.slice(20, 32)}`;
