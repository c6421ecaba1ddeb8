import { conditionOf, isNodeReady, isPodReady, podsOf, type KubeObject, type World } from './kube.js';

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

const isObserved = (o: KubeObject): boolean => (o.status?.observedGeneration ?? 0) >= (o.metadata.generation ?? 0);

const deployment: Judge = (o, world) => {
  const desired: number = o.spec?.replicas ?? 1;
  const { readyReplicas: ready = 0, updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = o.status ?? {};
  return verdict(
    [
      !isObserved(o) && 'its controller has not seen the newest spec yet',
      updatedReplicas < desired && `${updatedReplicas}/${desired} updated`,
      availableReplicas < desired && `${availableReplicas}/${desired} available`,
      replicas > updatedReplicas && `${replicas - updatedReplicas} old pods are left`,
      conditionOf(o, 'Progressing')?.reason === 'ProgressDeadlineExceeded' && 'the rollout exceeded its deadline',
      conditionOf(o, 'ReplicaFailure')?.status === 'True' && `pods cannot be created: ${conditionOf(o, 'ReplicaFailure')?.reason ?? ''}`,
      ...podReasons(o, world),
    ],
    { ready, desired },
  );
};

const statefulSet: Judge = (o, world) => {
  const desired: number = o.spec?.replicas ?? 1;
  const { readyReplicas: ready = 0, updatedReplicas = 0, currentRevision, updateRevision } = o.status ?? {};
  const partition: number = o.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  const isOnDelete = o.spec?.updateStrategy?.type === 'OnDelete';
  const isRolling = !isOnDelete && partition === 0 && updateRevision !== undefined && currentRevision !== updateRevision && updatedReplicas < desired;
  return verdict(
    [!isObserved(o) && 'its controller has not seen the newest spec yet', ready < desired && `${ready}/${desired} Ready`, isRolling && `${updatedReplicas}/${desired} updated`, ...podReasons(o, world)],
    { ready, desired },
  );
};

const daemonSet: Judge = (o, world) => {
  const { desiredNumberScheduled: desired = 0, numberReady: ready = 0, updatedNumberScheduled = 0 } = o.status ?? {};
  const isOnDelete = o.spec?.updateStrategy?.type === 'OnDelete';
  return verdict(
    [!isObserved(o) && 'its controller has not seen the newest spec yet', ready < desired && `${ready}/${desired} Ready`, !isOnDelete && updatedNumberScheduled < desired && `${updatedNumberScheduled}/${desired} updated`, ...podReasons(o, world)],
    { ready, desired },
  );
};

const replicaSet: Judge = (o, world) => {
  const desired: number = o.spec?.replicas ?? 1;
  const ready: number = o.status?.readyReplicas ?? 0;
  return verdict([ready < desired && `${ready}/${desired} Ready`, ...podReasons(o, world)], { ready, desired });
};

const job: Judge = (o) => {
  const failed = conditionOf(o, 'Failed');
  return verdict([failed?.status === 'True' && `failed: ${failed.reason ?? 'no reason'}`], { ready: o.status?.succeeded ?? 0, desired: o.spec?.completions ?? 1 });
};

const pod: Judge = (o) => {
  const phase = o.status?.phase;
  const isDone = phase === 'Succeeded';
  const waiting = [...(o.status?.initContainerStatuses ?? []), ...(o.status?.containerStatuses ?? [])]
    .map((s: { name: string; state?: { waiting?: { reason?: string } } }) => s.state?.waiting?.reason && `${s.name}: ${s.state.waiting.reason}`)
    .filter(Boolean);
  const isReady = isPodReady(o);
  return verdict([...(isDone || isReady ? [] : waiting), !isDone && !isReady && `not Ready (${phase ?? 'no phase'})`], { ready: isReady || isDone ? 1 : 0, desired: 1 });
};

const node: Judge = (o) =>
  verdict([
    !isNodeReady(o) && `not Ready: ${conditionOf(o, 'Ready')?.reason ?? 'no status'}`,
    o.spec?.unschedulable === true && 'cordoned',
    ...['DiskPressure', 'MemoryPressure', 'PIDPressure', 'NetworkUnavailable'].map((type) => conditionOf(o, type)?.status === 'True' && type),
  ]);

const autoscaler: Judge = (o) => {
  const limited = conditionOf(o, 'ScalingLimited');
  const active = conditionOf(o, 'ScalingActive');
  return verdict([
    limited?.status === 'True' && limited.reason === 'TooManyReplicas' && 'held at its maximum',
    active?.status === 'False' && active.reason !== 'ScalingDisabled' && `not active: ${active.reason ?? ''}`,
    conditionOf(o, 'AbleToScale')?.status === 'False' && `not able to scale: ${conditionOf(o, 'AbleToScale')?.reason ?? ''}`,
  ]);
};

const claim: Judge = (o) =>
  verdict([o.status?.phase !== 'Bound' && `phase ${o.status?.phase ?? 'unknown'}`, conditionOf(o, 'FileSystemResizePending')?.status === 'True' && 'its file system waits to be resized']);

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
