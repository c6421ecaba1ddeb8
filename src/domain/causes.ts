import { hostsOfTemplate } from './hosts.js';
import { isPodReady, podsOf, workloadsSelectedBy, type KubeObject, type World } from './kube.js';
import type { Target } from './target.js';

/** What would explain the trouble of a target if it were in trouble itself. */
export interface Cause {
  /** All of them must be in trouble; the first stands for all. */
  objects: Pick<Target, 'kind' | 'namespace' | 'name'>[];
  /** Completes "a probable symptom of <object>: …". */
  why: string;
}

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicaSet', 'Pod'];

/**
 * From topology alone, the surest first: the nodes that all of its unready pods are on, the volumes they mount, the workloads
 * behind the Services it names, what bounds its whole namespace. No request, no judgement: whether one of them is in trouble
 * is for the caller to know.
 */
export function causesOf(target: Pick<Target, 'kind' | 'namespace' | 'name'>, world: World): Cause[] {
  const object = WORKLOADS.includes(target.kind) ? world.get(target.kind, target.namespace, target.name) : undefined;
  if (!object) return [];
  const unready = podsOf(world, object).filter((p) => !isPodReady(p));
  return [...nodesOf(unready), ...claimsOf(unready), ...backendsOf(object, world), ...boundsOf(object, world)];
}

function nodesOf(unready: readonly KubeObject[]): Cause[] {
  const names = unready.map((p) => p.spec?.nodeName as string | undefined);
  // A pod without a node has another reason.
  if (names.length === 0 || names.includes(undefined)) return [];
  const objects = [...new Set(names as string[])].map((name) => ({ kind: 'Node', name }));
  return [{ objects, why: 'all of its pods that are not ready are there' }];
}

const claimsOf = (unready: readonly KubeObject[]): Cause[] => {
  const volumes = unready.flatMap((p) => (p.spec?.volumes ?? []).map((v: { persistentVolumeClaim?: { claimName: string } }) => ({ namespace: p.metadata.namespace, name: v.persistentVolumeClaim?.claimName })));
  const claims = new Map(volumes.filter((v) => v.name !== undefined).map((v) => [v.name!, { kind: 'PersistentVolumeClaim', ...v, name: v.name! }]));
  return [...claims.values()].map((claim) => ({ objects: [claim], why: 'its pods mount it' }));
};

/** The workload that answers for a Service: the one whose pods it selects, where there is only one. */
function backendsOf(object: KubeObject, world: World): Cause[] {
  const seen = new Set<KubeObject>([object]);
  return hostsOfTemplate(object, world).flatMap(({ service: name, namespace, quote }) => {
    const service = world.get('Service', namespace, name);
    const behind = service && behindService(service, world);
    if (!behind || seen.has(behind)) return [];
    seen.add(behind);
    return [{ objects: [{ kind: behind.kind, namespace, name: behind.metadata.name }], why: `it talks to it (${quote})` }];
  });
}

function behindService({ spec, metadata: { namespace } }: KubeObject, world: World): KubeObject | undefined {
  const found = workloadsSelectedBy({ matchLabels: spec?.selector }, world, namespace);
  return found.length === 1 ? found[0] : undefined;
}

function boundsOf({ metadata: { namespace } }: KubeObject, world: World): Cause[] {
  const quotas = world.list('ResourceQuota', namespace).map((q) => ({ objects: [{ kind: 'ResourceQuota', namespace, name: q.metadata.name }], why: 'it bounds its namespace' }));
  return namespace === undefined ? [] : [...quotas, { objects: [{ kind: 'Namespace', name: namespace }], why: 'it is in that namespace' }];
}
