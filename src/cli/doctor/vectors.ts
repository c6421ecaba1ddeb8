import { openDatabase, type Database } from '../../adapters/postgres/database.js';
import { connectVectors } from '../../adapters/vectors/connect-vectors.js';
import { isKubernautError } from '../../domain/errors.js';
import { databaseOf, embedderOf, vectorsOf } from '../../workers/compose.js';
import { failedCheck, type Check, type Ward } from './check.js';

const NEXT = 'check vectors.url, vectors.apiKey and vectors.collection, or leave vectors out: pgvector is used then';
/** A table or column that a migration makes. */
const NOT_YET = ['42P01', '42703'];

/** Can similar incidents be looked for, with the embedder that is configured? Nothing is migrated; a missing collection is made. */
export async function checkVectors({ config }: Pick<Ward, 'config'>): Promise<Check> {
  const options = vectorsOf(config);
  const own = databaseOf(config);
  if (options.backend === 'pgvector' && own.kind === 'pglite') return { check: 'vectors', state: 'ok', detail: 'pgvector in the embedded database' };
  let database: Database | undefined;
  try {
    // The other backends never ask the database.
    if (options.backend === 'pgvector') database = await openDatabase({ ...own, migrations: 'skip' });
    const index = connectVectors(options, { database: database as Database, embedder: embedderOf(config) });
    const health = await index.health().finally(() => index.close());
    return inClear(options) ?? { check: 'vectors', state: 'ok', detail: `${options.backend}: ${health}` };
  } catch (error) {
    return isNotYet(error) ? { check: 'vectors', state: 'ok', detail: 'pgvector; its table is made by the first start' } : failedCheck('vectors', error, NEXT);
  } finally {
    await database?.close();
  }
}

const isNotYet = (error: unknown): boolean => isKubernautError(error) && NOT_YET.includes(String(error.details.sqlState));

/** Inside a cluster that may be meant; the row says it. */
function inClear({ backend, url = '', apiKey }: ReturnType<typeof vectorsOf>): Check | undefined {
  if (apiKey === undefined || !/^(?:http|redis):\/\/(?!localhost|127\.|\[::1\])/.test(url)) return undefined;
  return { check: 'vectors', state: 'warn', detail: `${backend} answers, and vectors.apiKey goes to it in clear`, next: `write ${backend === 'redis' ? 'rediss' : 'https'}:// in vectors.url` };
}
