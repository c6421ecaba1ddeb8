import type { KubeObject } from '../../domain/kube.js';
import type { Finding } from '../../domain/plan.js';
import { nameOf, targetOf } from './proposals.js';

/** What no action of the catalogue can do, with the exact edit. `confidence` bounds actions that others propose: a weak guess stays below them. */
export const forPerson = (f: Pick<Finding, 'analyzer' | 'cause' | 'evidence' | 'confidence' | 'edit'> & { of: KubeObject; what: string }): Finding => ({
  analyzer: f.analyzer,
  cause: f.cause,
  summary: `${nameOf(f.of)}: ${f.what}`,
  target: targetOf(f.of),
  evidence: f.evidence,
  confidence: f.confidence,
  proposals: [],
  conclusion: 'needs_person',
  ...(f.edit === undefined ? {} : { edit: f.edit }),
});

/** `deployment/api -n shop` */
export const atOf = (o: KubeObject): string => `${o.kind.toLowerCase()}/${o.metadata.name}${o.metadata.namespace ? ` -n ${o.metadata.namespace}` : ''}`;

const TEMPLATED = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'];

/** The command that sets these fields of one container; a bare pod or Job cannot be changed, only made anew. */
export function patchContainer(workload: KubeObject, container: string, fields: object, isInit = false): string {
  const list = { [isInit ? 'initContainers' : 'containers']: [{ name: container, ...fields }] };
  return TEMPLATED.includes(workload.kind) ? patchPod(workload, list) : `kubectl get ${atOf(workload)} -o yaml   # make it anew with ${JSON.stringify(list)}`;
}

/** The command that merges these fields into the pod template. */
export const patchPod = (workload: KubeObject, spec: object): string =>
  `kubectl patch ${atOf(workload)} --type=strategic -p '${JSON.stringify({ spec: { template: { spec } } })}'`;

/** `kubectl logs` of the life that failed. */
export const logsOf = (pod: KubeObject, container: string): string => `kubectl logs ${pod.metadata.name} -n ${pod.metadata.namespace} -c ${container} --previous`;
