import { createReadStream, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

export interface AuditEntry {
  verb: string;
  requestURI: string;
  userAgent?: string;
  objectRef?: { resource: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code: number };
  requestObject?: { metadata?: { annotations?: Record<string, string> } };
  /** When the API server received it; microseconds. */
  requestReceivedTimestamp: string;
}

export const isDryRun = (e: AuditEntry): boolean => e.requestURI.includes('dryRun=All');

/** `2026-03-01T02:14:03.482913Z` → milliseconds since the epoch, with fraction. */
export const receivedAtMs = ({ requestReceivedTimestamp: text }: AuditEntry): number =>
  Date.parse(`${text.slice(0, 19)}Z`) + Number(`0${text.slice(19, -1)}`) * 1000;

/** Every entry since `sinceMs`, over the files that rotation left. Entries come in no particular order. */
export async function auditSince(auditLog: string, sinceMs: number, wanted: (e: AuditEntry) => boolean): Promise<AuditEntry[]> {
  const dir = dirname(auditLog);
  const files = readdirSync(dir).map((name) => join(dir, name)).filter((file) => statSync(file).mtimeMs >= sinceMs);
  const found: AuditEntry[] = [];
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      if (!line.endsWith('}')) continue;
      const entry = JSON.parse(line) as AuditEntry;
      if (receivedAtMs(entry) >= sinceMs && wanted(entry)) found.push(entry);
    }
  }
  return found;
}
