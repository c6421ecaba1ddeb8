import { tolerating } from '../simulator/kube-client.js';
import type { Hands, OperatorObject } from './define.js';

const secrets = { apiVersion: 'v1', plural: 'secrets' };

export interface NewSecret {
  name: string;
  type: string;
  stringData: Record<string, string>;
  labels?: Record<string, string>;
  isImmutable?: boolean;
}

/** Makes the Secret, or puts new content into the one that is there. Owned by the object it comes from. */
export async function publishSecret({ apiVersion, kind, metadata }: OperatorObject, { name, type, stringData, labels, isImmutable }: NewSecret, { client, pathOf }: Hands): Promise<void> {
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true };
  const secret = {
    apiVersion: 'v1', kind: 'Secret', type, stringData, ...(isImmutable ? { immutable: true } : {}),
    metadata: { name, namespace: metadata.namespace, ...(labels ? { labels } : {}), ownerReferences: [owner] },
  };
  // a namespace on its way out takes nothing new
  const created = await tolerating([403, 404, 409], client.request('POST', pathOf(secrets, metadata.namespace), secret));
  if (created === undefined) await tolerating([404], client.request('merge', pathOf(secrets, metadata.namespace, name), { stringData }));
}

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

/** In place of the one of its type; its time moves only when its status does. */
export function withCondition(conditions: readonly Condition[] | undefined, next: Condition, now: string): Condition[] {
  const before = conditions?.find((c) => c.type === next.type);
  const lastTransitionTime = before?.status === next.status ? (before.lastTransitionTime ?? now) : now;
  return [...(conditions ?? []).filter((c) => c.type !== next.type), { ...next, lastTransitionTime }];
}

/** As controllers write times: whole seconds. */
export const inSeconds = (time: string): string => time.replace(/\.\d+Z$/, 'Z');
