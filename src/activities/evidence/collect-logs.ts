import { KubernautError, type ErrorCode } from '../../domain/errors.js';
import type { Evidence, LogExcerpt } from '../../domain/evidence.js';
import { controllerOf, type KubeObject } from '../../domain/kube.js';
import { collapseLines } from '../../domain/log-template.js';
import type { Cluster, Store } from '../../domain/ports.js';
import { redactText } from '../../domain/redact.js';
import { containersOf, isTroubled, isUnhealthyPod, type ContainerStatus } from './container-state.js';

const MAX_PODS = 3;
const AT_ONCE = 4;
const TAIL_LINES = 200;
const LIMIT_BYTES = 64 * 1024;

interface Wanted {
  pod: KubeObject;
  container: string;
  isPrevious: boolean;
}

export interface CollectedLogs {
  logs: LogExcerpt[];
  missing: Evidence['missing'];
  /** The redacted tails, to look for hosts in. */
  texts: string[];
}

/** Tails of the containers that are in trouble; healthy ones cost no request. Redacted before anybody sees or keeps them. */
export async function collectLogs(cluster: Cluster, store: Pick<Store, 'putArtifact'>, pods: readonly KubeObject[], nowMs: number): Promise<CollectedLogs> {
  const out: CollectedLogs = { logs: [], missing: [], texts: [] };
  const queue = wantedLogs(pods, nowMs);
  const results: (() => void)[] = [];
  const readNext = async (): Promise<void> => {
    for (let i = queue.findIndex((w) => w !== undefined); i >= 0; i = queue.findIndex((w) => w !== undefined)) {
      const wanted = queue[i]!;
      queue[i] = undefined;
      results[i] = await readOne(cluster, store, wanted, out);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, readNext));
  for (const take of results) take?.(); // in the order wanted, however the answers came in
  return out;
}

async function readOne(cluster: Cluster, store: Pick<Store, 'putArtifact'>, { pod, container, isPrevious }: Wanted, out: CollectedLogs): Promise<() => void> {
  const { namespace = '', name } = pod.metadata;
  try {
    const raw = await cluster.logs({ namespace, name }, { container, isPrevious, tailLines: TAIL_LINES, limitBytes: LIMIT_BYTES });
    const text = redactText(raw);
    const lines = collapseLines(text.split('\n'));
    const ref = text.trim() === '' ? undefined : await store.putArtifact('log', text);
    return () => {
      out.logs.push({ pod: name, container, isPrevious, lines, ...(ref ? { ref } : {}) });
      out.texts.push(text);
    };
  } catch (error) {
    if (!(error instanceof KubernautError) || !UNREADABLE.has(error.code)) throw error;
    const what = `${isPrevious ? 'previous ' : ''}log of pod ${namespace}/${name} ${container}`;
    return () => void out.missing.push({ what, why: error.message });
  }
}

/** The log could not be had; anything else (our own store, a bug) is not the log's fault. */
const UNREADABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'K8sThrottled', 'K8sUnavailable', 'OutcomeUnknown', 'InvalidParams', 'TargetNotFound', 'Forbidden', 'Unsupported', 'AdmissionDenied', 'Internal',
]);

/** Pods of one revision fail alike: one of each is read first, and only up to three. */
function wantedLogs(pods: readonly KubeObject[], nowMs: number): (Wanted | undefined)[] {
  const byRevision = new Map<string, KubeObject>();
  for (const pod of pods.filter((p) => isUnhealthyPod(p, nowMs))) {
    const revision = controllerOf(pod)?.uid ?? pod.metadata.name;
    if (!byRevision.has(revision)) byRevision.set(revision, pod);
  }
  return [...byRevision.values()].slice(0, MAX_PODS).flatMap((pod) =>
    containersOf(pod)
      .filter((c) => isTroubled(c, nowMs))
      .flatMap((c) => livesOf(c).map((isPrevious) => ({ pod, container: c.name, isPrevious }))),
  );
}

/**
 * Which lives of a container have something to say. One that waits to be started again answers with its last life;
 * one that never ran has no log.
 */
function livesOf({ state, restartCount }: ContainerStatus): boolean[] {
  if (state?.running) return restartCount > 0 ? [false, true] : [false];
  if (state?.terminated || restartCount > 0) return [false];
  return [];
}
