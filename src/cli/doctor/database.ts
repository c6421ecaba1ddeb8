import { openDatabase, type Database } from '../../adapters/postgres/database.js';
import { databaseOf } from '../../workers/compose.js';
import { failedCheck, type Check, type Ward } from './check.js';

const NEXT = 'CREATE EXTENSION vector; as a superuser, after installing pgvector on the server';

/** Answers, and has pgvector. Nothing is migrated and nothing created here. */
export async function checkDatabase({ config, run }: Pick<Ward, 'config' | 'run'>): Promise<Check[]> {
  const options = databaseOf(config);
  return options.kind === 'pglite' ? [await checkEmbedded(options.dataDir, run !== undefined)] : checkServer(options);
}

/** Its folder has one owner at a time, so the engine is tried on a database in memory. */
async function checkEmbedded(folder: string, isInUse: boolean): Promise<Check> {
  try {
    const database = await openDatabase({ kind: 'pglite', dataDir: 'memory://' });
    const version = await vectorVersion(database);
    await database.close();
    return { check: 'database', state: 'ok', detail: `embedded PostgreSQL in ${folder}${isInUse ? ', in use' : ''}, pgvector ${version ?? 'missing'}` };
  } catch (error) {
    return failedCheck('database', error, 'npm ci');
  }
}

async function checkServer(options: Parameters<typeof openDatabase>[0]): Promise<Check[]> {
  let database: Database | undefined;
  try {
    database = await openDatabase({ ...options, migrations: 'skip' });
    const { rows } = await database.pool.query<{ version: string; name: string }>("select current_setting('server_version') as version, current_database() as name");
    const server: Check = { check: 'database', state: 'ok', detail: `PostgreSQL ${rows[0]!.version}, database ${rows[0]!.name}` };
    return [server, await checkVector(database)];
  } catch (error) {
    return [failedCheck('database', error, 'check database.url (DATABASE_URL or DB_*)')];
  } finally {
    await database?.close();
  }
}

async function checkVector(database: Database): Promise<Check> {
  const version = await vectorVersion(database);
  if (version !== undefined) return { check: 'pgvector', state: 'ok', detail: version };
  const { rows } = await database.pool.query("select 1 from pg_available_extensions where name = 'vector'");
  if (rows.length === 0) return { check: 'pgvector', state: 'fail', detail: 'is not installed on this server', next: NEXT };
  return { check: 'pgvector', state: 'warn', detail: 'is installed, and not yet created in this database', next: 'the first start creates it when its user may; else CREATE EXTENSION vector; as a superuser' };
}

async function vectorVersion(database: Database): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ extversion: string }>("select extversion from pg_extension where extname = 'vector'");
  return rows[0]?.extversion;
}
