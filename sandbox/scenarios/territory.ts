import type { LoadedScenario } from './load.js';
import { manifestsOf } from './manifests.js';
import type { ResourceTypes } from './resource-types.js';

/** What of the cluster a file claims for itself. */
export interface Territory {
  /** The file's own namespace first, then every namespace its manifests name. */
  namespaces: string[];
  /** Does it reach beyond its own namespace? Then it runs alone. */
  isAlone: boolean;
}

const CLUSTER_LABELS = ['node', 'persistentvolume', 'storageclass'];

export function territoryOf({ scenario, namespace }: LoadedScenario, types: ResourceTypes): Territory {
  const manifests = manifestsOf(scenario);
  const isClusterScoped = (apiVersion: string, kind: string) => types.byKind(apiVersion, kind)?.isNamespaced === false;
  const named = manifests.flatMap((o) => (o.kind === 'Namespace' ? [o.metadata.name] : isClusterScoped(o.apiVersion, o.kind) ? [] : [o.metadata.namespace ?? namespace]));
  const namespaces = [...new Set([namespace, ...named])];
  const steps = [...(scenario.fault ?? []), ...(scenario.disturb ?? [])];
  const isOutside = (text: string, explicit?: string): boolean => {
    const parts = text.split('/');
    const kind = parts.at(-2) ?? '';
    if (types.byWord(kind)?.isNamespaced === false) return true;
    return ![undefined, namespace].includes(explicit ?? (parts.length === 3 ? parts[0] : undefined));
  };
  const isReachingOut = steps.some((step) => {
    if ('patch' in step) return isOutside(step.patch.target, step.patch.namespace ?? step.namespace);
    if ('scale' in step) return isOutside(step.scale.target, step.scale.namespace ?? step.namespace);
    if (!('delete' in step)) return false;
    return typeof step.delete === 'string' ? isOutside(step.delete, step.namespace) : isOutside(step.delete.target, step.delete.namespace ?? step.namespace);
  });
  return {
    namespaces,
    isAlone:
      namespaces.length > 1 ||
      isReachingOut ||
      manifests.some((o) => o.kind !== 'Namespace' && (isClusterScoped(o.apiVersion, o.kind) || types.byKind(o.apiVersion, o.kind) === undefined)) ||
      (scenario.expect.changed ?? []).some((text) => isOutside(text)) ||
      (scenario.signal?.alertmanager ?? []).some((a) => CLUSTER_LABELS.some((label) => label in a.labels && !('pod' in a.labels))),
  };
}
