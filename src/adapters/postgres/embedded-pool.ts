import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import pg from 'pg';
import { KubernautError } from '../../domain/errors.js';
import type { Database, EmbeddedOptions } from './database.js';
import { lockDataDir } from './data-dir-lock.js';

/**
 * PostgreSQL inside this process (PGlite with pgvector) behind the same `pg.Pool` as a server.
 * One connection and no idle timeout: PGlite has a single session, and a second client would wait for the first for ever.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Database> {
  const isInMemory = options.dataDir.startsWith('memory://');
  const dataDir = isInMemory ? options.dataDir : resolve(options.dataDir);
  if (!isInMemory) await mkdir(dirname(dataDir), { recursive: true });
  const unlock = isInMemory ? async () => undefined : await lockDataDir(dataDir);
  try {
    const { server, Client } = await startServer(dataDir);
    const pool = new pg.Pool({ Client, max: 1, idleTimeoutMillis: 0 });
    pool.on('error', () => undefined);
    let closing: Promise<void> | undefined;
    const close = async () => {
      await pool.end();
      await server.close();
      await unlock();
    };
    return { kind: 'pglite', pool, close: () => (closing ??= close()) };
  } catch (error) {
    await unlock();
    throw new KubernautError(
      'StoreUnavailable',
      `the embedded database in ${dataDir} does not start; move the folder away to begin with an empty one, or configure a PostgreSQL server`,
      error,
    );
  }
}

/** Loaded on demand: a process with a real server never pays for the WebAssembly module. */
async function startServer(dataDir: string) {
  // One after the other: they share files, and Jest's module linker fails when such imports overlap.
  const { PGlite } = await import('@electric-sql/pglite');
  const { vector } = await import('@electric-sql/pglite-pgvector');
  const { createPgConfig } = await import('@electric-sql/pglite/node-postgres');
  const server = await PGlite.create({ dataDir, extensions: { vector } });
  // A fresh config per client: the shim closes its connection after an error, and a shared one would stay closed.
  class EmbeddedClient extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super({ ...config, ...createPgConfig(server) } as pg.ClientConfig);
    }
  }
  return { server, Client: EmbeddedClient as unknown as new () => pg.ClientBase };
}
