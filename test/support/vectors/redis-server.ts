import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { VectorServer } from './contract.js';

type Reply = string | number | null | Buffer | Reply[] | { error: string } | { simple: string };
interface Index {
  prefix: string;
  tags: string[];
  dim: number;
}
type Command = (args: Buffer[]) => Reply;

export interface RedisServerOptions {
  password?: string;
  /** Without: a Redis of before 8 that has no module. Default true. */
  hasSearch?: boolean;
  /** Answers of its own, by command. */
  instead?: Record<string, Reply>;
}

/**
 * A server that speaks RESP2 and the few commands we send, with the replies and the query language that redis.io documents
 * (FT.CREATE, FT.SEARCH with a filtered KNN under dialect 2, FT.INFO, FT._LIST, FT.DROPINDEX DD). Strict: what is not of the expected
 * form, also in a query, is answered by an error. Not proven against a Redis with search.
 */
export async function redisServer({ password, hasSearch = true, instead = {} }: RedisServerOptions = {}): Promise<Pick<VectorServer, 'close' | 'sent'> & { url: string; isSilent: boolean }> {
  const hashes = new Map<string, Map<string, Buffer>>();
  const indexes = new Map<string, Index>();
  const sent: string[] = [];
  const sockets = new Set<Socket>();
  const state = { isSilent: false };

  const search: Record<string, Command> = {
    'FT._LIST': () => [...indexes.keys()],
    'FT.CREATE': (args) => create(indexes, args.map(String)),
    'FT.INFO': ([name]) => info(indexes.get(String(name)), String(name)),
    'FT.DROPINDEX': ([name, dd]) => {
      const index = indexes.get(String(name));
      if (!index) return { error: 'Unknown Index name' };
      indexes.delete(String(name));
      if (String(dd) === 'DD') for (const key of [...hashes.keys()]) if (key.startsWith(index.prefix)) hashes.delete(key);
      return { simple: 'OK' };
    },
    'FT.SEARCH': (args) => find(indexes.get(String(args[0])), hashes, args),
  };
  const commands: Record<string, Command> = {
    PING: () => ({ simple: 'PONG' }),
    SELECT: () => ({ simple: 'OK' }),
    COMMAND: ([, ...names]) => names.map((name) => (hasSearch && search[String(name)] ? [String(name).toLowerCase(), -1, [], 0, 0, 0] : null)),
    HSET: ([key, ...pairs]) => {
      const hash = hashes.get(String(key)) ?? new Map<string, Buffer>();
      hashes.set(String(key), hash);
      const before = hash.size;
      for (let i = 0; i < pairs.length; i += 2) hash.set(String(pairs[i]), pairs[i + 1]!);
      return hash.size - before;
    },
    DEL: (keys) => keys.filter((key) => hashes.delete(String(key))).length,
    ...(hasSearch ? search : {}),
  };

  const server = createServer((socket) => {
    let isIn = password === undefined;
    let rest = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const answer = (args: Buffer[]): Reply => {
      const name = String(args[0]).toUpperCase();
      sent.push(args.map((a) => a.toString('latin1')).join(' '), args.map(String).join(' '));
      if (Object.hasOwn(instead, name)) return instead[name]!;
      if (name === 'AUTH') {
        isIn = String(args.at(-1)) === password;
        return isIn ? { simple: 'OK' } : { error: 'WRONGPASS invalid username-password pair or user is disabled.' };
      }
      if (!isIn) return { error: 'NOAUTH Authentication required.' };
      const command = commands[name];
      return command ? command(args.slice(1)) : { error: `ERR unknown command '${name}', with args beginning with: ` };
    };
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let parsed = commandIn(rest); parsed; parsed = commandIn(rest)) {
        rest = rest.subarray(parsed.length);
        if (!state.isSilent) socket.write(encoded(answer(parsed.args)));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent.join('\n'),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
}

/** `*<n>\r\n` and n times `$<bytes>\r\n<data>\r\n`; undefined while it is not complete. */
function commandIn(data: Buffer): { args: Buffer[]; length: number } | undefined {
  let at = 0;
  const line = (): string | undefined => {
    const end = data.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const text = data.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  const head = line();
  if (head === undefined) return undefined;
  const args: Buffer[] = [];
  for (let i = 0; i < Number(head.slice(1)); i++) {
    const size = line();
    if (size === undefined || data.length < at + Number(size.slice(1)) + 2) return undefined;
    args.push(Buffer.from(data.subarray(at, at + Number(size.slice(1)))));
    at += Number(size.slice(1)) + 2;
  }
  return { args, length: at };
}

function encoded(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('*-1\r\n');
  if (typeof reply === 'number') return Buffer.from(`:${reply}\r\n`);
  if (Array.isArray(reply)) return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encoded)]);
  if (typeof reply === 'string' || Buffer.isBuffer(reply)) {
    const data = Buffer.from(reply);
    return Buffer.concat([Buffer.from(`$${data.length}\r\n`), data, Buffer.from('\r\n')]);
  }
  return Buffer.from('error' in reply ? `-${reply.error}\r\n` : `+${reply.simple}\r\n`);
}

