import type { Evidence } from '../../domain/evidence.js';
import { conditionOf, isNodeReady, type KubeObject, type World } from '../../domain/kube.js';
import { passesSelection } from '../../domain/node-match.js';
import { eventsOf } from './container-trouble.js';
import { taintsAgainst } from './node-match.js';
import { livePodsOf, workloadsInScope } from './scene.js';

/** What keeps a pod off every node. One kind per pod, so that no two analyzers speak of the same one. */
export type Obstacle = 'no_match' | 'cordon' | 'taint' | 'anti_affinity' | 'spread' | 'volume' | 'capacity' | 'ports' | 'other';

export interface PendingPod {
  workload: KubeObject;
  pod: KubeObject;
  /** The scheduler's own words. */
  message: string;
  obstacle: Obstacle;
  /** Nodes that selector and affinity allow. */
  wanted: KubeObject[];
  /** Of these the Ready ones that are not cordoned and whose taints it tolerates. */
  open: KubeObject[];
}

/** One pending pod per workload in scope that this keeps from running. */
export const pendingBy = (obstacle: Obstacle, evidence: Evidence, world: World): PendingPod[] =>
  workloadsInScope(evidence, world).flatMap((w) => pendingOf(w, evidence, world)).filter((p) => p.obstacle === obstacle);

export const isUnschedulable = (pod: KubeObject): boolean => {
  const scheduled = conditionOf(pod, 'PodScheduled');
  return !pod.spec?.nodeName && scheduled?.status === 'False' && scheduled.reason !== 'SchedulingGated';
};

/** The condition is the newest word; a young pod may have an event only. */
export const schedulerSays = (pod: KubeObject, evidence: Pick<Evidence, 'events'>): string =>
  conditionOf(pod, 'PodScheduled')?.message ?? eventsOf(pod, evidence.events).filter((e) => e.reason === 'FailedScheduling').at(-1)?.message ?? '';

/** An unbound claim is the volume's story. */
export const isAboutClaim = (message: string): boolean => /unbound immediate PersistentVolumeClaims|persistentvolumeclaim "/.test(message);

function pendingOf(workload: KubeObject, evidence: Evidence, world: World): PendingPod[] {
  const pod = livePodsOf(world, workload).find(isUnschedulable);
  const message = pod ? schedulerSays(pod, evidence) : '';
  if (!pod || isAboutClaim(message)) return [];
  const wanted = world.list('Node').filter((n) => passesSelection(pod.spec, n));
  const tolerated = wanted.filter((n) => isNodeReady(n) && taintsAgainst(pod.spec, n).length === 0);
  const open = tolerated.filter((n) => !n.spec?.unschedulable);
  return [{ workload, pod, message, wanted, open, obstacle: obstacleOf({ world, wanted, tolerated, open, message }) }];
}

interface Candidates {
  world: World;
  wanted: KubeObject[];
  tolerated: KubeObject[];
  open: KubeObject[];
  message: string;
}

/** From the nodes themselves as far as they tell; the scheduler's message decides among the rest. */
function obstacleOf({ world, wanted, tolerated, open, message }: Candidates): Obstacle {
  if (world.list('Node').length === 0) return 'other';
  if (wanted.length === 0) return 'no_match';
  if (tolerated.length > open.length) return 'cordon';
  if (open.length > 0) return fromMessage(message);
  return wanted.some((n) => isNodeReady(n) && !n.spec?.unschedulable) ? 'taint' : 'other';
}

/** In the order of the scheduler's filters, last first: the node that came furthest is the nearest to taking the pod. */
function fromMessage(message: string): Obstacle {
  if (/anti-affinity|pod affinity/.test(message)) return 'anti_affinity';
  if (/topology spread/.test(message)) return 'spread';
  if (/volume node affinity|PersistentVolume's node affinity|no available volume zone/.test(message)) return 'volume';
  if (/Insufficient|Too many pods/.test(message)) return 'capacity';
  return /free ports/.test(message) ? 'ports' : 'other';
}
