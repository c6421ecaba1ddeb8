import type { Evidence } from '../../domain/evidence.js';
import { isPodReady, type KubeObject, type World } from '../../domain/kube.js';
import type { Trouble, TroubleKind } from './container-trouble.js';
import { containersOf, fallbackOf, isOfRevision, rolloutOf, type Rollout } from './rollout.js';
import { livePodsOf, secondsBetween, troublesOf, troubleSince, workloadsInScope } from './scene.js';

/** A revision that completed and ran this long before the trouble is not its cause (actions.md 2.6). */
const WINDOW_S = 3600;

/** A Deployment whose newest revision has pods in trouble. */
export interface RevisionTrouble {
  deployment: KubeObject;
  rollout: Rollout;
  /** Troubles in pods of the current revision. */
  troubles: Trouble[];
  /** Pods of earlier revisions that are Ready right now. */
  readyBefore: number;
  /** Pods of earlier revisions have the same kind of trouble: then the revision is not the reason. */
  isShared: boolean;
  /** The rollout is near enough in time to be the reason. */
  isRecent: boolean;
}

/** Deployments in scope whose current revision has troubles of these kinds and that have an earlier revision to compare with. */
export function revisionTroubles(evidence: Evidence, world: World, kinds: readonly TroubleKind[]): RevisionTrouble[] {
  return workloadsInScope(evidence, world)
    .filter((w) => w.kind === 'Deployment')
    .flatMap((deployment) => {
      const found = revisionTroubleOf(evidence, world, deployment, kinds);
      return found ? [found] : [];
    });
}

export function revisionTroubleOf(evidence: Evidence, world: World, deployment: KubeObject, kinds: readonly TroubleKind[]): RevisionTrouble | undefined {
  const rollout = rolloutOf(world, deployment);
  const all = troublesOf(world, deployment, evidence).filter((t) => kinds.includes(t.kind));
  const troubles = all.filter((t) => isOfRevision(t.pod, rollout.current));
  if (!rollout.current || troubles.length === 0 || rollout.earlier.length === 0) return undefined;
  const old = livePodsOf(world, deployment).filter((p) => !isOfRevision(p, rollout.current));
  return {
    deployment,
    rollout,
    troubles,
    readyBefore: old.filter(isPodReady).length,
    isShared: all.some((t) => !isOfRevision(t.pod, rollout.current)),
    isRecent: !rollout.hasCompleted || secondsBetween(rollout.startedAt, troubleSince(evidence)) <= WINDOW_S,
  };
}

/** Earlier revision whose container does not have the same value in any of these fields, or undefined. */
export function fallbackWithout(t: RevisionTrouble, container: string, isDifferent: (before: KubeObject, after: KubeObject) => boolean): KubeObject | undefined {
  return fallbackOf(t.rollout, (rs) => containersOf(rs).some((c) => c.name === container) && isDifferent(rs, t.rollout.current!));
}

/** An earlier revision that differs in nothing of interest serves right now: then what differs further back is not to blame. */
export const servesAlike = (t: RevisionTrouble, isDifferent: (before: KubeObject) => boolean): boolean =>
  t.rollout.earlier.some((rs) => (rs.status?.availableReplicas ?? 0) > 0 && !isDifferent(rs));

/** `revision 3 changed image, env` as evidence. */
export const describeChange = (fields: readonly string[], rs: KubeObject | undefined, revision: number): string =>
  `revision ${revision} changed ${fields.join(', ')} against ${rs?.metadata.name ?? 'the earlier one'}`;
