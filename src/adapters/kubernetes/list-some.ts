import type { KubeObject } from '../../domain/kube.js';
import type { Listed, ListOptions } from '../../domain/ports.js';
import { ApiError, type Connection } from './connection.js';
import { toKubernautError } from './errors.js';
import type { KubeList } from './list-pages.js';

const PAGE_SIZE = 500;
const LIST_TIMEOUT_MS = 30_000;

export interface Collection {
  path: string;
  apiVersion: string;
  kind: string;
}

/** A live collection, page by page, until it ends or enough was read. A snapshot that is compacted away on the way is begun anew, once. */
export async function listSome(connection: Connection, what: Collection, options: ListOptions): Promise<Listed> {
  try {
    return await pages(connection, what, options).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.statusCode !== 410) throw error;
      return pages(connection, what, options);
    });
  } catch (error) {
    throw error instanceof ApiError ? toKubernautError(error, { verb: 'list', about: `${what.kind}s` }) : error;
  }
}

async function pages(connection: Connection, { path, apiVersion, kind }: Collection, { maxBytes, pageSize = PAGE_SIZE, signal }: ListOptions): Promise<Listed> {
  const items: KubeObject[] = [];
  let bytes = 0;
  let next: string | undefined;
  do {
    signal?.throwIfAborted();
    const page = (await connection.request({ verb: 'list', path, query: { limit: pageSize, continue: next }, timeoutMs: LIST_TIMEOUT_MS })) as KubeList;
    for (const item of page.items ?? []) {
      bytes += Buffer.byteLength(JSON.stringify(item));
      if (bytes > maxBytes) return { items, isCut: true };
      items.push(Object.assign(item, { apiVersion, kind }));
    }
    next = page.metadata?.continue || undefined;
  } while (next);
  return { items, isCut: false };
}
