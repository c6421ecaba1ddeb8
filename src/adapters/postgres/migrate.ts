import { fileURLToPath } from 'node:url';
import Postgrator from 'postgrator';
import type pg from 'pg';
import { KubernautError } from '../../domain/errors.js';
import type { Database } from './database.js';

/** Any constant; the same for all our processes. */
const MIGRATION_LOCK = '7205759403792793';
const MIGRATIONS = fileURLToPath(new URL('./migrations/', import.meta.url));

/**
 * Brings the schema up to date and returns the names of the migrations that ran. One transaction under an advisory lock:
 * processes that start together wait for the first, and a migration that fails leaves nothing behind.
 */
export async function migrate(database: Pick<Database, 'pool'>): Promise<string[]> {
  const client = await database.pool.connect();
  let failure: Error | undefined;
  try {
    await client.query('begin');
    // Migrations may be long and waiting for another process's is fine: the pool's statement timeout is for requests.
    await client.query('set local statement_timeout = 0');
    await client.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    await requireVector(client);
    const ran = await runnerFor(client).migrate();
    await client.query('commit');
    return ran.map((migration) => migration.name);
  } catch (error) {
    failure = error as Error;
    // The connection may be what failed; the first error is the one to tell.
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release(failure);
  }
}

const runnerFor = (client: pg.ClientBase): Postgrator =>
  new Postgrator({
    driver: 'pg',
    migrationPattern: `${MIGRATIONS}*.sql`,
    schemaTable: 'schema_version',
    execQuery: (query) => client.query(query),
    execSqlScript: async (script) => {
      await client.query(script);
    },
  });

async function requireVector(client: pg.ClientBase): Promise<void> {
  const { rowCount } = await client.query(`select from pg_available_extensions where name = 'vector'`);
  if (rowCount === 0) {
    throw new KubernautError('DependencyMissing', 'this PostgreSQL server has no pgvector; install the extension "vector" (package postgresql-<version>-pgvector) and start again');
  }
}
