import type { KubeObject } from '../../domain/kube.js';
import { ApiError, type Connection } from './connection.js';
import { scopeOf, type Kind } from './kinds.js';

const PAGE_SIZE = 500;
const LIST_TIMEOUT_MS = 30_000;

export interface KubeList {
  items: KubeObject[];
  metadata: { resourceVersion?: string; continue?: string };
}

/** A whole collection as plain JSON. Items of a list carry no kind of their own on the wire; it is put back. */
export async function listPages(connection: Connection, kind: Kind, each: (o: KubeObject) => KubeObject, pageSize = PAGE_SIZE): Promise<KubeList> {
  try {
    return await listFrom(connection, kind, each, pageSize);
  } catch (error) {
    // the snapshot behind the continue token was compacted away: once more, in one piece
    if (!(error instanceof ApiError) || error.statusCode !== 410) throw error;
    return listFrom(connection, kind, each, undefined);
  }
}

async function listFrom(connection: Connection, kind: Kind, each: (o: KubeObject) => KubeObject, limit: number | undefined): Promise<KubeList> {
  const items: KubeObject[] = [];
  const { path, fieldSelector } = scopeOf(kind);
  const typed = { apiVersion: kind.apiVersion, kind: kind.kind };
  let next: string | undefined;
  for (;;) {
    const query = { limit, continue: next, fieldSelector };
    const page = (await connection.request({ verb: 'list', path, query, timeoutMs: LIST_TIMEOUT_MS })) as KubeList;
    for (const item of page.items ?? []) items.push(each(Object.assign(item, typed)));
    next = page.metadata?.continue || undefined;
    if (!next) return { items, metadata: page.metadata ?? {} };
  }
}
