import { isNodeReady, type KubeObject } from '../domain/kube.js';
import { quantityOf } from '../domain/quantity.js';
import { fits, limitsOf, requestsOf, type Requests } from './capacity.js';
import type { FoundContainer } from './container.js';
import type { ActionFacts } from './define.js';
import { quotaShortage } from './quota.js';
import type { Growth } from './resource-growth.js';
import { countOf, refuse } from './workload.js';

const LARGEST_SHARE = 0.5;

/** Half of the largest schedulable node, the policy's maximum, the quota of the namespace, and a node for the first new pod. */
export function checkRoom(object: KubeObject, found: FoundContainer, growth: Growth, facts: ActionFacts): void {
  const at = `container ${found.spec.name} of ${object.kind.toLowerCase()} ${object.metadata.namespace}/${object.metadata.name}`;
  for (const { name, to } of growth.raised) checkCaps(name, to, facts, at);
  const grown = withResources(object, found, growth);
  checkQuota(object, grown, facts, at);
  if (surgeOf(object) > 0 && fits(facts.world, requestsOf(grown), grown) < 1) {
    refuse('PreconditionChanged', `${at}: no node has room for a pod with ${growth.text}; choose less or add nodes`);
  }
}

/** The workload as it will be, so that its demand is counted by the same rules as today's. */
function withResources(object: KubeObject, { path }: FoundContainer, { resources }: Growth): KubeObject {
  const grown = structuredClone(object);
  const [list, index] = path.slice(-2);
  grown.spec.template.spec[list!][Number(index)].resources = resources;
  return grown;
}

function checkCaps(name: 'memory' | 'cpu', to: string, { world, limits }: ActionFacts, at: string): void {
  const cap = limits[name === 'memory' ? 'maxMemory' : 'maxCpu'];
  if (typeof cap === 'string' && quantityOf(to) > quantityOf(cap)) refuse('InvalidParams', `${at}: ${name} ${to} is over the policy's maximum of ${cap}; choose less`);
  const nodes = world.list('Node').filter((n) => isNodeReady(n) && !n.spec?.unschedulable);
  const largest = Math.max(0, ...nodes.map((n) => quantityOf(n.status?.allocatable?.[name])));
  if (quantityOf(to) > largest * LARGEST_SHARE) {
    refuse('InvalidParams', `${at}: ${name} ${to} is more than half of the largest schedulable node; choose less or ask for bigger nodes`);
  }
}

/** At the worst moment every pod is new and the surge is there on top. */
function checkQuota(object: KubeObject, grown: KubeObject, { world }: ActionFacts, at: string): void {
  const replicas: number = object.kind === 'DaemonSet' ? (object.status?.desiredNumberScheduled ?? 1) : (object.spec?.replicas ?? 1);
  const surge = surgeOf(object);
  const need = (of: (o: KubeObject) => Requests, name: keyof Requests) => (of(grown)[name] - of(object)[name]) * replicas + of(grown)[name] * surge;
  const short = quotaShortage(world, object.metadata.namespace!, {
    pods: surge,
    'requests.cpu': need(requestsOf, 'cpu'),
    'requests.memory': need(requestsOf, 'memory'),
    'limits.cpu': need(limitsOf, 'cpu'),
    'limits.memory': need(limitsOf, 'memory'),
  });
  if (short) refuse('QuotaExceeded', `${at}: ${replicas} pods and ${surge} more during the rollout do not fit, ${short}; choose less or raise the quota`);
}

/** Pods above the desired count during a rollout; StatefulSets and DaemonSets have none unless they say so. */
export function surgeOf({ kind, spec }: KubeObject): number {
  const { rollingUpdate } = (kind === 'Deployment' ? spec.strategy : spec.updateStrategy) ?? {};
  const surge = rollingUpdate?.maxSurge ?? (kind === 'Deployment' ? '25%' : 0);
  return countOf(surge, spec.replicas ?? 1, Math.ceil) ?? 0;
}
