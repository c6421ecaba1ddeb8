import type pg from 'pg';
import { openEmbedded } from './embedded-pool.js';
import { migrate } from './migrate.js';
import { openServer } from './server-pool.js';
import { toStoreError } from './store-error.js';

export interface ServerOptions {
  kind: 'postgres';
  /** `postgres://user:password@host:5432/database?sslmode=require`; the members below win over its parts. */
  url?: string;
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  database?: string;
  /** TLS as `pg` takes it: true, or `{ ca, cert, key, rejectUnauthorized }`. */
  ssl?: boolean | { ca?: string; cert?: string; key?: string; rejectUnauthorized?: boolean };
  /** Connections kept by this process. Default 10. */
  maxConnections?: number;
  /** Default 15000: longer statements end as `StoreUnavailable`. */
  statementTimeoutMs?: number;
}

export interface EmbeddedOptions {
  kind: 'pglite';
  /** A folder owned by this process alone, or `memory://` for one that ends with it. */
  dataDir: string;
}

export type DatabaseOptions = (ServerOptions | EmbeddedOptions) & {
  /** `skip` where a release job migrates before the workers start. Default `run`. */
  migrations?: 'run' | 'skip';
};

export interface Database {
  /** The same `pg.Pool` for both kinds. The embedded one has a single connection: never hold it while asking for another. */
  readonly pool: pg.Pool;
  readonly kind: DatabaseOptions['kind'];
  /** Ends the pool, and the embedded server with its lock. Safe to call twice. */
  close(): Promise<void>;
}

/** Connects, brings the schema up to date and answers. Throws StoreUnavailable, ConfigInvalid, DependencyMissing or Conflict (embedded folder in use). */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const database = options.kind === 'pglite' ? await openEmbedded(options) : openServer(options);
  try {
    if (options.migrations === 'skip') await database.pool.query('select 1');
    else await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw toStoreError(error, 'opening the database');
  }
}
