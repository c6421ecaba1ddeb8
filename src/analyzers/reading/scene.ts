import type { Evidence } from '../../domain/evidence.js';
import { controllerOf, podsOf, selects, type KubeObject, type World } from '../../domain/kube.js';
import { backendsOf } from './ingress-routes.js';
import { troublesOfPod, type Trouble } from './container-trouble.js';

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicaSet', 'ReplicationController', 'Pod'];

export const isWorkload = (o: KubeObject): boolean => WORKLOADS.includes(o.kind);

/** The workloads that the remediation's target is about: itself, or those behind a Service, claim, autoscaler, budget, namespace. */
export function workloadsInScope(evidence: Evidence, world: World): KubeObject[] {
  const target = evidence.object;
  if (!target) return [];
  const behind = BEHIND[target.kind];
  if (behind) return behind(target, world);
  // recorded evidence holds the target twice: only the world's copy can be told by identity from what else it holds
  const here = world.byUid(target.metadata.uid ?? '') ?? target;
  return isWorkload(here) ? [world.topOwnerOf(here)].filter(isWorkload) : [];
}

/** Top owners of the pods of the target's namespace that fit. */
const owning = (target: KubeObject, world: World, isMeant: (pod: KubeObject) => boolean): KubeObject[] =>
  distinct(world.list('Pod', target.metadata.namespace).filter(isMeant).map((p) => world.topOwnerOf(p)));

const wholeNamespace = (target: KubeObject, world: World): KubeObject[] => topLevel(world, target.metadata.namespace);

/** Kinds that are no workload, and the workloads that stand behind one. */
const BEHIND: Record<string, (target: KubeObject, world: World) => KubeObject[]> = {
  Service: (s, world) => owning(s, world, (p) => hasSelector(s) && selects({ matchLabels: s.spec.selector }, p.metadata.labels)),
  PodDisruptionBudget: (b, world) => owning(b, world, (p) => selects(b.spec?.selector, p.metadata.labels)),
  PersistentVolumeClaim: (c, world) => owning(c, world, (p) => mounts(p, c.metadata.name)),
  HorizontalPodAutoscaler: (h, world) => present([world.get(h.spec?.scaleTargetRef?.kind, h.metadata.namespace, h.spec?.scaleTargetRef?.name)]),
  CronJob: (c, world) => world.ownedBy(c.metadata.uid ?? ''),
  Ingress: (i, world) => distinct(backendsOf(i).flatMap((b) => world.get('Service', i.metadata.namespace, b.service) ?? []).flatMap((s) => BEHIND['Service']!(s, world))),
  Namespace: (n, world) => topLevel(world, n.metadata.name),
  ResourceQuota: wholeNamespace,
  LimitRange: wholeNamespace,
  NetworkPolicy: wholeNamespace,
};

const hasSelector = (service: KubeObject): boolean => Object.keys(service.spec?.selector ?? {}).length > 0;

export const mounts = (pod: KubeObject, claim: string): boolean =>
  (pod.spec?.volumes ?? []).some((v: { persistentVolumeClaim?: { claimName: string } }) => v.persistentVolumeClaim?.claimName === claim);

/** Workloads of a namespace that no other object controls, finished pods left out. */
export const topLevel = (world: World, namespace: string | undefined): KubeObject[] =>
  namespace === undefined ? [] : WORKLOADS.flatMap((kind) => world.list(kind, namespace)).filter((o) => !controllerOf(o) || !world.byUid(controllerOf(o)!.uid));

const distinct = (objects: KubeObject[]): KubeObject[] => [...new Map(objects.map((o) => [o.metadata.uid ?? o.metadata.name, o])).values()];
const present = (objects: (KubeObject | undefined)[]): KubeObject[] => objects.filter((o): o is KubeObject => o !== undefined);

/** Pods of a workload that still count: neither going away nor finished (a Job's own pods excepted). */
export const livePodsOf = (world: World, workload: KubeObject): KubeObject[] =>
  podsOf(world, workload).filter((p) => !p.metadata.deletionTimestamp && !['Succeeded', 'Failed'].includes(p.status?.phase));

export const troublesOf = (world: World, workload: KubeObject, evidence: Evidence): Trouble[] =>
  livePodsOf(world, workload).flatMap((pod) => troublesOfPod(pod, evidence));

/** Seconds between two RFC 3339 times; 0 when one is missing. */
export const secondsBetween = (from: string | undefined, to: string | undefined): number => {
  const seconds = (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000;
  return Number.isFinite(seconds) ? seconds : 0;
};

/** When the trouble began, as far as the alerts know. */
export const troubleSince = (evidence: Evidence): string =>
  evidence.problems.filter((p) => p.status === 'firing').map((p) => p.startedAt).sort()[0] ?? evidence.takenAt;

/** The last log lines of a pod's container, the crashed life before the running one. */
export function logLinesOf(evidence: Evidence, pod: KubeObject, container?: string): string[] {
  const own = evidence.logs.filter((l) => l.pod === pod.metadata.name && (container === undefined || l.container === container));
  return [...own.filter((l) => l.isPrevious), ...own.filter((l) => !l.isPrevious)].flatMap((l) => l.lines);
}
