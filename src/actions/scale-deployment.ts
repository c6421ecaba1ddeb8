import { Type } from '@sinclair/typebox';
import type { KubeObject } from '../domain/kube.js';
import { defineAction, type ActionFacts } from './define.js';
import { checkMorePods } from './more-pods.js';
import { Locator, Replicas } from './parameters.js';
import { isObserved } from './rollout.js';
import { checkCap, checkFewerPods, checkNoAutoscaler, nameOf, ownedReplicas } from './scaling.js';
import { refuse } from './workload.js';

const MAX_STEP_UP = 10;

export const scaleDeployment = defineAction({
  id: 'scale_deployment',
  summary: 'Set the number of replicas of a Deployment.',
  tier: 1,
  targets: ['Deployment'],
  params: Type.Object({ ...Locator, replicas: Replicas }, { additionalProperties: false }),
  targetOf: ({ namespace, name }) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }),
  locate: ({ namespace = '', name }) => ({ namespace, name }),
  permissions: [{ group: 'apps', resource: 'deployments', subresource: 'scale', verbs: ['get', 'update'], scope: 'namespace' }],
  undo: 'exact',
  example: { namespace: 'shop', name: 'api', replicas: 4 },

  applies: (object, facts) => ownedReplicas(object, facts) ?? true,

  plan(object, params, facts) {
    const { replicas } = params;
    const current: number = object.spec.replicas ?? 1;
    checkNoAutoscaler(object, facts);
    checkNotHalfway(object);
    if (replicas > current) checkScaleUp(object, replicas, facts);
    if (replicas < current) checkFewerPods(object, replicas, facts);
    return {
      changes: replicas === current ? [] : [{ op: 'scale', ref: this.targetOf(params), uid: object.metadata.uid!, before: current, after: replicas }],
      summary: `scale ${nameOf(object)} ${current} → ${replicas}`,
      tier: replicas < current ? 3 : 1,
    };
  },

  verify(world, { namespace, name, replicas }) {
    const object = world.get('Deployment', namespace, name);
    if (!object) return { state: 'failed', detail: 'the deployment is gone' };
    const { available, existing } = countsOf(object);
    const isThere = isObserved(object) && object.spec.replicas === replicas && available === replicas && existing === replicas;
    return { state: isThere ? 'reached' : 'waiting', detail: `${available}/${replicas} available` };
  },
});

const countsOf = ({ status }: KubeObject): { available: number; existing: number } => ({ available: status?.availableReplicas ?? 0, existing: status?.replicas ?? 0 });

function checkNotHalfway(object: KubeObject): void {
  if (object.spec.paused && object.status?.updatedReplicas !== object.status?.replicas) {
    refuse('PreconditionChanged', `${nameOf(object)} is paused in the middle of a rollout; resume it first`);
  }
}

function checkScaleUp(object: KubeObject, replicas: number, facts: ActionFacts): void {
  const current: number = object.spec.replicas ?? 1;
  const at = nameOf(object);
  checkCap(object, replicas, facts);
  const most = Math.min(Math.max(current * 2, current + 2), current + MAX_STEP_UP);
  if (replicas > most) refuse('InvalidParams', `${at}: from ${current} at most ${most} replicas in one step; choose ${most}`);
  checkMorePods(facts.world, object, replicas - current, at);
}
