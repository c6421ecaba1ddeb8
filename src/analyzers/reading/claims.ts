import type { Evidence } from '../../domain/evidence.js';
import type { KubeObject, World } from '../../domain/kube.js';
import { livePodsOf, workloadsInScope } from './scene.js';

interface Volume {
  name: string;
  persistentVolumeClaim?: { claimName: string };
  ephemeral?: unknown;
}

/** Names of the claims that a pod mounts, those made for it alone included. */
export const claimNamesOf = (pod: KubeObject): string[] =>
  ((pod.spec?.volumes ?? []) as Volume[]).flatMap((v) => (v.persistentVolumeClaim ? [v.persistentVolumeClaim.claimName] : v.ephemeral ? [`${pod.metadata.name}-${v.name}`] : []));

/** The target itself, or the claims of its workloads' pods. */
export function claimsInScope(evidence: Evidence, world: World): KubeObject[] {
  if (evidence.object?.kind === 'PersistentVolumeClaim') return [evidence.object];
  const pods = workloadsInScope(evidence, world).flatMap((w) => livePodsOf(world, w));
  const names = new Set(pods.flatMap((p) => claimNamesOf(p).map((name) => `${p.metadata.namespace}/${name}`)));
  return world.list('PersistentVolumeClaim').filter((c) => names.has(`${c.metadata.namespace}/${c.metadata.name}`));
}
