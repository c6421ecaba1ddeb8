import type { ClusterView } from '../simulator/world.js';
import { judgedRules } from './rules.js';
import type { Labels } from './rule.js';

const workloadLabels = { deployment: 'Deployment', statefulset: 'StatefulSet', daemonset: 'DaemonSet', job_name: 'Job', replicaset: 'ReplicaSet' } as const;
const objectLabels = ['namespace', 'pod', 'container', 'node', 'persistentvolumeclaim', 'horizontalpodautoscaler', 'poddisruptionbudget', 'resourcequota'];

/** Owners of a pod as label pairs, through a ReplicaSet to its Deployment. */
function ownersOf(namespace: string | undefined, podName: string, view: ClusterView): Set<string> {
  const owners = new Set<string>();
  let references = view.get('Pod', namespace, podName)?.metadata.ownerReferences;
  while (references?.length) {
    const owner = references.find((one) => one.controller) ?? references[0];
    if (!owner) break;
    owners.add(`${owner.kind}/${owner.name}`);
    references = owner.kind === 'ReplicaSet' ? view.get('ReplicaSet', namespace, owner.name)?.metadata.ownerReferences : undefined;
  }
  return owners;
}

/** Does an active alert speak of the object an alert's labels name? Labels only one of them has do not part them. */
function isSameObject(active: Labels, wanted: Labels, view: ClusterView): boolean {
  if (objectLabels.some((key) => wanted[key] !== undefined && active[key] !== undefined && wanted[key] !== active[key])) return false;
  for (const [label, kind] of Object.entries(workloadLabels)) {
    const [has, wants] = [active[label], wanted[label]];
    if (wants === undefined) continue;
    if (has !== undefined && has !== wants) return false;
    if (has === undefined && active['pod'] !== undefined && !ownersOf(active['namespace'], active['pod'], view).has(`${kind}/${wants}`)) return false;
  }
  return true;
}

/**
 * Is the rule of this name true now for the object the labels name? `undefined` when there is no such rule: then the
 * state of the namespace must decide (sandbox.md 4). Looks at the moment only, without the rule's waiting time.
 */
export function isActive(alertname: string, labels: Labels, view: ClusterView, nowMs: number): boolean | undefined {
  const rule = judgedRules.find((one) => one.alertname === alertname);
  return rule?.active(view, nowMs).some((active) => isSameObject(active.labels, labels, view));
}
