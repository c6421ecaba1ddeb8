import { conditionOf, controllerOf, type KubeObject, type World } from '../../domain/kube.js';
import { canonicalJson } from '../../domain/sha256.js';
import { countOf, desiredReplicas, isObserved, wasNeverAvailable } from '../../domain/status.js';

const REVISION = 'deployment.kubernetes.io/revision';
const HASH = 'pod-template-hash';

/** Where a Deployment stands between its revisions, read from its ReplicaSets. */
export interface Rollout {
  workload: KubeObject;
  /** The ReplicaSet whose template is the Deployment's; undefined before the controller made it. */
  current?: KubeObject;
  /** ReplicaSets with another template, newest revision first. */
  earlier: KubeObject[];
  /** The current revision was once fully available (it may be broken by now). */
  hasCompleted: boolean;
  hasExceededDeadline: boolean;
  /** Still within its deadline, and pods of the current revision are missing. */
  isMoving: boolean;
  /** RFC 3339: when the current revision began to roll out. */
  startedAt: string;
}

export const revisionOf = (rs: KubeObject): number => Number(rs.metadata.annotations?.[REVISION] ?? 0);

/** A template as text, without the hash label that only ReplicaSets carry. */
export function templateText(template: KubeObject['spec']): string {
  const { [HASH]: _hash, ...labels } = template?.metadata?.labels ?? {};
  const annotations = template?.metadata?.annotations ?? {};
  return canonicalJson({ labels, annotations, spec: template?.spec ?? {} });
}

export function rolloutOf(world: World, deployment: KubeObject): Rollout {
  const own = templateText(deployment.spec?.template);
  const sets = setsOf(world, deployment);
  const current = sets.find((rs) => templateText(rs.spec?.template) === own);
  const earlier = sets.filter((rs) => rs !== current && isBefore(rs, current));
  const progressing = conditionOf(deployment, 'Progressing');
  const reason = isObserved(deployment) ? progressing?.reason : undefined;
  const hasCompleted = reason === 'NewReplicaSetAvailable';
  const hasExceededDeadline = reason === 'ProgressDeadlineExceeded';
  return {
    workload: deployment,
    current,
    earlier,
    hasCompleted,
    hasExceededDeadline,
    isMoving: !hasExceededDeadline && !hasCompleted && !isSettled(deployment),
    startedAt: startOf(deployment, current),
  };
}

/** Newest revision first. */
const setsOf = (world: World, deployment: KubeObject): KubeObject[] =>
  world
    .ownedBy(deployment.metadata.uid ?? '')
    .filter((o) => o.kind === 'ReplicaSet')
    .sort((a, b) => revisionOf(b) - revisionOf(a) || (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));

const isBefore = (rs: KubeObject, current: KubeObject | undefined): boolean => !current || revisionOf(rs) <= revisionOf(current);

/** Everything that was asked for is updated, available, and nothing old is left. */
export function isSettled(deployment: KubeObject): boolean {
  const desired = desiredReplicas(deployment);
  const isAllNew = countOf(deployment, 'updatedReplicas') === desired && countOf(deployment, 'replicas') === desired;
  return isObserved(deployment) && isAllNew && countOf(deployment, 'availableReplicas') >= desired;
}

/** A re-used ReplicaSet is old; its rollout is as young as the last progress that the controller wrote down. */
function startOf(deployment: KubeObject, current: KubeObject | undefined): string {
  const progressing = conditionOf(deployment, 'Progressing') as { lastUpdateTime?: string } | undefined;
  const created = current?.metadata.creationTimestamp ?? deployment.metadata.creationTimestamp ?? '';
  return [created, progressing?.lastUpdateTime ?? ''].sort().at(-1) ?? '';
}

/**
 * The revision to go back to: the newest earlier one that passes `isUsable`, one with available pods first
 * (a revision that serves right now is the best witness that it works). One that never came up is no way back.
 */
export function fallbackOf(rollout: Rollout, isUsable: (rs: KubeObject) => boolean = () => true): KubeObject | undefined {
  const usable = rollout.earlier.filter((rs) => isUsable(rs) && !wasNeverAvailable(rollout.workload, rs));
  return usable.find((rs) => (rs.status?.availableReplicas ?? 0) > 0) ?? usable[0];
}

/** Was this pod made from the current revision of its Deployment? */
export const isOfRevision = (pod: KubeObject, rs: KubeObject | undefined): boolean =>
  rs !== undefined && controllerOf(pod)?.uid === rs.metadata.uid;

export interface ContainerSpec {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: Record<string, { name?: string; key?: string; optional?: boolean }> }[];
  envFrom?: { prefix?: string; configMapRef?: { name: string; optional?: boolean }; secretRef?: { name: string; optional?: boolean } }[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  [key: string]: unknown;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a PodSpec is open-ended JSON here
export function podSpecOf(o: KubeObject | undefined): any {
  if (!o?.spec) return {};
  const template = o.kind === 'CronJob' ? o.spec.jobTemplate?.spec?.template : o.spec.template;
  return (o.kind === 'Pod' ? o.spec : template?.spec) ?? {};
}

/** Init containers included, after the others. */
export const containersOf = (o: KubeObject | undefined): ContainerSpec[] => [...(podSpecOf(o).containers ?? []), ...(podSpecOf(o).initContainers ?? [])];

export const containerOf = (o: KubeObject | undefined, name: string): ContainerSpec | undefined => containersOf(o).find((c) => c.name === name);

/** Names of the fields of one container that differ between two revisions; `[]` when the container is alike. */
export function changedFields(before: KubeObject | undefined, after: KubeObject | undefined, container: string): string[] {
  const a = containerOf(before, container) ?? {};
  const b = containerOf(after, container) ?? {};
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => text(a, key) !== text(b, key)).sort();
}

/** Names of pod-level fields (volumes, serviceAccountName, affinity, …) that differ between two revisions. */
export function changedPodFields(before: KubeObject | undefined, after: KubeObject | undefined): string[] {
  const a = podSpecOf(before) ?? {};
  const b = podSpecOf(after) ?? {};
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => key !== 'containers' && key !== 'initContainers' && text(a, key) !== text(b, key))
    .sort();
}

const text = (o: object, key: string): string => canonicalJson((o as Record<string, unknown>)[key] ?? null);
