import type { KubeObject } from './kube.js';
import type { Pause } from './policy.js';

/** The kill switch that needs nothing of ours but the cluster: its being there pauses (actions.md 1.5). */
export const KILL_SWITCH = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kubernaut-system', name: 'kubernaut-pause' } as const;

/**
 * `kubectl create configmap kubernaut-pause -n kubernaut-system --from-literal=reason="release freeze"`. Keys, all optional:
 * reason, by, until (RFC 3339), namespace, action. What cannot be read as a time counts as "until removed": when in doubt, stop.
 */
export function pauseOf(configMap: KubeObject | undefined): Pause | undefined {
  if (!configMap || configMap.metadata.deletionTimestamp) return undefined;
  const { by, reason, until, namespace, action } = (configMap.data ?? {}) as Record<string, string>;
  const isTime = until !== undefined && !Number.isNaN(Date.parse(until));
  return {
    by: by || `ConfigMap ${KILL_SWITCH.namespace}/${KILL_SWITCH.name}`,
    reason: reason || 'no reason given',
    ...given({ namespace, action, until: isTime ? new Date(until).toISOString() : undefined }),
  };
}

const given = (texts: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).filter((entry): entry is [string, string] => Boolean(entry[1])));
