import type { Change } from '../domain/change.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { isPodReady, type KubeObject, type World } from '../domain/kube.js';
import { COMPACTS, desiredMembers, membersOf } from './compaction-checks.js';
import type { ExecuteContext } from './define.js';
import { jobProgress } from './hook-job.js';

/** One Job after another; the next member is touched when all are Ready again. A second run finds the Jobs of the first. */
export async function runCompaction(changes: readonly Change[], context: ExecuteContext): Promise<void> {
  for (const [done, change] of changes.entries()) {
    if (change.op !== 'create') continue;
    context.signal.throwIfAborted();
    await context.cluster.apply(change, { actionId: context.actionId });
    await untilDone(change.object, context);
    context.heartbeat({ done: done + 1, of: changes.length });
  }
}

async function untilDone(job: KubeObject, { cluster, signal, actionId }: ExecuteContext): Promise<void> {
  const { namespace, name } = job.metadata;
  try {
    const { state, detail } = await cluster.waitFor((world) => settled(world, job), signal);
    if (state === 'failed') throw new KubernautError('ConvergeFailed', `${detail}; the members after it were left alone`);
  } catch (error) {
    // past our own deadline nobody watches it any more: what still runs is stopped
    const isLate = error === signal.reason && isKubernautError(error, 'ConvergeFailed');
    if (isLate && jobProgress(cluster.world().get('Job', namespace, name), name).state === 'waiting') await cluster.apply({ op: 'withdraw', object: job }, { actionId });
    throw error;
  }
}

function settled(world: World, job: KubeObject): { state: 'reached' | 'failed'; detail: string } | undefined {
  const { state, detail } = jobProgress(world.get('Job', job.metadata.namespace, job.metadata.name), job.metadata.name);
  if (state === 'failed') return { state, detail };
  return state === 'reached' && isWhole(world, job) ? { state, detail } : undefined;
}

/** All members of what the Job compacts are Ready. */
export function isWhole(world: World, job: KubeObject): boolean {
  const [kind = '', name = ''] = (job.metadata.annotations?.[COMPACTS] ?? '').split('/');
  const owner = world.get(kind, job.metadata.namespace, name);
  return owner !== undefined && membersOf({ world }, owner).filter(isPodReady).length >= desiredMembers(owner);
}
