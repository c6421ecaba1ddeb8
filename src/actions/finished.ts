import { durationMs } from '../domain/duration.js';
import { conditionOf, controllerOf, type KubeObject, type World } from '../domain/kube.js';
import { isFinished } from './pod.js';

const BUILT_IN = ['v1', 'apps/v1', 'batch/v1'];
export const MAX_ITEMS = 50;

/** When an object came to its end, milliseconds. */
export const endedAt = (o: KubeObject): number => Date.parse((o.kind === 'Job' ? jobEnd(o) : podEnd(o)) ?? o.metadata.creationTimestamp ?? '');

const jobEnd = (job: KubeObject): string | undefined => (job.status?.completionTime as string | undefined) ?? conditionOf(job, 'Failed')?.lastTransitionTime;

interface Ended {
  state?: { terminated?: { finishedAt?: string } };
}

const podEnd = (pod: KubeObject): string | undefined =>
  ((pod.status?.containerStatuses ?? []) as Ended[])
    .map((s) => s.state?.terminated?.finishedAt ?? '')
    .sort()
    .findLast((t) => t !== '');

const isJobOver = (job: KubeObject | undefined): boolean => ['Complete', 'Failed'].some((type) => conditionOf(job, type)?.status === 'True');

const isKept = ({ metadata }: KubeObject): boolean =>
  metadata.uid === undefined || metadata.deletionTimestamp !== undefined || (metadata.finalizers?.length ?? 0) > 0 || metadata.annotations?.['kubernaut.io/ignore'] === 'true';

/** Nobody else keeps it: no finalizer, no opt-out, no owner that is still busy or counts its pods itself. */
function isFree(o: KubeObject, world: World): boolean {
  if (isKept(o)) return false;
  const owner = controllerOf(o);
  if (owner !== undefined && !BUILT_IN.includes(owner.apiVersion)) return false;
  return owner?.kind !== 'Job' || isJobOver(world.byUid(owner.uid));
}

export interface Leftovers {
  /** To be deleted, oldest end first, at most as many as allowed. */
  chosen: KubeObject[];
  /** How many more could go. */
  more: number;
}

/** Finished pods or Jobs of a namespace that may go: old enough, free, and never the newest of its owner. */
export function leftoversIn(world: World, namespace: string, kind: 'Pod' | 'Job', o: { now: string; minAge: string; atMost: number }): Leftovers {
  const finished = world.list(kind, namespace).filter((one) => (kind === 'Pod' ? isFinished(one) : isJobOver(one)));
  const newest = new Set(newestOf(finished).map((one) => one.metadata.uid));
  const before = Date.parse(o.now) - durationMs(o.minAge);
  const free = finished.filter((one) => !newest.has(one.metadata.uid) && endedAt(one) <= before && isFree(one, world));
  const sorted = free.sort((a, b) => endedAt(a) - endedAt(b) || a.metadata.name.localeCompare(b.metadata.name));
  return { chosen: sorted.slice(0, o.atMost), more: Math.max(0, sorted.length - o.atMost) };
}

/** The newest per owner stays: it is what people look at. Those without an owner are one family. */
function newestOf(finished: readonly KubeObject[]): KubeObject[] {
  const byOwner = new Map<string, KubeObject>();
  for (const one of finished) {
    const key = controllerOf(one)?.uid ?? '';
    const known = byOwner.get(key);
    if (!known || endedAt(one) > endedAt(known)) byOwner.set(key, one);
  }
  return [...byOwner.values()];
}
