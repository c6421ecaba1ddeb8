import pg from 'pg';
import type { Database, ServerOptions } from './database.js';

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 15_000;

/** A pool over a PostgreSQL server; connects on first use. */
export function openServer(options: ServerOptions): Database {
  const { host, port, user, password, database, ssl } = options;
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    connectionString: options.url,
    ...defined({ host, port, user, password, database, ssl }),
    application_name: 'kubernaut',
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    // The client's own deadline: a server behind a broken network never answers, not even with its timeout.
    query_timeout: statementTimeoutMs + CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced on the next use; without a listener the process would end.
  pool.on('error', () => undefined);
  let closing: Promise<void> | undefined;
  return { kind: 'postgres', pool, close: () => (closing ??= pool.end()) };
}

const defined = <T extends object>(members: T): Partial<T> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>;
