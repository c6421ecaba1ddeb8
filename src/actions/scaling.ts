import type { KubeObject } from '../domain/kube.js';
import type { ActionFacts } from './define.js';
import { autoscalerOf, budgetsOf, countOf, refuse } from './workload.js';

const DEFAULT_CAP = 50;

/** `deployment shop/api` */
export const nameOf = ({ kind, metadata }: KubeObject): string => `${kind.toLowerCase()} ${metadata.namespace}/${metadata.name}`;

/** What to do instead where an autoscaler sets the count. */
export const insteadOf = (scaler: KubeObject): string =>
  scaler.kind === 'HorizontalPodAutoscaler' ? 'use update_hpa' : 'change that object, it would be set back at once';

/** For `applies`: the autoscaler that owns the count, in words. */
export function ownedReplicas(object: KubeObject, { world }: ActionFacts): string | undefined {
  const scaler = autoscalerOf(world, object);
  return scaler && `${scaler.kind} ${scaler.metadata.name} owns its replicas; ${insteadOf(scaler)}`;
}

export function checkNoAutoscaler(object: KubeObject, { world }: ActionFacts): void {
  const scaler = autoscalerOf(world, object);
  if (scaler) refuse('PreconditionChanged', `${nameOf(object)} is scaled by ${scaler.kind} ${scaler.metadata.name}; ${insteadOf(scaler)}`);
}

/** Policy `maxReplicas`, default 50. */
export function checkCap(object: KubeObject, replicas: number, { limits }: ActionFacts): void {
  const cap = Number(limits.maxReplicas ?? DEFAULT_CAP);
  if (replicas > cap) refuse('InvalidParams', `${nameOf(object)}: ${replicas} replicas is over the cap of ${cap}; choose fewer`);
}

/**
 * Only an absolute (or percent) `minAvailable` says how many pods are needed; `maxUnavailable` moves with the count.
 * The seven-day minimum is the operator's knowledge: policy `minReplicas`. Beyond that a person decides (tier 3).
 */
export function checkFewerPods(object: KubeObject, replicas: number, { world, limits }: ActionFacts): void {
  const at = nameOf(object);
  const least = Number(limits.minReplicas ?? 1);
  if (replicas < least) refuse('InvalidParams', `${at}: ${replicas} replicas is under the minimum of ${least}; choose more`);
  for (const budget of budgetsOf(world, object)) {
    const need = countOf(budget.spec?.minAvailable, object.spec.replicas ?? 1, Math.ceil);
    if (need !== undefined && replicas < need) {
      refuse('PreconditionChanged', `${at}: budget ${budget.metadata.name} needs ${need} pods, ${replicas} is fewer; choose at least ${need}`);
    }
  }
}
