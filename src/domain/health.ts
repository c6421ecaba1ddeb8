import { conditionOf, isNodeReady, isPodReady, podsOf, type KubeObject, type World } from './kube.js';
import { containerStatusesOf, countOf, desiredReplicas, isObserved } from './status.js';

export interface Health {
  isHealthy: boolean;
  /** Pods (or replicas) Ready now and wanted; undefined for kinds that have none. */
  ready?: number;
  desired?: number;
  /** Why not; empty when healthy. */
  reasons: string[];
}

type Judge = (o: KubeObject, world: World) => Health;

/**
 * Is this object as its own spec wants it? Read from what controllers and kubelets report, nothing guessed:
 * a status that was made for an older spec is not healthy yet. Kinds without a notion of health count as healthy.
 */
export function healthOf(world: World, target: KubeObject): Health {
  return (JUDGES[target.kind] ?? (() => verdict([])))(target, world);
}

const verdict = (reasons: (string | false | undefined)[], counts: { ready?: number; desired?: number } = {}): Health => {
  const told = reasons.filter((r): r is string => typeof r === 'string' && r !== '');
  return { isHealthy: told.length === 0, ...counts, reasons: told };
};

const NOT_OBSERVED = 'its controller has not seen the newest spec yet';
const hasCondition = (o: KubeObject, type: string): boolean => conditionOf(o, type)?.status === 'True';
const reasonOf = (o: KubeObject, type: string): string => conditionOf(o, type)?.reason ?? 'no reason given';

const deployment: Judge = (o, world) => {
  const desired = desiredReplicas(o);
  const [ready, updatedReplicas, availableReplicas, replicas] = ['readyReplicas', 'updatedReplicas', 'availableReplicas', 'replicas'].map((key) => countOf(o, key)) as [number, number, number, number];
  return verdict(
    [
      !isObserved(o) && NOT_OBSERVED,
      updatedReplicas < desired && `${updatedReplicas}/${desired} updated`,
      availableReplicas < desired && `${availableReplicas}/${desired} available`,
      replicas > updatedReplicas && `${replicas - updatedReplicas} old pods are left`,
      reasonOf(o, 'Progressing') === 'ProgressDeadlineExceeded' && 'the rollout exceeded its deadline',
      hasCondition(o, 'ReplicaFailure') && `pods cannot be created: ${reasonOf(o, 'ReplicaFailure')}`,
      ...podReasons(o, world),
    ],
    { ready, desired },
  );
};

const statefulSet: Judge = (o, world) => {
  const desired = desiredReplicas(o);
  const ready = countOf(o, 'readyReplicas');
  return verdict(
    [!isObserved(o) && NOT_OBSERVED, ready < desired && `${ready}/${desired} Ready`, isRolling(o, desired) && `${countOf(o, 'updatedReplicas')}/${desired} updated`, ...podReasons(o, world)],
    { ready, desired },
  );
};

/** A partition, or deletion by hand, leaves old pods on purpose. */
function isRolling(o: KubeObject, desired: number): boolean {
  const { type, rollingUpdate } = o.spec?.updateStrategy ?? {};
  if (type === 'OnDelete' || rollingUpdate?.partition > 0) return false;
  const { currentRevision, updateRevision } = o.status ?? {};
  return updateRevision !== undefined && currentRevision !== updateRevision && countOf(o, 'updatedReplicas') < desired;
}

const daemonSet: Judge = (o, world) => {
  const [desired, ready, updatedNumberScheduled] = ['desiredNumberScheduled', 'numberReady', 'updatedNumberScheduled'].map((key) => countOf(o, key)) as [number, number, number];
  const isOnDelete = o.spec?.updateStrategy?.type === 'OnDelete';
  return verdict(
    [!isObserved(o) && NOT_OBSERVED, ready < desired && `${ready}/${desired} Ready`, !isOnDelete && updatedNumberScheduled < desired && `${updatedNumberScheduled}/${desired} updated`, ...podReasons(o, world)],
    { ready, desired },
  );
};

const replicaSet: Judge = (o, world) => {
  const desired = desiredReplicas(o);
  const ready = countOf(o, 'readyReplicas');
  return verdict([ready < desired && `${ready}/${desired} Ready`, ...podReasons(o, world)], { ready, desired });
};

const job: Judge = (o) =>
  verdict([hasCondition(o, 'Failed') && `failed: ${reasonOf(o, 'Failed')}`], { ready: countOf(o, 'succeeded'), desired: o.spec?.completions ?? 1 });

const pod: Judge = (o) => {
  const phase = o.status?.phase;
  if (phase === 'Succeeded' || isPodReady(o)) return verdict([], { ready: 1, desired: 1 });
  const waiting = containerStatusesOf(o).map((s: { name: string; state?: { waiting?: { reason?: string } } }) => s.state?.waiting?.reason && `${s.name}: ${s.state.waiting.reason}`);
  return verdict([...waiting, `not Ready (${phase ?? 'no phase'})`], { ready: 0, desired: 1 });
};

const node: Judge = (o) =>
  verdict([
    !isNodeReady(o) && `not Ready: ${reasonOf(o, 'Ready')}`,
    o.spec?.unschedulable === true && 'cordoned',
    ...['DiskPressure', 'MemoryPressure', 'PIDPressure', 'NetworkUnavailable'].map((type) => hasCondition(o, type) && type),
  ]);

const autoscaler: Judge = (o) => {
  const isFalse = (type: string) => conditionOf(o, type)?.status === 'False';
  return verdict([
    hasCondition(o, 'ScalingLimited') && reasonOf(o, 'ScalingLimited') === 'TooManyReplicas' && 'held at its maximum',
    isFalse('ScalingActive') && reasonOf(o, 'ScalingActive') !== 'ScalingDisabled' && `not active: ${reasonOf(o, 'ScalingActive')}`,
    isFalse('AbleToScale') && `not able to scale: ${reasonOf(o, 'AbleToScale')}`,
  ]);
};

const claim: Judge = (o) =>
  verdict([o.status?.phase !== 'Bound' && `phase ${o.status?.phase ?? 'unknown'}`, hasCondition(o, 'FileSystemResizePending') && 'its file system waits to be resized']);

const budget: Judge = (o) => {
  const { currentHealthy: ready = 0, desiredHealthy: desired = 0 } = o.status ?? {};
  return verdict([ready < desired && `${ready}/${desired} healthy`], { ready, desired });
};

/** Crash loops hide behind a Ready count while one pod of many restarts: the pods are looked at as well. */
function podReasons(workload: KubeObject, world: World): string[] {
  return podsOf(world, workload)
    .filter((p) => !p.metadata.deletionTimestamp && !['Succeeded', 'Failed'].includes(p.status?.phase) && !isPodReady(p))
    .slice(0, 5)
    .map((p) => `pod ${p.metadata.name}: ${pod(p, world).reasons.join(', ')}`);
}

const JUDGES: Record<string, Judge> = {
  Deployment: deployment,
  StatefulSet: statefulSet,
  DaemonSet: daemonSet,
  ReplicaSet: replicaSet,
  Job: job,
  Pod: pod,
  Node: node,
  HorizontalPodAutoscaler: autoscaler,
  PersistentVolumeClaim: claim,
  PodDisruptionBudget: budget,
};
