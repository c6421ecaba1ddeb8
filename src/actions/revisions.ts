import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import { canonicalJson } from '../domain/sha256.js';
import { wasNeverAvailable } from '../domain/status.js';

const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const HASH_LABEL = 'pod-template-hash';

export const revisionOf = (o: KubeObject): number => Number(o.metadata.annotations?.[REVISION] ?? 0);

/** ReplicaSets of a Deployment, newest revision first. */
export const revisionsOf = (world: World, deployment: KubeObject): KubeObject[] =>
  world
    .ownedBy(deployment.metadata.uid ?? '')
    .filter((o) => o.kind === 'ReplicaSet')
    .sort((a, b) => revisionOf(b) - revisionOf(a));

/** The template as the Deployment would carry it: the controller added the hash label. */
export function templateOf(replicaSet: KubeObject): KubeObject['spec'] {
  const template = structuredClone(replicaSet.spec.template);
  delete template.metadata?.labels?.[HASH_LABEL];
  return template;
}

export const hasTemplateOf = (deployment: KubeObject, replicaSet: KubeObject): boolean =>
  canonicalJson(withoutEmpty(templateOf(replicaSet))) === canonicalJson(withoutEmpty(deployment.spec.template));

/** `creationTimestamp: null` comes and goes with the version of the server. */
function withoutEmpty(template: KubeObject['spec']): unknown {
  const { creationTimestamp: _time, ...metadata } = template.metadata ?? {};
  return { ...template, metadata };
}

export const currentRevisionOf = (world: World, deployment: KubeObject): KubeObject | undefined =>
  revisionsOf(world, deployment).find((rs) => hasTemplateOf(deployment, rs));

/** A template that no ReplicaSet has yet (paused, or the controller is behind): any patch of ours would roll it out. */
export function carriesUnreleasedChange(world: World, object: KubeObject): boolean {
  if (object.kind !== 'Deployment') return (object.status?.observedGeneration ?? 0) < (object.metadata.generation ?? 0);
  return currentRevisionOf(world, object) === undefined;
}

/**
 * When the current revision began to roll out (RFC 3339); undefined where its ReplicaSet is older than that,
 * because a rollback took it up again.
 */
export function rolledOutAt(current: KubeObject): string | undefined {
  return current.metadata.annotations?.[REVISION_HISTORY] ? undefined : current.metadata.creationTimestamp;
}

export type Standing = 'available' | 'unknown' | 'was_down';

/**
 * Was this revision once fully available? A ReplicaSet's status speaks of now, not of its past, so this is judged by
 * what does remember:
 * - it has available pods at this moment: yes;
 * - it is the direct predecessor, and the Deployment was already unavailable before the current revision rolled out
 *   (condition Available=False since before then): it was down, and going back to it would be no cure.
 *   With strategy Recreate the old pods stop before the new ReplicaSet exists, so there the condition proves nothing;
 * - the Deployment has been unavailable since before the revision existed: it never came up;
 * - anything else is unknown.
 */
export function standingOf(deployment: KubeObject, current: KubeObject, candidate: KubeObject, predecessor: KubeObject | undefined): Standing {
  if ((candidate.status?.availableReplicas ?? 0) > 0) return 'available';
  if (wasNeverAvailable(deployment, candidate)) return 'was_down';
  return candidate === predecessor && wasDownBefore(deployment, rolledOutAt(current)) ? 'was_down' : 'unknown';
}

function wasDownBefore(deployment: KubeObject, startedAt: string | undefined): boolean {
  const available = conditionOf(deployment, 'Available');
  if (!startedAt || available?.status !== 'False' || deployment.spec.strategy?.type === 'Recreate') return false;
  return (available.lastTransitionTime ?? startedAt) < startedAt;
}

/** The revision to go back to: the newest that serves right now, else the newest that is not known to have been down. */
export function fallbackOf(world: World, deployment: KubeObject, current: KubeObject): KubeObject | undefined {
  const earlier = revisionsOf(world, deployment).filter((rs) => revisionOf(rs) < revisionOf(current) && !hasTemplateOf(deployment, rs));
  const judged = earlier.map((rs) => ({ rs, standing: standingOf(deployment, current, rs, earlier[0]) }));
  return (judged.find((j) => j.standing === 'available') ?? judged.find((j) => j.standing === 'unknown'))?.rs;
}
