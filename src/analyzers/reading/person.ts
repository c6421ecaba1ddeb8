import type { KubeObject } from '../../domain/kube.js';
import type { Finding } from '../../domain/plan.js';

/** A finding that no action of the catalogue can do anything about: the exact edit is the help. */
export const forPerson = (finding: Omit<Finding, 'proposals' | 'conclusion'>): Finding => ({ ...finding, proposals: [], conclusion: 'needs_person' });

/** `deployment/api -n shop`: an object as kubectl takes it. */
export const inKubectl = (o: KubeObject): string => `${o.kind.toLowerCase()}/${o.metadata.name}${o.metadata.namespace ? ` -n ${o.metadata.namespace}` : ''}`;

/** `kubectl patch deployment/api -n shop --type=merge -p '{…}'` */
export const patchOf = (o: KubeObject, body: object, type: 'merge' | 'json' | 'strategic' = 'merge'): string => `kubectl patch ${inKubectl(o)} --type=${type} -p '${JSON.stringify(body)}'`;

/** A patch of a workload's pod template, whatever the kind puts around it; undefined for a bare pod, whose spec is frozen. */
export function templatePatch(o: KubeObject, podSpec: object): string {
  if (o.kind === 'Pod') return `kubectl get ${inKubectl(o)} -o yaml   # a pod's spec is frozen: delete and re-create it with ${JSON.stringify(podSpec)}`;
  const template = { template: { spec: podSpec } };
  return patchOf(o, { spec: o.kind === 'CronJob' ? { jobTemplate: { spec: template } } : template }, 'strategic');
}
