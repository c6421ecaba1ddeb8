import type { Evidence } from '../domain/evidence.js';
import { conditionOf, controllerOf, isNodeReady, isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { configReferencesOf, modifiedAt } from './reading/config-references.js';
import { describeTrouble, troublesOfPod, type Trouble } from './reading/container-trouble.js';
import { nameOf, restartPod, targetOf } from './reading/proposals.js';
import { podSpecOf } from './reading/rollout.js';
import { isObserved } from '../domain/status.js';
import { livePodsOf, secondsBetween, workloadsInScope } from './reading/scene.js';

const LONE_AFTER_S = 30;

/** Pods that keep an old fault which their replacement would not have: only a new pod picks up what was put right. */
export const stuckPod = defineAnalyzer({
  id: 'stuck_pod',
  summary: 'A pod is stuck with something that was fixed since it was made.',
  looksAt: ['pods', 'statefulsets', 'serviceaccounts', 'configmaps', 'events'],
  diagnose: (evidence, world) =>
    workloadsInScope(evidence, world).flatMap((w) =>
      livePodsOf(world, w)
        .filter((pod) => (pod.metadata.ownerReferences ?? []).some((r) => r.controller))
        .flatMap((pod) => findingOf(pod, w, evidence, world)),
    ),
});

function findingOf(pod: KubeObject, workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const trouble = troublesOfPod(pod, evidence)[0];
  if (!trouble) return [];
  const stuck =
    ofOldRevision(pod, workload, world) ?? withoutPullSecret(pod, trouble, world) ?? withOldConfig(pod, trouble, world) ?? alone(pod, trouble, workload, evidence, world);
  if (!stuck) return [];
  return [
    {
      analyzer: 'stuck_pod',
      cause: `stuck_pod.${stuck.what}`,
      summary: `${nameOf(pod)} is stuck: ${stuck.why}`,
      target: targetOf(pod),
      evidence: [describeTrouble(trouble), stuck.why],
      confidence: stuck.confidence,
      proposals: [restartPod(pod, stuck.confidence, stuck.why)],
    },
  ];
}

interface Stuck {
  what: 'old_revision' | 'pull_secret' | 'stale_config' | 'alone';
  why: string;
  confidence: number;
}

const HASH = 'controller-revision-hash';
const hashOfPod = (pod: KubeObject): string | undefined => pod.metadata.labels?.[HASH];

/** OrderedReady waits for ever for a broken pod, even when the template was put right meanwhile. */
function ofOldRevision(pod: KubeObject, workload: KubeObject, world: World): Stuck | undefined {
  const wanted = workload.status?.updateRevision;
  if (workload.kind !== 'StatefulSet' || !wanted || !isObserved(workload) || hashOfPod(pod) === wanted) return undefined;
  const updated = livePodsOf(world, workload).filter((p) => hashOfPod(p) === wanted);
  // when pods of the wanted revision are broken as well, a new pod is no cure
  if (updated.some((p) => !isPodReady(p))) return undefined;
  return { what: 'old_revision', why: `it still has revision ${hashOfPod(pod) ?? '?'}, the StatefulSet wants ${wanted} and waits for it`, confidence: 0.94 };
}

/** Admission copies pull secrets from the service account when a pod is made: an old pod keeps its lack. */
function withoutPullSecret(pod: KubeObject, trouble: Trouble, world: World): Stuck | undefined {
  if (trouble.kind !== 'image' || hasPullSecret(pod.spec)) return undefined;
  const name = accountOf(pod);
  const hasNow = hasPullSecret(world.get('ServiceAccount', pod.metadata.namespace, name));
  const sibling = world.list('Pod', pod.metadata.namespace).find((p) => accountOf(p) === name && hasPullSecret(p.spec) && isPodReady(p));
  if (!hasNow && !sibling) return undefined;
  return { what: 'pull_secret', why: `service account ${name} has a pull secret by now, this pod was made without`, confidence: 0.93 };
}

const accountOf = (pod: KubeObject): string => pod.spec?.serviceAccountName ?? 'default';
const hasPullSecret = (o: { imagePullSecrets?: unknown[]; [key: string]: unknown } | undefined): boolean => (o?.imagePullSecrets ?? []).length > 0;

/** Environment, command line and subPath mounts are frozen when a container starts. A crash loop re-reads them by itself. */
function withOldConfig(pod: KubeObject, trouble: Trouble, world: World): Stuck | undefined {
  if (trouble.kind !== 'not_ready') return undefined;
  const startedAt = startOf(pod, trouble.container);
  const changed = configReferencesOf({ ...pod, spec: podSpecOf(pod) })
    .filter((r) => r.via !== 'volume')
    .map((r) => world.get(r.kind, pod.metadata.namespace, r.name))
    .find((o) => o !== undefined && startedAt !== '' && modifiedAt(o) > startedAt);
  if (!changed) return undefined;
  return { what: 'stale_config', why: `${changed.kind} ${changed.metadata.name} was changed after the container had started with it`, confidence: 0.82 };
}

const startOf = (pod: KubeObject, container: string): string =>
  [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find((s: { name: string }) => s.name === container)?.state?.running
    ?.startedAt ?? '';

/** Running, not Ready for a while, with Ready siblings of the very same template: whatever it is, it is in this pod. */
function alone(pod: KubeObject, trouble: Trouble, workload: KubeObject, evidence: Evidence, world: World): Stuck | undefined {
  if (trouble.kind !== 'not_ready' || trouble.isInit || workload.kind === 'DaemonSet' || isOnDeadNode(pod, world)) return undefined;
  const since = conditionOf(pod, 'Ready')?.lastTransitionTime;
  if (secondsBetween(since, evidence.takenAt) < LONE_AFTER_S) return undefined;
  const owner = controllerOf(pod)?.uid;
  const siblings = livePodsOf(world, workload).filter((p) => p !== pod && controllerOf(p)?.uid === owner && hashOfPod(p) === hashOfPod(pod));
  if (siblings.length === 0 || !siblings.every(isPodReady)) return undefined;
  return { what: 'alone', why: `its ${siblings.length} siblings of the same template are Ready`, confidence: 0.7 };
}

function isOnDeadNode(pod: KubeObject, world: World): boolean {
  const node = world.get('Node', undefined, pod.spec?.nodeName);
  return node !== undefined && !isNodeReady(node);
}
