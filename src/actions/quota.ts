import type { World } from '../domain/kube.js';
import { quantityOf } from '../domain/quantity.js';

/** What a change adds to a namespace, by quota key (`pods`, `requests.memory`): counts, cores, bytes. */
export type Extra = Partial<Record<'pods' | 'requests.cpu' | 'requests.memory' | 'limits.cpu' | 'limits.memory' | 'persistentvolumeclaims' | 'requests.storage' | OfClass, number>>;
/** What one storage class may give: `fast.storageclass.storage.k8s.io/requests.storage`. */
type OfClass = `${string}.storageclass.storage.k8s.io/${'requests.storage' | 'persistentvolumeclaims'}`;

/** `cpu` and `memory` of a quota are its requests under an older name; object counts have a newer one. */
const ALIASES: Record<string, keyof Extra> = { cpu: 'requests.cpu', memory: 'requests.memory', 'count/pods': 'pods', 'count/persistentvolumeclaims': 'persistentvolumeclaims' };

/**
 * The first quota that cannot hold the extra, in words; undefined when all can.
 * Quotas with scopes count only some pods; whether these are among them is left to the server's dry run.
 */
export function quotaShortage(world: World, namespace: string, extra: Extra): string | undefined {
  const quotas = world.list('ResourceQuota', namespace).filter((q) => !q.spec?.scopes?.length && !q.spec?.scopeSelector);
  for (const quota of quotas) {
    const hard: Record<string, string> = quota.status?.hard ?? quota.spec?.hard ?? {};
    const short = Object.keys(hard).find((key) => {
      const more = extra[ALIASES[key] ?? (key as keyof Extra)] ?? 0;
      return more > 0 && quantityOf(quota.status?.used?.[key]) + more > quantityOf(hard[key]) * (1 + 1e-9);
    });
    if (short) return `quota ${namespace}/${quota.metadata.name} has ${quota.status?.used?.[short] ?? 0} of ${hard[short]} ${short} in use`;
  }
  return undefined;
}
