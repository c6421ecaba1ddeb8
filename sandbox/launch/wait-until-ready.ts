import { setTimeout as sleep } from 'node:timers/promises';
import { KubernautError } from '../../src/domain/errors.js';
import type { ServerProcess } from './server-process.js';

export interface Readiness {
  /** True when ready; may throw or say false before. */
  probe(): Promise<boolean>;
  timeoutMs: number;
  intervalMs?: number;
}

/** Polls until the server answers. Throws DependencyMissing with its last log lines when it dies or takes too long. */
export async function waitUntilReady(server: ServerProcess, readiness: Readiness): Promise<void> {
  const deadline = Date.now() + readiness.timeoutMs;
  let lastError: unknown;
  for (;;) {
    if (server.exit !== undefined) throw notReady(server, `ended with ${exitText(server)}`, lastError);
    try {
      if (await readiness.probe()) return;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) throw notReady(server, `was not ready after ${readiness.timeoutMs / 1000} s`, lastError);
    await sleep(readiness.intervalMs ?? 50);
  }
}

function exitText(server: ServerProcess): string {
  return server.exit?.signal ?? `code ${server.exit?.code}`;
}

function notReady(server: ServerProcess, what: string, cause: unknown): KubernautError {
  const message = `${server.name} ${what}; the whole log is ${server.logFile}. Its last lines:\n${server.lastLines()}`;
  return new KubernautError('DependencyMissing', { message, server: server.name, logFile: server.logFile }, cause);
}
