import { KubernautError } from '../../domain/errors.js';
import { isNumber, otherDimensions, type Hit, type Search, type Tags, type VectorBackend } from './backend.js';
import { redisClient, type RedisClient } from './redis-client.js';

export interface RedisOptions {
  /** `redis://host:6379` or `rediss://…` for TLS. */
  url: string;
  username?: string;
  password?: string;
  /** Name of the index and prefix of its keys. */
  collection: string;
  timeoutMs: number;
}

const TAGS = ['embedder', 'cluster', 'namespace', 'kind'] satisfies (keyof Tags)[];

/**
 * Redis 8, or an older one with the search module. Flat index: exact, and quick enough for some hundred thousand incidents.
 * Queries are made of names of ours, hashes and one binary parameter: no text of an incident is ever part of one.
 * The same commands work on servers that speak RESP2 only.
 */
export function redisBackend(options: RedisOptions): VectorBackend {
  const index = options.collection;
  const client = redisClient(options);
  const keyIn = (key: string): string => `${index}:${key}`;
  const search = (query: string, ...rest: (string | Buffer)[]) => client.send(['FT.SEARCH', index, query, ...rest, 'DIALECT', '2']);
  return {
    id: 'redis',
    place: index,
    prepare: (dimensions) => ensureIndex(client, index, dimensions),
    async foreignEmbedder({ tag }) {
      const found = documentsIn(await search(`-@embedder:{${tag}}`, 'RETURN', '1', 'embedderId', 'LIMIT', '0', '1'));
      return found.length === 0 ? undefined : (found[0]!.get('embedderId')?.toString() ?? 'something else');
    },
    async write({ key, document, tags, mayTeach, embedder, vector }) {
      const fields = { document, embedderId: embedder, mayTeach: mayTeach ? '1' : '0', ...tags };
      await client.send(['HSET', keyIn(key), ...Object.entries(fields).flat(), 'vector', blobOf(vector)]);
    },
    async search(wanted) {
      const knn = `${filterOf(wanted)}=>[KNN ${String(wanted.limit)} @vector $vector AS distance]`;
      const reply = await search(knn, 'PARAMS', '2', 'vector', blobOf(wanted.vector), 'SORTBY', 'distance', 'RETURN', '2', 'document', 'distance', 'LIMIT', '0', String(wanted.limit));
      return documentsIn(reply).map((fields): Hit => {
        const distance = Number(fields.get('distance')?.toString() ?? NaN);
        return { document: fields.get('document')?.toString(), similarity: isNumber(distance) ? 1 - distance : 0 };
      });
    },
    delete: async (key) => void (await client.send(['DEL', keyIn(key)])),
    async clear() {
      // With its documents.
      if (await hasIndex(client, index)) await client.send(['FT.DROPINDEX', index, 'DD']);
    },
    async count() {
      const reply = await search('*', 'LIMIT', '0', '0');
      return Array.isArray(reply) && isNumber(reply[0]) ? reply[0] : 0;
    },
    close: () => client.close(),
  };
}

async function ensureIndex(client: RedisClient, index: string, dimensions: number): Promise<void> {
  const [command] = asList(await client.send(['COMMAND', 'INFO', 'FT.SEARCH']));
  if (!command) throw new KubernautError('VectorsRejected', 'this Redis server has no search (FT.SEARCH); use Redis 8 or one with the search module');
  if (!(await hasIndex(client, index))) {
    const tags = TAGS.flatMap((tag) => [tag, 'TAG']);
    const vector = ['vector', 'VECTOR', 'FLAT', '6', 'TYPE', 'FLOAT32', 'DIM', String(dimensions), 'DISTANCE_METRIC', 'COSINE'];
    await client.send(['FT.CREATE', index, 'ON', 'HASH', 'PREFIX', '1', `${index}:`, 'SCHEMA', ...tags, 'mayTeach', 'TAG', ...vector]);
    return;
  }
  const has = dimensionsIn(await client.send(['FT.INFO', index]));
  // A hash with a vector of another size would be stored and silently not indexed.
  if (has !== undefined && has !== dimensions) throw otherDimensions(`the Redis index ${index}`, [has, dimensions], '');
}

const hasIndex = async (client: RedisClient, index: string): Promise<boolean> => asList(await client.send(['FT._LIST'])).some((name) => String(name) === index);

const asList = (reply: unknown): unknown[] => (Array.isArray(reply) ? reply : []);

/** `attributes: [[identifier, vector, …, type, VECTOR, …, dim, 384, …]]`; older servers do not tell the dimensions. */
function dimensionsIn(reply: unknown): number | undefined {
  const attributes = asList(valueAfter(asList(reply), 'attributes')).map(asList);
  const vector = attributes.find((a) => String(valueAfter(a, 'type')) === 'VECTOR');
  const dim = Number(String(vector === undefined ? undefined : valueAfter(vector, 'dim')));
  return Number.isInteger(dim) ? dim : undefined;
}

/** Maps come as flat lists: name, value, name, value. */
function valueAfter(list: readonly unknown[], name: string): unknown {
  const at = list.findIndex((v) => (typeof v === 'string' || Buffer.isBuffer(v)) && v.toString() === name);
  return at < 0 ? undefined : list[at + 1];
}

const HASH = /^[0-9a-f]+$/;

function filterOf({ tags, isTeachingOnly }: Pick<Search, 'tags' | 'isTeachingOnly'>): string {
  const parts = Object.entries(tags).map(([tag, hash]) => {
    if (!HASH.test(hash)) throw new KubernautError('Internal', `a filter of ${tag} is not a hash`);
    return `@${tag}:{${hash}}`;
  });
  return `(${[...parts, ...(isTeachingOnly ? ['@mayTeach:{1}'] : [])].join(' ')})`;
}

/** Little-endian 32-bit floats, whatever this machine is. */
function blobOf(vector: readonly number[]): Buffer {
  const blob = Buffer.alloc(vector.length * 4);
  vector.forEach((value, i) => blob.writeFloatLE(value, i * 4));
  return blob;
}

/** `[total, key, [name, value, …], key, […]]` */
function documentsIn(reply: unknown): Map<string, unknown>[] {
  return asList(reply).slice(1).filter((_, i) => i % 2 === 1).map((fields) => {
    const flat = asList(fields);
    return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[String(name), flat[i + 1]] as const] : [])));
  });
}
