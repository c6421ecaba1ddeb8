import type { KubeObject, World } from '../../domain/kube.js';

/** Kubernetes' "safe" alphabet for generated names: no vowels, no 0, 1, 3. */
const SAFE = '[bcdfghjklmnpqrstvwxz2456789]';
const DEPLOYMENT_POD = new RegExp(`^(.+)-${SAFE}{1,10}-${SAFE}{5}$`);
const REPLICA_SET = new RegExp(`^(.+)-${SAFE}{1,10}$`);
const GENERATED = new RegExp(`^(.+)-${SAFE}{5}$`);
const ORDINAL = /^(.+)-\d+$/;

const POD_PATTERNS: readonly [RegExp, kind: string][] = [
  [DEPLOYMENT_POD, 'Deployment'],
  [ORDINAL, 'StatefulSet'],
  [GENERATED, 'DaemonSet'],
  [GENERATED, 'Job'],
  [GENERATED, 'ReplicaSet'],
];

/**
 * The workload a vanished pod (or ReplicaSet) must have belonged to, by the way controllers name things.
 * Only one that exists: a guess is never made up.
 */
export function ownerByName(world: World, hint: { kind: string; namespace?: string; name: string }): KubeObject | undefined {
  const patterns = hint.kind === 'Pod' ? POD_PATTERNS : hint.kind === 'ReplicaSet' ? [[REPLICA_SET, 'Deployment'] as const] : [];
  for (const [pattern, kind] of patterns) {
    const name = pattern.exec(hint.name)?.[1];
    const workload = name ? world.get(kind, hint.namespace, name) : undefined;
    if (workload) return workload;
  }
  return undefined;
}
