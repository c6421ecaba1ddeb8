import type pg from 'pg';
import { isKubernautError, KubernautError } from '../../domain/errors.js';

/**
 * SQLSTATE classes and codes after which the same statement can succeed later:
 * 08 connection, 53 out of resources, 57P0x shutting down or starting, 57014 statement timeout, 40001/40P01 serialization and deadlock, 55P03 lock timeout.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const PASSING = /^(08...|53...|57P0.|57014|40001|40P01|55P03|25006)$/;
/** Wrong credentials, database or rights: waiting does not help. */
const MISCONFIGURED = /^(28...|3D000|42501)$/;
const BUGS = [TypeError, RangeError, ReferenceError, SyntaxError];

/**
 * Any error of a statement in our words. The server's own errors carry a SQLSTATE; everything else the driver throws is about
 * the connection (refused, reset, timed out, pool closed), except JavaScript's own error types, which are ours.
 */
export function toStoreError(error: unknown, doing: string): KubernautError {
  if (isKubernautError(error)) return error;
  if (isFromServer(error)) return fromServer(error, doing);
  if (BUGS.some((Bug) => error instanceof Bug)) return new KubernautError('Internal', `${doing} failed inside the driver`, error);
  return new KubernautError('StoreUnavailable', { message: `the database is out of reach while ${doing}; it is tried again`, cause: codeOf(error) }, error);
}

function fromServer(error: pg.DatabaseError, doing: string): KubernautError {
  const sqlState = error.code ?? 'unknown';
  if (PASSING.test(sqlState)) {
    return new KubernautError('StoreUnavailable', { message: `the database cannot serve ${doing} now (SQLSTATE ${sqlState}); it is tried again`, sqlState }, error);
  }
  if (MISCONFIGURED.test(sqlState)) {
    const message = `the database refuses us while ${doing} (SQLSTATE ${sqlState}); check user, password, database name and grants`;
    return new KubernautError('ConfigInvalid', { message, sqlState }, error);
  }
  const message = `the database refused a statement while ${doing} (SQLSTATE ${sqlState})`;
  return new KubernautError('Internal', { message, sqlState, constraint: error.constraint }, error);
}

/** By shape: the embedded database has a DatabaseError class of its own. `EPIPE` has five letters too, hence the severity. */
function isFromServer(error: unknown): error is pg.DatabaseError {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof severity === 'string' && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);
}

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
};
