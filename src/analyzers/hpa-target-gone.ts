import type { Evidence } from '../domain/evidence.js';
import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson, inKubectl, patchOf } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';

const SCALED = ['Deployment', 'StatefulSet', 'ReplicaSet'];

/** An autoscaler whose object was renamed or deleted scales nothing, silently. */
export const hpaTargetGone = defineAnalyzer({
  id: 'hpa_target_gone',
  summary: 'A HorizontalPodAutoscaler points at an object that does not exist.',
  looksAt: ['horizontalpodautoscalers', 'deployments', 'statefulsets'],
  diagnose: ({ object, missing }: Evidence, world) => (object?.kind === 'HorizontalPodAutoscaler' ? findingOf(object, missing, world) : []),
});

function findingOf(hpa: KubeObject, missing: Evidence['missing'], world: World): Finding[] {
  const { kind, name } = hpa.spec?.scaleTargetRef ?? {};
  const able = conditionOf(hpa, 'AbleToScale');
  const { namespace } = hpa.metadata;
  const isThere = !SCALED.includes(kind) || world.get(kind, namespace, name) !== undefined || missing.some((m) => m.what.startsWith(`${kind}s`));
  if (isThere || able?.status !== 'False') return [];
  const meant = meantBy(String(name), namespace, world);
  return [
    forPerson({
      analyzer: 'hpa_target_gone',
      cause: 'hpa.target_gone',
      summary: `${nameOf(hpa)} scales ${String(kind).toLowerCase()} ${name}, which does not exist${meant ? `; ${nameOf(meant)} has no autoscaler` : ''}`,
      target: targetOf(hpa),
      evidence: [cut(`AbleToScale=False ${able.reason}: ${able.message}`), `no ${kind} ${name} in ${namespace}`],
      confidence: 0.93,
      edit: meant ? patchOf(hpa, { spec: { scaleTargetRef: { apiVersion: meant.apiVersion, kind: meant.kind, name: meant.metadata.name } } }) : `kubectl delete ${inKubectl(hpa)}   # when what it scaled is gone for good`,
    }),
  ];
}

/** The workload without an autoscaler whose name is nearest; the only one there is, failing that. */
function meantBy(name: string, namespace: string | undefined, world: World): KubeObject | undefined {
  const scaled = new Set(world.list('HorizontalPodAutoscaler', namespace).map((h) => h.spec?.scaleTargetRef?.name));
  const others = ['Deployment', 'StatefulSet'].flatMap((k) => world.list(k, namespace)).filter((o) => !scaled.has(o.metadata.name));
  return others.find((o) => o.metadata.name.startsWith(name) || name.startsWith(o.metadata.name)) ?? (others.length === 1 ? others[0] : undefined);
}
