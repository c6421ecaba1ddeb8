import type { Evidence } from '../domain/evidence.js';
import { isNodeReady, podsOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { healthOf } from '../domain/health.js';
import { defineAnalyzer } from './define.js';
import { needsPerson } from './reading/person.js';
import { secondsBetween, workloadsInScope } from './reading/scene.js';

/** Beyond the pod's own grace; `deletionTimestamp` is already the end of that. */
const LATE_S = 60;

/** A pod that is told to go and does not, while its workload lacks it. Nobody takes finalizers away for others: what they guard would be lost. */
export const stuckTerminating = defineAnalyzer({
  id: 'stuck_terminating',
  summary: 'A pod has been terminating for long after its grace period: a finalizer, or a node that does not answer.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'pods', 'nodes'],
  diagnose: (evidence, world) =>
    workloadsInScope(evidence, world)
      .filter((w) => !healthOf(world, w).isHealthy)
      .flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const stuck = podsOf(world, workload).filter((p) => p.metadata.deletionTimestamp && secondsBetween(p.metadata.deletionTimestamp, evidence.takenAt) > LATE_S);
  const first = stuck.find((p) => p.metadata.finalizers?.length) ?? stuck[0];
  if (!first) return [];
  const { name, deletionTimestamp } = first.metadata;
  const { why, ...rest } = reasonOf(first, world);
  return [needsPerson({ analyzer: 'stuck_terminating', of: workload, what: `pod ${name} has been going away since ${deletionTimestamp}, ${why}`, evidence: [`pod ${name}: deletionTimestamp ${deletionTimestamp}, ${why}`, `${stuck.length} such pods`], ...rest })];
}

type Reason = Pick<Finding, 'cause' | 'confidence' | 'edit'> & { why: string };

function reasonOf(pod: KubeObject, world: World): Reason {
  const { name, namespace, finalizers = [] } = pod.metadata;
  if (finalizers.length > 0) {
    const edit = `kubectl patch pod ${name} -n ${namespace} --type=merge -p '{"metadata":{"finalizers":null}}'   # only when what set ${finalizers[0]} is gone for good`;
    return { cause: 'terminating.finalizer', why: `held by ${finalizers.join(', ')}`, confidence: 0.82, edit };
  }
  const edit = `kubectl delete pod ${name} -n ${namespace} --grace-period=0 --force   # only when its node is known to be off`;
  const node = world.get('Node', undefined, pod.spec?.nodeName ?? '');
  if (node && !isNodeReady(node)) return { cause: 'terminating.node', why: `on node ${node.metadata.name}, which does not answer`, confidence: 0.78, edit };
  return { cause: 'terminating.slow', why: 'and its node has not confirmed it', confidence: 0.82, edit };
}
