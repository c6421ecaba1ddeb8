import { Type } from '@sinclair/typebox';
import { KubernautError } from '../domain/errors.js';
import { defineAction } from './define.js';
import { Locator } from './parameters.js';
import { autoscalerOf, fits, requestsOf } from './workload.js';

const MAX_STEP_UP = 10;

export const scaleDeployment = defineAction({
  id: 'scale_deployment',
  summary: 'Set the number of replicas of a Deployment.',
  tier: 1,
  targets: ['Deployment'],
  params: Type.Object({ ...Locator, replicas: Type.Integer({ minimum: 1, maximum: 1000 }) }, { additionalProperties: false }),
  targetOf: ({ namespace, name }) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }),
  permissions: [{ group: 'apps', resource: 'deployments', subresource: 'scale', verbs: ['get', 'update'], scope: 'namespace' }],
  undo: 'exact',
  example: { namespace: 'shop', name: 'api', replicas: 4 },

  applies(object, { world }) {
    const hpa = autoscalerOf(world, object);
    return hpa ? `HorizontalPodAutoscaler ${hpa.metadata.name} owns its replicas; use update_hpa` : true;
  },

  plan(object, { namespace, name, replicas }, facts) {
    const current: number = object.spec.replicas ?? 1;
    const at = `deployment ${namespace}/${name}`;
    const hpa = autoscalerOf(facts.world, object);
    if (hpa) throw new KubernautError('PreconditionChanged', `${at} is scaled by ${hpa.metadata.name}; use update_hpa`);
    if (object.spec.paused && object.status?.updatedReplicas !== object.status?.replicas) {
      throw new KubernautError('PreconditionChanged', `${at} is paused in the middle of a rollout; resume it first`);
    }
    const cap = Number(facts.limits.maxReplicas ?? 50);
    if (replicas > cap) throw new KubernautError('InvalidParams', `${at}: ${replicas} replicas is over the cap of ${cap}; choose fewer`);
    const most = Math.min(Math.max(current * 2, current + 2), current + MAX_STEP_UP);
    if (replicas > most) throw new KubernautError('InvalidParams', `${at}: from ${current} at most ${most} replicas in one step`);
    const free = fits(facts.world, requestsOf(object), object);
    if (replicas - current > free) {
      throw new KubernautError('PreconditionChanged', `${at}: the nodes have room for ${free} more pods, not ${replicas - current}; choose fewer or add nodes`);
    }
    return {
      changes: replicas === current ? [] : [{ op: 'scale', ref: this.targetOf({ namespace, name, replicas }), uid: object.metadata.uid!, before: current, after: replicas }],
      summary: `scale ${at} ${current} → ${replicas}`,
      tier: replicas < current ? 3 : 1,
    };
  },

  verify(world, { namespace, name, replicas }) {
    const object = world.get('Deployment', namespace, name);
    if (!object) return { state: 'failed', detail: 'the deployment is gone' };
    const available: number = object.status?.availableReplicas ?? 0;
    const isObserved = (object.status?.observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
    const detail = `${available}/${replicas} available`;
    return { state: isObserved && object.spec.replicas === replicas && available >= replicas ? 'reached' : 'waiting', detail };
  },
});
