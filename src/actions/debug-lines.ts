import type { Change } from '../domain/change.js';
import { isKubernautError } from '../domain/errors.js';
import { podsOf, type KubeObject } from '../domain/kube.js';
import type { ExecuteContext } from './define.js';

const LOOKED_AT = { isPrevious: false, tailLines: 500, limitBytes: 256 * 1024 };
const DEBUG_LINE = /\b(debug|trace|verbose|finest|fine)\b/i;

/**
 * Whether debugging shows in the log of the newest pod. Told, not judged: an idle application says nothing, and how a debug
 * line looks is its own affair. The lines themselves stay where they are.
 */
export async function lookForDebugLines(changes: readonly Change[], { cluster }: ExecuteContext): Promise<string> {
  const change = changes.find((c) => c.op === 'edit' && c.ref.kind !== 'Pod');
  if (change?.op !== 'edit') return '';
  const world = cluster.world();
  const workload = world.byUid(change.uid);
  const pod = workload && newest(podsOf(world, workload));
  if (!pod) return 'no pod to read the log of';
  const container = String(change.edits.find((e) => e.path.at(-1) === 'name')?.after);
  try {
    const text = await cluster.logs({ namespace: pod.metadata.namespace ?? '', name: pod.metadata.name }, { container, ...LOOKED_AT });
    return DEBUG_LINE.test(text) ? `debug lines seen in the log of pod ${pod.metadata.name}` : `no debug line in the log of pod ${pod.metadata.name} yet`;
  } catch (error) {
    if (!isKubernautError(error)) throw error;
    return `the log of pod ${pod.metadata.name} could not be read`;
  }
}

const newest = (pods: KubeObject[]): KubeObject | undefined =>
  [...pods].sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''))[0];