/** `name ON HASH PREFIX 1 p: SCHEMA t TAG … v VECTOR FLAT 6 TYPE FLOAT32 DIM n DISTANCE_METRIC COSINE` */
function create(indexes: Map<string, Index>, args: string[]): Reply {
  const [name, on, hash, prefixes, one, prefix, schema, ...fields] = args;
  if (indexes.has(name!)) return { error: 'Index already exists' };
  if ([on, hash, prefixes, one, schema].join() !== 'ON,HASH,PREFIX,1,SCHEMA') return { error: 'ERR unsupported form' };
  const at = fields.indexOf('VECTOR') - 1;
  const pairs = fields.slice(0, at);
  if (pairs.some((word, i) => i % 2 === 1 && word !== 'TAG')) return { error: 'ERR unsupported field' };
  const [vector, , algorithm, count, type, float32, dimWord, dim, metricWord, metric] = fields.slice(at);
  if ([vector, algorithm, count, type, float32, dimWord, metricWord, metric].join() !== 'vector,FLAT,6,TYPE,FLOAT32,DIM,DISTANCE_METRIC,COSINE') return { error: 'ERR unsupported vector' };
  indexes.set(name!, { prefix: prefix!, tags: pairs.filter((_, i) => i % 2 === 0), dim: Number(dim) });
  return { simple: 'OK' };
}

function info(index: Index | undefined, name: string): Reply {
  if (!index) return { error: `${name}: no such index` };
  const tags = index.tags.map((tag): Reply => ['identifier', tag, 'attribute', tag, 'type', 'TAG', 'SEPARATOR', ',']);
  const vector = ['identifier', 'vector', 'attribute', 'vector', 'type', 'VECTOR', 'algorithm', 'FLAT', 'data_type', 'FLOAT32', 'dim', index.dim, 'distance_metric', 'COSINE'];
  return ['index_name', name, 'index_options', [], 'index_definition', ['key_type', 'HASH', 'prefixes', [index.prefix], 'default_score', '1'], 'attributes', [...tags, vector], 'num_docs', 0];
}

const KNN = /^\(((?:@\w+:\{[^{}]*\} ?)+)\)=>\[KNN (\d+) @vector \$vector AS distance\]$/;
const TAG = /(-?)@(\w+):\{([^{}]*)\}/g;
/** What must be escaped in a tag (redis.io, "tags", special characters). */
const SPECIAL = /[,.<>{}[\]"':;!@#$%^&*()\-+=~ ]/;

type Hash = Map<string, Buffer>;

function find(index: Index | undefined, hashes: Map<string, Hash>, args: Buffer[]): Reply {
  if (!index) return { error: `${String(args[0])}: no such index` };
  const query = String(args[1]);
  const options = optionsOf(args.slice(2));
  if (String(options.DIALECT?.[0]) !== '2') return { error: 'ERR only dialect 2 here' };
  // Only what has a vector of the right size is in the index.
  const indexed = [...hashes].filter(([key, hash]) => key.startsWith(index.prefix) && hash.get('vector')?.length === index.dim * 4);
  if (query === '*') return page(indexed, options);
  const knn = KNN.exec(query);
  const conditions = conditionsIn(knn?.[1] ?? query, index);
  if ('error' in conditions) return conditions;
  const held = indexed.filter(([, hash]) => conditions.every((holds) => holds(hash)));
  return knn ? nearest(index, held, { options, count: Number(knn[2]) }) : page(held, options);
}

function page(rows: [string, Hash][], { LIMIT = [], RETURN = [] }: Record<string, Buffer[]>): Reply {
  const [offset, count] = LIMIT.map((n) => Number(String(n)));
  const fields = RETURN.slice(1).map(String);
  return [rows.length, ...rows.slice(offset, offset! + count!).flatMap(([key, hash]) => [key, fields.flatMap((f) => (hash.has(f) ? [f, hash.get(f)!] : []))])];
}

function conditionsIn(filter: string, index: Index): ((hash: Hash) => boolean)[] | { error: string } {
  const found = [...filter.matchAll(TAG)];
  const isSound = found.map((c) => c[0]).join(' ') === filter && found.every((c) => c[3] !== '' && !SPECIAL.test(c[3]!));
  if (!isSound) return { error: `Syntax error at offset 0 near ${filter}` };
  if (found.some((c) => !index.tags.includes(c[2]!))) return { error: `Unknown field at offset 0 near ${filter}` };
  return found.map(([, not, tag, values]) => (hash) => values!.split('|').some((v) => v.toLowerCase() === String(hash.get(tag!)).toLowerCase()) === (not === ''));
}

function nearest(index: Index, held: [string, Hash][], { options, count }: { options: Record<string, Buffer[]>; count: number }): Reply {
  const wanted = options.PARAMS?.[2];
  if (wanted?.length !== index.dim * 4) return { error: `Error parsing vector similarity query: query vector blob size (${wanted?.length}) does not match index's expected size (${index.dim * 4}).` };
  const near = held.map(([key, hash]): [string, Hash, number] => [key, hash, 1 - cosine(wanted, hash.get('vector')!)]).sort((a, b) => a[2] - b[2]).slice(0, count);
  return page(near.map(([key, hash, distance]) => [key, new Map([...hash, ['distance', Buffer.from(String(distance))]])]), options);
}

const ARITY: Record<string, number> = { DIALECT: 1, SORTBY: 1, LIMIT: 2 };

function optionsOf(args: Buffer[]): Record<string, Buffer[]> {
  const options: Record<string, Buffer[]> = {};
  for (let i = 0; i < args.length; ) {
    const name = String(args[i]);
    const size = ARITY[name] ?? 1 + Number(String(args[i + 1]));
    options[name] = args.slice(i + 1, i + 1 + size);
    i += 1 + size;
  }
  return options;
}

function cosine(a: Buffer, b: Buffer): number {
  const floats = (blob: Buffer) => Array.from({ length: blob.length / 4 }, (_, i) => blob.readFloatLE(i * 4));
  const [x, y] = [floats(a), floats(b)];
  return x.reduce((sum, v, i) => sum + v * y[i]!, 0) / (Math.hypot(...x) * Math.hypot(...y));
}
