import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { METADATA_ENCODING_KEY, type Payload, type PayloadCodec } from '@temporalio/common';
import { KubernautError } from '../../domain/errors.js';

const ENCODING = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const KEY_ID = 'encryption-key-id';
const KEY_BYTES = 32;
/** NIST SP 800-38D: 96 bits at random for each message, 128 bits of tag. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Of the length in front of the metadata. */
const LENGTH_BYTES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Encrypts everything that Temporal keeps of us: inputs, results, signals, queries, memos, texts for the Web UI. Search
 * attributes stay readable, since the server must search them. `keys` are `<id>:<32 bytes in base64>`: the first encrypts,
 * all decrypt, so that a new one is put in front of the old. What is not encrypted is taken as it is: people send signals with
 * the stock CLI, and histories may be older than the key. Throws ConfigInvalid.
 */
export function encryptionOf(keys: readonly string[]): PayloadCodec | undefined {
  const byId = new Map(keys.map(keyFrom));
  const [current] = byId;
  if (!current) return undefined;
  return {
    encode: async (payloads) => payloads.map((p) => sealed(p, current)),
    decode: async (payloads) => payloads.map((p) => (isSealed(p) ? opened(p, byId) : p)),
  };
}

function keyFrom(text: string): [id: string, key: Buffer] {
  const [, id, encoded] = /^([A-Za-z0-9._-]{1,64}):([A-Za-z0-9+/_-]+={0,2})$/.exec(text) ?? [];
  const key = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  if (id !== undefined && key?.length === KEY_BYTES) return [id, key];
  throw new KubernautError('ConfigInvalid', 'temporal.encryptionKeys: a key is <id>:<32 bytes in base64>; make one with: echo "$(date +%Y-%m):$(openssl rand -base64 32)"');
}

const isSealed = ({ metadata }: Payload): boolean => metadata?.[METADATA_ENCODING_KEY] !== undefined && decoder.decode(metadata[METADATA_ENCODING_KEY]!) === ENCODING;

function sealed(payload: Payload, [id, key]: [string, Buffer]): Payload {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv);
  cipher.setAAD(encoder.encode(id));
  const text = Buffer.concat([cipher.update(bytesOf(payload)), cipher.final()]);
  return {
    metadata: { [METADATA_ENCODING_KEY]: encoder.encode(ENCODING), [KEY_ID]: encoder.encode(id) },
    data: Buffer.concat([iv, cipher.getAuthTag(), text]),
  };
}

/** Throws ConfigInvalid without its key, and Internal where somebody changed it: a history that cannot be read must not be guessed. */
function opened({ metadata, data }: Payload, keys: ReadonlyMap<string, Buffer>): Payload {
  const id = decoder.decode(metadata?.[KEY_ID] ?? new Uint8Array());
  const key = keys.get(id);
  if (!key) throw new KubernautError('ConfigInvalid', `temporal.encryptionKeys lacks the key "${id.slice(0, 64)}", with which something in Temporal is encrypted; add it behind the others`);
  const bytes = Buffer.from(data ?? new Uint8Array());
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(encoder.encode(id));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return payloadFrom(Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]));
  } catch (error) {
    throw new KubernautError('Internal', `something in Temporal that was encrypted with the key "${id.slice(0, 64)}" cannot be decrypted: it was changed, or another key has that id`, error);
  }
}

/** Metadata as JSON behind its length, then the data as it is. */
function bytesOf({ metadata, data }: Payload): Buffer {
  const head = Buffer.from(JSON.stringify(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, data ?? new Uint8Array()]);
}

function payloadFrom(bytes: Buffer): Payload {
  const end = LENGTH_BYTES + bytes.readUInt32BE(0);
  const entries = JSON.parse(bytes.subarray(LENGTH_BYTES, end).toString('utf8')) as [string, string][];
  return { metadata: Object.fromEntries(entries.map(([name, value]) => [name, new Uint8Array(Buffer.from(value, 'base64'))])), data: new Uint8Array(bytes.subarray(end)) };
}
