import type { Evidence } from '../domain/evidence.js';
import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { canonicalJson } from '../domain/sha256.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { isAboutClaim, isUnschedulable, schedulerSays } from './reading/placement.js';
import { nameOf, onNode, rollback, targetOf } from './reading/proposals.js';
import { containersOf, fallbackOf, isOfRevision, podSpecOf, revisionOf, rolloutOf } from './reading/rollout.js';
import { livePodsOf, workloadsInScope } from './reading/scene.js';

const PLACEMENT = ['nodeSelector', 'affinity', 'tolerations', 'topologySpreadConstraints', 'priorityClassName', 'schedulerName', 'hostNetwork', 'nodeName', 'runtimeClassName'];

/** Pods that no node takes. Our own forgotten cordon we lift, a placement rule of the last rollout we take back; the rest is a person's. */
export const pendingPods = defineAnalyzer({
  id: 'pending_pods',
  summary: 'Pods cannot be scheduled on any node.',
  looksAt: ['pods', 'nodes', 'deployments', 'replicasets', 'events'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const pod = livePodsOf(world, workload).find(isUnschedulable);
  if (!pod) return [];
  const message = schedulerSays(pod, evidence);
  if (isAboutClaim(message)) return [];
  const base = { analyzer: 'pending_pods', evidence: [cut(`pod ${pod.metadata.name}: ${message}`)] };
  return [byRollout(workload, pod, world, base) ?? byOurCordon(message, workload, world, base) ?? forPerson(workload, message, base)];
}

type Base = Pick<Finding, 'analyzer' | 'evidence'>;

function byRollout(workload: KubeObject, pod: KubeObject, world: World, base: Base): Finding | undefined {
  if (workload.kind !== 'Deployment') return undefined;
  const rollout = rolloutOf(world, workload);
  if (rollout.hasCompleted || !isOfRevision(pod, rollout.current)) return undefined;
  const to = fallbackOf(rollout, (rs) => placementOf(rs) !== placementOf(rollout.current!));
  if (!to) return undefined;
  return {
    ...base,
    cause: 'bad_rollout.unschedulable',
    summary: `${nameOf(workload)}: no node takes pods of revision ${revisionOf(rollout.current!)}; revision ${revisionOf(to)} asked for other nodes or less`,
    target: targetOf(workload),
    confidence: 0.93,
    proposals: [rollback(workload, to, 0.93, `revision ${revisionOf(to)} could be scheduled`)],
  };
}

const placementOf = (rs: KubeObject): string =>
  canonicalJson([
    ...PLACEMENT.map((key) => podSpecOf(rs)?.[key] ?? null),
    containersOf(rs).map((c) => [c.name, c.resources?.requests ?? null, (c.ports ?? []).map((p) => (p as { hostPort?: number }).hostPort ?? null)]),
    (podSpecOf(rs)?.volumes ?? []).filter((v: { persistentVolumeClaim?: unknown }) => v.persistentVolumeClaim),
  ]);

function byOurCordon(message: string, workload: KubeObject, world: World, base: Base): Finding | undefined {
  const cordoned = world.list('Node').filter((n) => n.spec?.unschedulable && conditionOf(n, 'Ready')?.status === 'True');
  const node = cordoned.find((n) => n.metadata.annotations?.['kubernaut.io/cordoned-by'] !== undefined) ?? cordoned[0];
  if (!node || !/unschedulable/.test(message)) return undefined;
  const isOurs = node.metadata.annotations?.['kubernaut.io/cordoned-by'] !== undefined;
  const finding = { ...base, target: targetOf(node), confidence: 0.88, summary: `${nameOf(workload)}: pods are Pending while ${nameOf(node)} is Ready but cordoned` };
  return isOurs
    ? { ...finding, cause: 'node.cordon_ours', proposals: [onNode('uncordon_node', node, 0.88, 'our cordon outlived its cause')] }
    : { ...finding, cause: 'node.cordon_foreign', proposals: [], conclusion: 'needs_person', edit: `kubectl uncordon ${node.metadata.name}` };
}

function forPerson(workload: KubeObject, message: string, base: Base): Finding {
  const at = `${workload.kind.toLowerCase()} ${workload.metadata.name} -n ${workload.metadata.namespace}`;
  const isAntiAffinity = /anti-affinity|topology spread/.test(message);
  const isFull = /Insufficient|Too many pods/.test(message);
  return {
    ...base,
    cause: isAntiAffinity ? 'pending.anti_affinity' : isFull ? 'pending.insufficient_resources' : 'pending.unschedulable',
    summary: `${nameOf(workload)}: no node takes its pods: ${cut(message, 140)}`,
    target: targetOf(workload),
    confidence: 0.9,
    proposals: [],
    conclusion: 'needs_person',
    edit:
      isAntiAffinity && workload.kind === 'Deployment'
        ? `kubectl patch ${at} --type=merge -p '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":1}}}}'`
        : `kubectl describe ${at}   # then add nodes, or lower what it asks for`,
  };
}
