import { setTimeout as sleep } from 'node:timers/promises';
import { KubernautError } from '../../src/domain/errors.js';
import { conditionOf, isNodeReady, type KubeObject } from '../../src/domain/kube.js';
import { describeName, type ObjectName } from './object-name.js';
import type { Workbench } from './workbench.js';

const n = (value: unknown): number => (typeof value === 'number' ? value : 0);
const isObserved = (o: KubeObject): boolean => n(o.status?.observedGeneration) >= n(o.metadata.generation);

function deploymentTrouble(o: KubeObject): string | undefined {
  const wanted = o.spec.replicas ?? 1;
  const { updatedReplicas, availableReplicas, replicas } = o.status ?? {};
  const isDone = isObserved(o) && n(updatedReplicas) === wanted && n(availableReplicas) === wanted && n(replicas) === wanted;
  return o.spec.paused || isDone ? undefined : `${n(availableReplicas)}/${wanted} available, ${n(updatedReplicas)} updated`;
}

function statefulSetTrouble(o: KubeObject): string | undefined {
  const wanted = o.spec.replicas ?? 1;
  const { readyReplicas, currentRevision, updateRevision } = o.status ?? {};
  const isRolled = o.spec.updateStrategy?.type === 'OnDelete' || currentRevision === updateRevision;
  return isObserved(o) && isRolled && n(readyReplicas) === wanted ? undefined : `${n(readyReplicas)}/${wanted} ready`;
}

function daemonSetTrouble(o: KubeObject): string | undefined {
  const { desiredNumberScheduled: wanted, updatedNumberScheduled, numberAvailable } = o.status ?? {};
  const isDone = isObserved(o) && wanted !== undefined && n(updatedNumberScheduled) === n(wanted) && n(numberAvailable) === n(wanted);
  return isDone ? undefined : `${n(numberAvailable)}/${n(wanted)} available`;
}

/** Complete, or made to run on: all of its pods are Ready. */
function jobTrouble(o: KubeObject): string | undefined {
  const { active, ready } = o.status ?? {};
  const isRunning = n(active) > 0 && n(ready) >= n(active) && n(active) >= Math.min(o.spec.parallelism ?? 1, o.spec.completions ?? Infinity);
  return o.spec.suspend || conditionOf(o, 'Complete')?.status === 'True' || isRunning ? undefined : 'not complete';
}

const TROUBLE: Record<string, (o: KubeObject) => string | undefined> = {
  Deployment: deploymentTrouble,
  StatefulSet: statefulSetTrouble,
  DaemonSet: daemonSetTrouble,
  Job: jobTrouble,
  PersistentVolumeClaim: (o) => (o.status?.phase === 'Bound' ? undefined : (o.status?.phase ?? 'Pending')),
  Node: (o) => (isNodeReady(o) || o.metadata.annotations?.['sandbox.kubernaut.io/down'] === 'true' ? undefined : 'not Ready'),
  Pod: (o) => (o.status?.phase === 'Succeeded' || conditionOf(o, 'Ready')?.status === 'True' ? undefined : 'not Ready'),
};

/** Why an object of a kind that can be unhealthy is not yet healthy; undefined when it is. */
export const troubleOf = (o: KubeObject): string | undefined => TROUBLE[o.kind]?.(o);

/** A claim of a class that binds with its first consumer is no trouble while nobody uses it. */
async function waitsForConsumer(bench: Workbench, claim: KubeObject): Promise<boolean> {
  const className: unknown = claim.spec?.storageClassName;
  if (typeof className !== 'string' || className === '') return false;
  const type = bench.types().byWord('storageclass');
  const storageClass = type && (await bench.get({ type, name: className }));
  if (storageClass?.['volumeBindingMode'] !== 'WaitForFirstConsumer') return false;
  const pods = await bench.list(bench.types().byWord('pod')!, claim.metadata.namespace);
  return !pods.some((p) => (p.spec?.volumes ?? []).some((v: { persistentVolumeClaim?: { claimName: string } }) => v.persistentVolumeClaim?.claimName === claim.metadata.name));
}

async function troubleNow(bench: Workbench, name: ObjectName): Promise<string | undefined> {
  const o = await bench.get(name);
  if (!o) return `${describeName(name)}: gone`;
  const trouble = troubleOf(o);
  if (trouble === undefined) return undefined;
  if (o.kind === 'PersistentVolumeClaim' && (await waitsForConsumer(bench, o))) return undefined;
  return `${describeName(name)}: ${trouble}`;
}

/** Resolves when everything named is healthy. Throws ConvergeFailed saying what is not. */
export async function awaitHealthy(bench: Workbench, names: readonly ObjectName[], { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
  const watched = names.filter(({ type }) => type.kind in TROUBLE);
  for (const end = Date.now() + timeoutMs; ; await sleep(250, undefined, { signal })) {
    const troubles = (await Promise.all(watched.map((name) => troubleNow(bench, name)))).filter((t) => t !== undefined);
    if (troubles.length === 0) return;
    if (Date.now() > end) throw new KubernautError('ConvergeFailed', `"before" is not healthy after ${timeoutMs / 1000} s: ${troubles.join('; ')}`);
  }
}
