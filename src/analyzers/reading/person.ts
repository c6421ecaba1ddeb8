import type { KubeObject } from '../../domain/kube.js';
import type { Finding } from '../../domain/plan.js';
import { nameOf, targetOf } from './proposals.js';

/** A finding that no action of the catalogue can do anything about: the exact edit is the help. */
export const forPerson = (finding: Omit<Finding, 'proposals' | 'conclusion'>): Finding => ({ ...finding, proposals: [], conclusion: 'needs_person' });

/** The same of a whole object: `what` is wrong with it. `confidence` bounds actions that others propose: a weak guess stays below them. */
export const needsPerson = ({ of, what, ...f }: Pick<Finding, 'analyzer' | 'cause' | 'evidence' | 'confidence' | 'edit'> & { of: KubeObject; what: string }): Finding =>
  forPerson({ ...f, summary: `${nameOf(of)}: ${what}`, target: targetOf(of) });

/** `deployment/api -n shop`: an object as kubectl takes it. */
export const inKubectl = (o: KubeObject): string => `${o.kind.toLowerCase()}/${o.metadata.name}${o.metadata.namespace ? ` -n ${o.metadata.namespace}` : ''}`;

/** `kubectl patch deployment/api -n shop --type=merge -p '{…}'` */
export const patchOf = (o: KubeObject, body: object, type: 'merge' | 'json' | 'strategic' = 'merge'): string => `kubectl patch ${inKubectl(o)} --type=${type} -p '${JSON.stringify(body)}'`;

/** A patch of a workload's pod template, whatever the kind puts around it; a bare pod's spec is frozen: it must be made anew. */
export function templatePatch(o: KubeObject, podSpec: object): string {
  if (o.kind === 'Pod') return `kubectl get ${inKubectl(o)} -o yaml   # a pod's spec is frozen: delete and re-create it with ${JSON.stringify(podSpec)}`;
  const template = { template: { spec: podSpec } };
  return patchOf(o, { spec: o.kind === 'CronJob' ? { jobTemplate: { spec: template } } : template }, 'strategic');
}

const TEMPLATED = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'];

/** The command that sets these fields of one container; a bare pod or Job cannot be changed, only made anew. */
export function patchContainer(workload: KubeObject, container: string, fields: object, isInit = false): string {
  const list = { [isInit ? 'initContainers' : 'containers']: [{ name: container, ...fields }] };
  return TEMPLATED.includes(workload.kind) ? templatePatch(workload, list) : `kubectl get ${inKubectl(workload)} -o yaml   # make it anew with ${JSON.stringify(list)}`;
}

/** `kubectl logs` of the life that failed. */
export const logsOf = (pod: KubeObject, container: string): string => `kubectl logs ${pod.metadata.name} -n ${pod.metadata.namespace} -c ${container} --previous`;
