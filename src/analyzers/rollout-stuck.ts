import type { Evidence } from '../domain/evidence.js';
import { isPodReady, podsOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { countOf, desiredReplicas } from '../domain/status.js';
import { defineAnalyzer } from './define.js';
import { needsPerson } from './reading/person.js';
import { isOfRevision, rolloutOf, type Rollout } from './reading/rollout.js';
import { secondsBetween, troublesOf, workloadsInScope } from './reading/scene.js';

const LEAVING_S = 90;

/** A rollout that does not go on although no pod of it fails: paused, waiting for pods that do not go, or for time it does not have. */
export const rolloutStuck = defineAnalyzer({
  id: 'rollout_stuck',
  summary: 'A rollout stands still without a failed pod: paused, waiting for old pods, or longer than its own deadline.',
  looksAt: ['deployments', 'replicasets', 'pods'],
  diagnose: (evidence, world) =>
    workloadsInScope(evidence, world)
      .filter((w) => w.kind === 'Deployment' && troublesOf(world, w, evidence).length === 0)
      .flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(deployment: KubeObject, evidence: Evidence, world: World): Finding[] {
  const rollout = rolloutOf(world, deployment);
  const pods = podsOf(world, deployment).filter((p) => !['Succeeded', 'Failed'].includes(p.status?.phase));
  const why = paused(deployment, rollout) ?? waitsForOld({ deployment, rollout, pods, now: evidence.takenAt }) ?? tooPatient(deployment, rollout, pods);
  if (!why) return [];
  const { what, ...rest } = why;
  const counts = `${countOf(deployment, 'updatedReplicas')} of ${desiredReplicas(deployment)} updated, ${countOf(deployment, 'availableReplicas')} available`;
  return [needsPerson({ analyzer: 'rollout_stuck', of: deployment, what, ...rest, evidence: [counts, ...rest.evidence] })];
}

type Why = Pick<Finding, 'cause' | 'evidence' | 'confidence' | 'edit'> & { what: string };

const at = ({ metadata: m }: KubeObject): string => `deployment/${m.name} -n ${m.namespace}`;

/** The newest template has no revision of its own yet, or one that got no pods: whoever paused it went away. */
function paused(deployment: KubeObject, { current }: Rollout): Why | undefined {
  if (deployment.spec?.paused !== true || countOf(deployment, 'updatedReplicas') >= desiredReplicas(deployment)) return undefined;
  return {
    cause: 'rollout.paused', what: 'its rollout is paused half-way; a person must go on with it or take it back', confidence: 0.86,
    evidence: ['spec.paused is true', current ? `revision ${current.metadata.name} has ${countOf(current, 'replicas')} pods` : 'its newest template has no pods'],
    edit: `kubectl rollout resume ${at(deployment)}   # or first: kubectl rollout history ${at(deployment)}`,
  };
}

interface Waiting {
  deployment: KubeObject;
  rollout: Rollout;
  pods: KubeObject[];
  now: string;
}

/** Recreate, and a rollout without room for one more pod, wait until the old pods have really gone. */
function waitsForOld({ deployment, rollout, pods, now }: Waiting): Why | undefined {
  const [first, ...others] = pods.filter((p) => p.metadata.deletionTimestamp && !isOfRevision(p, rollout.current) && secondsBetween(p.metadata.deletionTimestamp, now) > LEAVING_S);
  if (rollout.hasCompleted || !first || hasRoom(deployment)) return undefined;
  const { name, namespace, deletionTimestamp, finalizers = [] } = first.metadata;
  return {
    cause: 'rollout.waits_for_old', what: `its rollout waits for ${others.length + 1} old pods that do not go away`, confidence: 0.84,
    evidence: [`pod ${name} has been going away since ${deletionTimestamp}${finalizers.length > 0 ? `, held by ${finalizers.join(', ')}` : ''}, on node ${first.spec?.nodeName ?? 'none'}`],
    edit: `kubectl describe pod ${name} -n ${namespace}   # its node, its finalizers, its preStop hook`,
  };
}

function hasRoom({ spec }: KubeObject): boolean {
  const { type = 'RollingUpdate', rollingUpdate } = spec?.strategy ?? {};
  return type !== 'Recreate' && !['0', '0%'].includes(String(rollingUpdate?.maxSurge ?? '25%'));
}

/** Pods count after `minReadySeconds`; the deadline must leave room for that. */
function tooPatient(deployment: KubeObject, rollout: Rollout, pods: KubeObject[]): Why | undefined {
  const { minReadySeconds = 0, progressDeadlineSeconds = 600 } = deployment.spec ?? {};
  const own = pods.filter((p) => isOfRevision(p, rollout.current));
  if (!rollout.hasExceededDeadline || minReadySeconds < progressDeadlineSeconds / 2 || own.length === 0 || !own.every(isPodReady)) return undefined;
  return {
    cause: 'rollout.deadline_too_short', what: `its pods are all Ready, but count only after ${minReadySeconds} s and its deadline is ${progressDeadlineSeconds} s`, confidence: 0.84,
    evidence: [`minReadySeconds ${minReadySeconds}, progressDeadlineSeconds ${progressDeadlineSeconds}`, `${own.length} pods of the newest revision are Ready`],
    edit: `kubectl patch ${at(deployment)} --type=merge -p '${JSON.stringify({ spec: { progressDeadlineSeconds: minReadySeconds + 600 } })}'`,
  };
}
