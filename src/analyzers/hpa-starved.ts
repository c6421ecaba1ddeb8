import type { Evidence } from '../domain/evidence.js';
import { conditionOf, isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { countOf } from '../domain/status.js';
import { autoscalersInScope } from './reading/autoscalers.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson, inKubectl } from './reading/person.js';
import { isUnschedulable, schedulerSays } from './reading/placement.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { refusalOf } from './reading/refusal.js';
import { rolloutOf } from './reading/rollout.js';
import { livePodsOf } from './reading/scene.js';

/** More replicas are asked for than can run: a higher maximum, or more replicas, would only ask for still more. */
export const hpaStarved = defineAnalyzer({
  id: 'hpa_starved',
  summary: 'An autoscaler asks for more pods than a quota or the nodes let in.',
  looksAt: ['horizontalpodautoscalers', 'deployments', 'pods', 'resourcequotas', 'nodes'],
  diagnose: (evidence, world) => autoscalersInScope(evidence, world).flatMap((hpa) => findingOf(hpa, evidence, world)),
});

function findingOf(hpa: KubeObject, evidence: Evidence, world: World): Finding[] {
  const scaled = scaledBy(hpa, world);
  if (!scaled || conditionOf(hpa, 'ScalingActive')?.status !== 'True') return [];
  const asked = countOf(hpa, 'desiredReplicas');
  const pods = livePodsOf(world, scaled);
  const ready = pods.filter(isPodReady).length;
  const limit = ready < asked ? limitOf({ scaled, pods }, evidence, world) : undefined;
  if (!limit) return [];
  return [
    forPerson({
      analyzer: 'hpa_starved',
      cause: limit.cause,
      summary: `${nameOf(hpa)} asks for ${asked} replicas of ${nameOf(scaled)} and ${ready} run: ${limit.text}`,
      target: targetOf(limit.at),
      evidence: [`desired ${asked}, Ready ${ready}, maximum ${hpa.spec.maxReplicas}`, cut(limit.quote)],
      confidence: 0.94,
      edit: limit.edit,
    }),
  ];
}

/** Undefined while a rollout is under way: then its pods may be what is wrong. */
function scaledBy(hpa: KubeObject, world: World): KubeObject | undefined {
  const { kind, name } = hpa.spec?.scaleTargetRef ?? {};
  const scaled = world.get(kind, hpa.metadata.namespace, name);
  return scaled?.kind === 'Deployment' && !rolloutOf(world, scaled).hasCompleted ? undefined : scaled;
}

interface Limit {
  cause: string;
  text: string;
  at: KubeObject;
  quote: string;
  edit: string;
}

function limitOf({ scaled, pods }: { scaled: KubeObject; pods: readonly KubeObject[] }, evidence: Evidence, world: World): Limit | undefined {
  const { namespace } = scaled.metadata;
  const refusal = refusalOf(scaled, evidence, world);
  const name = /exceeded quota: ([^,\s]+)/.exec(refusal ?? '')?.[1];
  if (refusal && name) {
    const quota = world.get('ResourceQuota', namespace, name) ?? scaled;
    return { cause: 'hpa.quota', text: `ResourceQuota ${name} lets no more in`, at: quota, quote: refusal, edit: `kubectl describe resourcequota ${name} -n ${namespace}   # raise it, or lower maxReplicas to what fits` };
  }
  const edit = 'kubectl get nodes   # add nodes, or lower maxReplicas to what fits';
  if (refusal) return { cause: 'hpa.refused', text: 'its pods are refused', at: scaled, quote: refusal, edit: `kubectl describe ${inKubectl(scaled)}` };
  const pending = pods.find(isUnschedulable);
  return pending && { cause: 'hpa.no_room', text: 'no node has room for more', at: scaled, quote: schedulerSays(pending, evidence), edit };
}
