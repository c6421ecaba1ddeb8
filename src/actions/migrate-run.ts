import type { Change } from '../domain/change.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { isNodeReady, type KubeObject, type World } from '../domain/kube.js';
import type { ExecuteContext, Progress } from './define.js';
import { evictionGate } from './eviction-gate.js';
import { evict, evictedBefore, evictionsOf, interrupted, nameOfEviction, type Evicted } from './eviction-run.js';
import { troubleOf } from './node.js';
import { readyPodsOf } from './workload.js';

/** What the plan pinned of the moment before. */
export interface PinnedMove {
  namespace: string;
  workload: string;
  kind: string;
  fromNode: string;
  /** Uids of the pods to move. */
  pods: string[];
  /** Ready pods of the workload on other nodes. */
  readyElsewhere: number;
}

/**
 * Cordon, evict the pinned pods one at a time, each after the replacement of the one before is Ready elsewhere, uncordon.
 * A repeat from the start does the rest: our cordon is already there, a pinned uid that is gone is done, and once all are
 * gone the node is not closed again.
 */
export async function migrate(changes: readonly Change[], context: ExecuteContext, pinned: PinnedMove): Promise<void> {
  const { cluster, actionId, isDryRun } = context;
  const evictions = evictionsOf(changes);
  const [cordon, uncordon] = changes.filter((c) => c.op === 'edit');
  const done = new Set(evictedBefore(context.lastHeartbeat));
  const gate = evictionGate();
  const left = evictions.filter((e) => !done.has(e.uid));
  if (cordon && left.some((e) => cluster.world().byUid(e.uid))) await cluster.apply(cordon, { actionId, isDryRun });
  for (const eviction of left) {
    await untilReplaced(context, pinned, nameOfEviction(eviction));
    await evict(eviction, context, gate).catch((error: unknown) => {
      throw context.signal.aborted ? interrupted(context.signal, `the migration's deadline passed while evicting ${nameOfEviction(eviction)}; see its disruption budget`) : error;
    });
    done.add(eviction.uid);
    context.heartbeat({ done: [...done] } satisfies Evicted);
  }
  await untilReplaced(context, pinned, 'the uncordon');
  if (uncordon) await reopen(uncordon, context, pinned.fromNode);
}

async function untilReplaced({ cluster, signal }: ExecuteContext, pinned: PinnedMove, next: string): Promise<void> {
  let last: Progress = { state: 'waiting', detail: 'nothing seen yet' };
  try {
    await cluster.waitFor((world) => {
      last = replacedProgress(world, pinned);
      if (last.state === 'failed') throw new KubernautError('TargetNotFound', last.detail);
      return last.state === 'reached' || undefined;
    }, signal);
  } catch (error) {
    throw signal.aborted ? interrupted(signal, `the migration's deadline passed before ${next}: ${last.detail}`) : error;
  }
}

/** As many Ready elsewhere as before, and one more for each pinned pod that is gone; never more than are wanted. */
export function replacedProgress(world: World, { kind, namespace, workload: name, fromNode, pods, readyElsewhere }: PinnedMove): Progress {
  const workload = world.get(kind, namespace, name);
  if (!workload) return { state: 'failed', detail: `${kind.toLowerCase()} ${namespace}/${name} is gone; plan again` };
  const gone = pods.filter((uid) => !world.byUid(uid)).length;
  const wanted: number = (workload.spec?.replicas ?? 1) - (pods.length - gone);
  const due = Math.min(readyElsewhere + gone, wanted);
  const ready = elsewhere(readyPodsOf(world, workload), fromNode).length;
  return { state: ready >= due ? 'reached' : 'waiting', detail: `${ready}/${due} Ready on other nodes` };
}

export const elsewhere = (pods: readonly KubeObject[], node: string): KubeObject[] => pods.filter((p) => p.spec?.nodeName !== node);

/** Ours to open, as long as the node is well and nobody made the cordon theirs meanwhile. */
async function reopen(uncordon: Change, { cluster, actionId, isDryRun }: ExecuteContext, name: string): Promise<void> {
  const node = cluster.world().get('Node', undefined, name);
  if (!node || !isNodeReady(node) || troubleOf(node)) return;
  try {
    await cluster.apply(uncordon, { actionId, isDryRun });
  } catch (error) {
    if (!isKubernautError(error, 'PreconditionChanged')) throw error;
  }
}
