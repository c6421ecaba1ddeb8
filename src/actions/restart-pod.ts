import { Type } from '@sinclair/typebox';
import type { Change } from '../domain/change.js';
import { isPodReady, type KubeObject } from '../domain/kube.js';
import { defineAction, type ActionFacts, type Planned } from './define.js';
import { Name, Namespace } from './parameters.js';
import { checkEvictable } from './pod-restart-checks.js';
import { isMirror, siblingsOf } from './pod.js';
import { replacementProgress } from './replacement.js';
import { planRollingRestart, verifyRollingRestart } from './rolling-restart.js';
import { budgetsOf, refuse } from './workload.js';

const WorkloadKind = Type.Union([Type.Literal('Deployment'), Type.Literal('StatefulSet')]);

/**
 * One pod by eviction (its disruption budget has a say), or all pods of a workload by a rolling restart.
 * Either `pod`, or `workload` with `strategy: rolling_restart` (`kind` defaults to Deployment).
 */
export const restartPod = defineAction({
  id: 'restart_pod',
  summary: 'Evict one pod so that its controller replaces it, or restart all pods of a workload one by one.',
  tier: 2,
  targets: ['Pod', 'Deployment', 'StatefulSet'],
  params: Type.Object(
    {
      namespace: Namespace,
      pod: Type.Optional(Name),
      workload: Type.Optional(Name),
      kind: Type.Optional(WorkloadKind),
      strategy: Type.Optional(Type.Literal('rolling_restart')),
    },
    { additionalProperties: false },
  ),
  targetOf: ({ namespace, pod, workload, kind = 'Deployment' }) =>
    pod === undefined ? { apiVersion: 'apps/v1', kind, namespace, name: workload ?? '' } : { apiVersion: 'v1', kind: 'Pod', namespace, name: pod },
  locate({ kind, namespace = '', name }): Record<string, string> {
    return kind === 'Pod' ? { namespace, pod: name } : { namespace, workload: name, kind, strategy: 'rolling_restart' };
  },
  permissions: [
    { group: '', resource: 'pods', subresource: 'eviction', verbs: ['create'], scope: 'namespace' },
    { group: 'apps', resource: 'deployments', verbs: ['patch'], scope: 'namespace' },
    { group: 'apps', resource: 'statefulsets', verbs: ['patch'], scope: 'namespace' },
    { group: '', resource: 'pods', verbs: ['delete'], scope: 'namespace', isOptional: true },
  ],
  undo: { irreversible: 'the controller has replaced the pods; the template is the same, so there is nothing to put back' },
  example: { namespace: 'shop', pod: 'api-7d9c5b8f6-x2x4z' },

  applies(object) {
    if (object.kind !== 'Pod') return object.spec?.paused ? 'it is paused, a restart would wait for ever; resume it first' : true;
    if (isMirror(object)) return 'the kubelet runs it from a file; a person must act on the node';
    return (object.metadata.ownerReferences ?? []).some((o) => o.controller) ? true : 'no controller would replace it; a person must decide';
  },

  plan(object, params, facts) {
    const { pod, workload, strategy, kind } = params;
    const isOne = pod !== undefined && workload === undefined && strategy === undefined && kind === undefined;
    const isRollingRestart = pod === undefined && workload !== undefined && strategy === 'rolling_restart';
    if (!isOne && !isRollingRestart) {
      refuse('InvalidParams', `restart in ${params.namespace}: name either one pod, or a workload with strategy rolling_restart`);
    }
    return isOne ? planEviction(object, params, facts) : planRollingRestart(object, params, facts);
  },

  verify(world, params, target, { changes }) {
    if (params.pod === undefined) return verifyRollingRestart(world, params, target, changes);
    return replacementProgress(world, target, params as object as Pinned);
  },
});

/** What the wait must remember of the moment before. */
interface Pinned {
  controllerUid: string;
  /** Ready pods of the controller without the evicted one. */
  othersReady: number;
}

function planEviction(object: KubeObject, params: { namespace: string; pod?: string }, facts: ActionFacts): Planned {
  const at = `pod ${params.namespace}/${params.pod}`;
  const controller = checkEvictable(object, facts);
  const othersReady = siblingsOf(facts.world, object).filter(isPodReady).length;
  const isLastReady = isPodReady(object) && othersReady === 0;
  const op = mustDelete(object, facts) ? ('delete' as const) : ('evict' as const);
  const change: Change = { op, ref: { apiVersion: 'v1', kind: 'Pod', namespace: params.namespace, name: params.pod! }, uid: object.metadata.uid! };
  return {
    changes: object.metadata.deletionTimestamp ? [] : [change],
    summary: `${op} ${at}${isLastReady ? ', the only Ready pod of its controller' : ''}`,
    // a single replica means an outage while it restarts: a person decides
    tier: isLastReady || op === 'delete' ? 3 : 2,
    parameters: { ...params, controllerUid: controller.uid, othersReady } satisfies Pinned & object,
  };
}

/** Only where policy says `deleteWhenBlocked`, the pod serves nobody anyway, and a budget would never let it go. */
function mustDelete(pod: KubeObject, { world, limits }: ActionFacts): boolean {
  if (limits.deleteWhenBlocked !== true || isPodReady(pod)) return false;
  return budgetsOf(world, pod).some((b) => (b.status?.disruptionsAllowed ?? 0) < 1 && b.spec?.unhealthyPodEvictionPolicy !== 'AlwaysAllow');
}
