import type pg from 'pg';
import type { Database } from './database.js';
import { toStoreError } from './store-error.js';

/**
 * Runs one statement and returns its rows; `doing` completes "the database is out of reach while …".
 * Everything in the store is a single statement: atomic without a transaction, so the embedded database's only
 * connection is never held between two round trips.
 */
export type Query = <Row extends pg.QueryResultRow>(doing: string, sql: string, values?: readonly unknown[]) => Promise<Row[]>;

export const queryOn =
  (database: Pick<Database, 'pool'>): Query =>
  async (doing, sql, values = []) => {
    try {
      return (await database.pool.query(sql, [...values])).rows;
    } catch (error) {
      throw toStoreError(error, doing);
    }
  };
