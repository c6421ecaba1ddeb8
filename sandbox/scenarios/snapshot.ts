import type { KubeObject } from '../../src/domain/kube.js';
import { KubeRequestError } from '../simulator/kube-client.js';
import type { ResourceType } from './resource-types.js';
import type { Workbench } from './workbench.js';

/** The whole cluster at one moment, by `kind.group/namespace/name`. */
export type Snapshot = ReadonlyMap<string, KubeObject>;

/** Kinds that tell what happens rather than what is wanted. */
const VOLATILE = new Set(['Event', 'Lease', 'EndpointSlice', 'Endpoints', 'IPAddress', 'ComponentStatus']);

/** Figures served by an extension can be listed but not written: they are no objects. */
const isKept = (t: ResourceType): boolean => t.verbs.includes('list') && t.verbs.some((v) => v === 'update' || v === 'patch') && !VOLATILE.has(t.kind);

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '');
export const keyOf = (o: KubeObject): string => `${o.kind}${groupOf(o.apiVersion)}/${o.metadata.namespace ?? ''}/${o.metadata.name}`;

async function listQuietly(bench: Workbench, type: ResourceType): Promise<KubeObject[]> {
  try {
    return await bench.list(type);
  } catch (error) {
    // A custom kind that was removed since discovery has no objects.
    if (error instanceof KubeRequestError && (error.status === 404 || error.status === 405)) return [];
    throw error;
  }
}

/** Lists everything that can be listed and written. */
export async function takeSnapshot(bench: Workbench): Promise<Snapshot> {
  const lists = await Promise.all(bench.types().all.filter(isKept).map((type) => listQuietly(bench, type)));
  return new Map(lists.flat().map((o) => [keyOf(o), o]));
}
