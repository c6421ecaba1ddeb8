import type { Edit } from '../domain/change.js';
import { controllerOf, selects, type KubeObject, type World } from '../domain/kube.js';
import { allowsAnything, policiesSelecting } from '../domain/network-policy.js';
import { refuse } from './workload.js';
import { nameOfPod } from './pod.js';

export const QUARANTINE = 'kubernaut.io/quarantine';
/** What was taken off, as JSON, for the person who looks into it. */
export const REMOVED_LABELS = 'kubernaut.io/quarantine-removed-labels';
/** `Deployment/api`: whose pod it was, since its owner reference goes. */
export const QUARANTINED_FROM = 'kubernaut.io/quarantined-from';
export const QUARANTINED_AT = 'kubernaut.io/quarantined-at';
/** The cluster autoscaler must not take the evidence away with its node. */
const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict';

type Selector = NonNullable<Parameters<typeof selects>[0]>;

/**
 * The label keys by which anything finds this pod: its controller, Services, other NetworkPolicies (they only add, so an
 * allowance elsewhere would stand beside our denial), and disruption budgets (a pod without a controller spoils their count).
 */
function keysThatFind(world: World, pod: KubeObject): string[] {
  const namespace = pod.metadata.namespace;
  const selectors: (Selector | undefined)[] = [
    world.byUid(controllerOf(pod)?.uid ?? '')?.spec?.selector,
    ...world.list('Service', namespace).map((s): Selector | undefined => (s.spec?.selector ? { matchLabels: s.spec.selector } : undefined)),
    ...[...world.list('NetworkPolicy', namespace), ...world.list('PodDisruptionBudget', namespace)].map((o): Selector | undefined => o.spec?.podSelector ?? o.spec?.selector),
  ];
  const finding = selectors.filter((s) => s && selects(s, pod.metadata.labels));
  const keys = finding.flatMap((s) => [...Object.keys(s?.matchLabels ?? {}), ...(s?.matchExpressions ?? []).map((e) => e.key)]);
  return [...new Set(keys)].filter((key) => pod.metadata.labels?.[key] !== undefined).sort();
}

export interface Detached {
  removed: Record<string, string>;
  /** Labels as they will be. */
  left: Record<string, string>;
}

export function detach(world: World, pod: KubeObject, hash: string): Detached {
  const labels = pod.metadata.labels ?? {};
  const keys = keysThatFind(world, pod);
  const removed = Object.fromEntries(keys.map((key) => [key, labels[key]!]));
  const left = { ...Object.fromEntries(Object.entries(labels).filter(([key]) => !keys.includes(key))), [QUARANTINE]: hash };
  const taker = ['ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job'].flatMap((kind) => world.list(kind, pod.metadata.namespace)).find((o) => selects(o.spec?.selector, left));
  if (taker) refuse('PreconditionChanged', `${nameOfPod(pod)}: without its labels ${taker.kind.toLowerCase()} ${taker.metadata.name} would still claim it; a person must decide`);
  return { removed, left };
}

/** Policies of others that select the pod whatever its labels are, and let something through. */
export const stillOpenedBy = (world: World, pod: KubeObject, { left }: Detached): string[] =>
  policiesSelecting(world, { ...pod, metadata: { ...pod.metadata, labels: left } }).filter(allowsAnything).map((p) => p.metadata.name);

export function quarantineEdits(pod: KubeObject, { removed, left }: Detached, about: { from: string; now: string }): Edit[] {
  const annotations = { [REMOVED_LABELS]: JSON.stringify(removed), [QUARANTINED_FROM]: about.from, [QUARANTINED_AT]: about.now, [SAFE_TO_EVICT]: 'false' };
  return [
    ...Object.entries(removed).map(([key, before]): Edit => ({ path: ['metadata', 'labels', key], before })),
    { path: ['metadata', 'labels', QUARANTINE], before: pod.metadata.labels?.[QUARANTINE], after: left[QUARANTINE] },
    ...Object.entries(annotations).map(([key, after]): Edit => ({ path: ['metadata', 'annotations', key], before: pod.metadata.annotations?.[key], after })),
  ];
}
