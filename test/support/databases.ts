import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ensureServer } from '../../scripts/servers.mjs';
import { openDatabase, type Database } from '../../src/adapters/postgres/database.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';

export interface TestDatabase {
  name: string;
  /** A fresh, migrated, empty database; `close` removes it. */
  open(): Promise<Database>;
}

/** For `describe.each(eachDatabase())`: the same suite on the embedded database and on a real PostgreSQL with pgvector. */
export const eachDatabase = (): TestDatabase[] => [
  { name: 'PGlite', open: () => openDatabase({ kind: 'pglite', dataDir: 'memory://' }) },
  { name: 'PostgreSQL', open: openOnServer },
];

/** `DATABASE_URL` of a server where we may create databases, or one of our own for as long as a test holds a database on it. */
async function openOnServer(): Promise<Database> {
  const server = await holdServer();
  const name = `kubernaut_test_${randomBytes(6).toString('hex')}`;
  await administer(server.url, `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const database = await openDatabase({ kind: 'postgres', url: url.href });
  let closing: Promise<void> | undefined;
  const close = async () => {
    await database.close();
    await administer(server.url, `drop database ${name} with (force)`);
    await server.release();
  };
  return { ...database, close: () => (closing ??= close()) };
}

let shared: { server: Promise<PostgresServer>; holders: number } | undefined;

async function holdServer(): Promise<{ url: string; release(): Promise<void> }> {
  const given = process.env.DATABASE_URL;
  if (given) return { url: given, release: async () => undefined };
  const held = (shared ??= { server: startOwn(), holders: 0 });
  held.holders++;
  const server = await held.server;
  return {
    url: server.url,
    async release() {
      held.holders--;
      if (held.holders > 0) return;
      if (shared === held) shared = undefined;
      await server.stop();
    },
  };
}

async function startOwn(): Promise<PostgresServer> {
  const { path } = await ensureServer('postgres');
  return startPostgres(path);
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
