import { controllerOf, type KubeObject, type World } from '../domain/kube.js';
import { isMirror } from './pod.js';
import { budgetsOf } from './workload.js';

/** Pods on a node that a drain has to move, as kubectl sorts them: mirror and DaemonSet pods stay, finished ones go too. */
export const evictableOn = (world: World, node: string): KubeObject[] =>
  world
    .list('Pod')
    .filter((p) => p.spec?.nodeName === node && !isMirror(p) && controllerOf(p)?.kind !== 'DaemonSet')
    .sort((a, b) => `${a.metadata.namespace}/${a.metadata.name}`.localeCompare(`${b.metadata.namespace}/${b.metadata.name}`));

/** Budgets over these pods that allow no disruption at this moment: told up front, since the drain will wait on them. */
export function blockedBudgets(world: World, pods: readonly KubeObject[]): string[] {
  const budgets = new Set(pods.flatMap((p) => budgetsOf(world, p)).filter((b) => (b.status?.disruptionsAllowed ?? 0) < 1));
  return [...budgets].map((b) => `${b.metadata.namespace}/${b.metadata.name}`).sort();
}
