import { KubernautError } from '../../domain/errors.js';
import type { RedisOptions } from './redis.js';

export interface RedisClient {
  /** One command, its raw RESP2 reply. Throws VectorsUnavailable and VectorsRejected. */
  send(command: readonly (string | Buffer)[]): Promise<unknown>;
  close(): Promise<void>;
}

type Connection = { isReady: boolean; sendCommand(command: (string | Buffer)[]): Promise<unknown>; destroy(): void };

/** Error replies begin with a code. These pass: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const PASSING = new Set(['LOADING', 'BUSY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'OOM', 'READONLY', 'NOREPLICAS', 'MISCONF']);
const LOCKED = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM']);

/** Connects when first used and again after a loss; nothing is queued while there is no connection, and every wait has an end. */
export function redisClient(options: Omit<RedisOptions, 'collection'>): RedisClient {
  let current: Promise<Connection> | undefined;

  const connected = async (): Promise<Connection> => {
    const known = await current?.catch(() => undefined);
    if (known?.isReady) return known;
    known?.destroy();
    return (current = connect(options));
  };

  const close = async (): Promise<void> => {
    const open = current;
    current = undefined;
    (await open?.catch(() => undefined))?.destroy();
  };

  return {
    async send(command) {
      try {
        const connection = await within(options.timeoutMs, connected());
        return await within(options.timeoutMs, connection.sendCommand([...command]));
      } catch (error) {
        const failure = await toError(error);
        // One that does not answer is not used again: what it says later would only pile up.
        if (failure.code === 'VectorsUnavailable') await close();
        throw failure;
      }
    },
    close,
  };
}

async function connect({ url, username, password, timeoutMs }: Omit<RedisOptions, 'collection'>): Promise<Connection> {
  const { createClient } = await import('redis');
  const client = createClient({
    url, RESP: 2, disableOfflineQueue: true, disableClientInfo: true,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    // No attempts behind our back: the next use connects again.
    socket: { connectTimeout: timeoutMs, reconnectStrategy: false },
  });
  client.on('error', () => undefined); // told by the call that needed it
  try {
    await within(timeoutMs, client.connect());
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw error;
  }
  return {
    get isReady() {
      return client.isReady;
    },
    sendCommand: (command) => client.sendCommand(command),
    destroy: () => {
      if (client.isOpen) client.destroy();
    },
  };
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMs);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined); // may still fail after the time is over
  }
}

/** An error reply is the server's word; anything else is about the connection. */
async function toError(error: unknown): Promise<KubernautError> {
  const { ErrorReply } = await import('redis');
  const { message } = error as Error;
  const code = /^[A-Z]+(?= )/.exec(message)?.[0] ?? '';
  const isReply = error instanceof ErrorReply;
  if (isReply && LOCKED.has(code)) return new KubernautError('VectorsRejected', `Redis refuses us (${code}); check vectors.username, vectors.apiKey and what they may do`, error);
  if (isReply && !PASSING.has(code)) return new KubernautError('VectorsRejected', `Redis refused a command (${code || 'ERR'}); check that it has search, and vectors.collection`, error);
  const why = isReply ? code : ((error as { code?: string }).code ?? message);
  return new KubernautError('VectorsUnavailable', `Redis is out of reach: ${why}; remediation goes on without similar incidents`, error);
}
