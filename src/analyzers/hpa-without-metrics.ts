import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { autoscalersInScope } from './reading/autoscalers.js';
import { cut } from './reading/container-trouble.js';
import { nameOf, rollback, targetOf } from './reading/proposals.js';
import { containersOf, fallbackOf, podSpecOf, revisionOf, rolloutOf, type ContainerSpec } from './reading/rollout.js';
import { secondsBetween } from './reading/scene.js';

/** A new autoscaler has no metrics for its first half minute: that is no fault. */
const GRACE_S = 15;

/** An autoscaler that cannot read what it scales on: a missing request is the usual reason, a higher maximum never the cure. */
export const hpaWithoutMetrics = defineAnalyzer({
  id: 'hpa_without_metrics',
  summary: 'A HorizontalPodAutoscaler cannot compute its metric.',
  looksAt: ['horizontalpodautoscalers', 'deployments', 'replicasets'],
  diagnose: (evidence, world) => autoscalersInScope(evidence, world).flatMap((hpa) => findingOf(hpa, world, evidence.takenAt)),
});

const isBlind = (active: ReturnType<typeof conditionOf>): active is NonNullable<typeof active> => active?.status === 'False' && active.reason !== 'ScalingDisabled';

function findingOf(hpa: KubeObject, world: World, now: string): Finding[] {
  const active = conditionOf(hpa, 'ScalingActive');
  if (!isBlind(active)) return [];
  const { kind, name } = hpa.spec?.scaleTargetRef ?? {};
  const scaled = world.get(kind, hpa.metadata.namespace, name);
  const missing = scaled && missingResource(hpa, scaled);
  const { reason = 'no reason given', message = '' } = active;
  const base = { analyzer: 'hpa_without_metrics', evidence: [cut(`ScalingActive=False ${reason}: ${message}`)], confidence: 0.9, proposals: [] };
  if (missing) return [withoutRequests(hpa, missing, world, base)];
  if (secondsBetween(hpa.metadata.creationTimestamp, now) < GRACE_S) return [];
  return [{ ...base, cause: 'hpa.no_metrics', summary: `${nameOf(hpa)} cannot read its metrics (${reason})`, target: targetOf(hpa), conclusion: 'needs_person', edit: editFor(hpa, undefined) }];
}

interface Missing {
  name: string;
  container: ContainerSpec;
  scaled: KubeObject;
}

function withoutRequests(hpa: KubeObject, missing: Missing, world: World, base: Pick<Finding, 'analyzer' | 'evidence' | 'confidence' | 'proposals'>): Finding {
  const { name, container, scaled } = missing;
  const finding = { ...base, cause: 'hpa.no_requests', summary: `${nameOf(hpa)} scales on ${name}, for which container ${container.name} has no request`, target: targetOf(scaled) };
  const to = scaled.kind === 'Deployment' ? lostInRollout(world, scaled, name) : undefined;
  if (to) return { ...finding, proposals: [rollback(scaled, to, 0.9, `revision ${revisionOf(to)} had a ${name} request in every container`)] };
  return { ...finding, conclusion: 'needs_person', edit: editFor(hpa, missing) };
}

function missingResource(hpa: KubeObject, scaled: KubeObject): Missing | undefined {
  const names: string[] = (hpa.spec?.metrics ?? []).flatMap((m: { resource?: { name: string; target?: { type?: string } } }) =>
    m.resource?.target?.type === 'Utilization' ? [m.resource.name] : [],
  );
  for (const name of names) {
    const container = ((podSpecOf(scaled)?.containers ?? []) as ContainerSpec[]).find((c) => !hasRequest(c, name));
    if (container) return { name, container, scaled };
  }
  return undefined;
}

/** A limit alone counts: the API server takes it as the request. */
const hasRequest = (c: ContainerSpec, name: string): boolean => (c.resources?.requests?.[name] ?? c.resources?.limits?.[name]) !== undefined;

const lostInRollout = (world: World, deployment: KubeObject, name: string): KubeObject | undefined =>
  fallbackOf(rolloutOf(world, deployment), (rs) => containersOf(rs).every((c) => hasRequest(c, name)));

function editFor(hpa: KubeObject, resource: Missing | undefined): string {
  const at = `-n ${hpa.metadata.namespace}`;
  if (!resource) return `kubectl describe hpa ${hpa.metadata.name} ${at}   # then check the metrics API: kubectl get apiservices | grep metrics`;
  const ref = hpa.spec.scaleTargetRef;
  const amount = resource.name === 'memory' ? '128Mi' : '100m';
  return `kubectl set resources ${ref.kind.toLowerCase()}/${ref.name} ${at} -c ${resource.container.name} --requests=${resource.name}=${amount}`;
}
