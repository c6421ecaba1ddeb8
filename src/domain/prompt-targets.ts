import type { Evidence } from './evidence.js';
import { controllerOf, refOf, worldOf, type KubeObject, type ObjectRef } from './kube.js';
import type { Finding } from './plan.js';
import { containerStatusesOf } from './status.js';

export interface PromptTarget {
  id: string;
  ref: ObjectRef & { uid?: string };
}

/** What most incidents are about comes first; ids are given in this order. */
const FIRST = ['Deployment', 'StatefulSet', 'DaemonSet', 'HorizontalPodAutoscaler', 'Pod', 'Node', 'PersistentVolumeClaim'];
const MOST_TARGETS = 40;

/** The target, what the analyzers point at, then the rest that can be acted on. Only what was read whole has a uid, and only that is listed. */
export function targetsOf(evidence: Evidence, findings: readonly Finding[]): PromptTarget[] {
  const world = worldOf(evidence.objects);
  const pointed = [evidence.object, ...findings.flatMap((f) => [f.target, ...f.proposals.map((p) => p.target)]).map((t) => (t.uid ? world.byUid(t.uid) : world.get(t.kind, t.namespace, t.name)))];
  const rest = FIRST.flatMap((kind) => world.list(kind)).filter((o) => o.kind === 'Node' || o.kind === 'Pod' || !controllerOf(o));
  const unique = new Map([...pointed, ...rest].filter((o): o is KubeObject => o?.metadata.uid !== undefined).map((o) => [o.metadata.uid!, o]));
  return [...unique.values()].slice(0, MOST_TARGETS).map((o, i) => ({ id: `t${i + 1}`, ref: { ...refOf(o), uid: o.metadata.uid } }));
}

/** Told apart from targets by their ids; a network or a name often is the cause, and never what a model acts on. */
const OTHERS = ['Service', 'Ingress', 'NetworkPolicy', 'ConfigMap', 'PersistentVolumeClaim'];
const MOST_OTHERS = 30;

/** What can be looked at besides the targets: those of the target's namespace first. */
export function othersOf(evidence: Evidence, targets: readonly PromptTarget[]): PromptTarget[] {
  const world = worldOf(evidence.objects);
  const listed = new Set(targets.map((t) => t.ref.uid));
  const isHome = (o: KubeObject): boolean => o.metadata.namespace === evidence.target.namespace;
  const found = OTHERS.flatMap((kind) => world.list(kind)).filter((o) => o.metadata.uid !== undefined && !listed.has(o.metadata.uid));
  const sorted = [...found.filter(isHome), ...found.filter((o) => !isHome(o))];
  return sorted.slice(0, MOST_OTHERS).map((o, i) => ({ id: `o${i + 1}`, ref: { ...refOf(o), uid: o.metadata.uid } }));
}

export const objectOf = (evidence: Evidence, t: PromptTarget): KubeObject | undefined => evidence.objects.find((o) => o.metadata.uid === t.ref.uid) ?? evidence.object;

/** What an operator looks at first, not the whole object. */
export function summaryOf(o: KubeObject | undefined): Record<string, unknown> {
  if (!o) return {};
  const { replicas, minReplicas, maxReplicas, unschedulable } = o.spec ?? {};
  const { conditions = [], currentReplicas } = o.status ?? {};
  return {
    replicas,
    containers: containersOf(o).map((c) => ({ name: c.name, image: c.image, resources: c.resources, command: c.command })),
    conditions: conditions.map((c: { type: string; status: string; reason?: string; message?: string }) => ({ type: c.type, status: c.status, reason: c.reason, message: c.message })),
    container_states: containerStatusesOf(o).map((s) => ({ name: s.name, ready: s.ready, restarts: s.restartCount, state: s.state, last: s.lastState })),
    unschedulable,
    bounds: o.kind === 'HorizontalPodAutoscaler' ? { min: minReplicas, max: maxReplicas, current: currentReplicas } : undefined,
  };
}

const containersOf = (o: KubeObject): { name: string; image?: string; resources?: unknown; command?: unknown }[] =>
  (o.kind === 'Pod' ? o.spec?.containers : o.spec?.template?.spec?.containers) ?? [];
