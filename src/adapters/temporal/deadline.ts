import type { Connection } from '@temporalio/client';
import { toTemporalError } from './errors.js';

/** Runs requests with a deadline; whatever goes wrong is a KubernautError that says what was being done. */
export async function withinDeadline<T>(connection: Connection, ms: number, doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await connection.withDeadline(Date.now() + ms, run);
  } catch (error) {
    throw toTemporalError(error, doing);
  }
}
