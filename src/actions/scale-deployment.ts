import { Type } from '@sinclair/typebox';
import type { KubeObject } from '../domain/kube.js';
import { defineAction, type ActionFacts } from './define.js';
import { checkMorePods } from './more-pods.js';
import { Locator, Replicas } from './parameters.js';
import { isObserved } from './rollout.js';
import { autoscalerOf, budgetsOf, countOf, refuse } from './workload.js';

const MAX_STEP_UP = 10;
const DEFAULT_CAP = 50;

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

  applies(object, { world }) {
    const scaler = autoscalerOf(world, object);
    return scaler ? `${scaler.kind} ${scaler.metadata.name} owns its replicas; ${nextMove(scaler)}` : true;
  },

  plan(object, params, facts) {
    const { namespace, name, replicas } = params;
    const current: number = object.spec.replicas ?? 1;
    const at = `deployment ${namespace}/${name}`;
    checkState(object, facts);
    if (replicas > current) checkScaleUp(object, replicas, facts);
    if (replicas < current) checkScaleDown(object, replicas, facts);
    return {
      changes: replicas === current ? [] : [{ op: 'scale', ref: this.targetOf(params), uid: object.metadata.uid!, before: current, after: replicas }],
      summary: `scale ${at} ${current} → ${replicas}`,
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

const nextMove = (scaler: KubeObject): string =>
  scaler.kind === 'HorizontalPodAutoscaler' ? 'use update_hpa' : 'change that object, it would be set back at once';

const countsOf = ({ status }: KubeObject): { available: number; existing: number } => ({ available: status?.availableReplicas ?? 0, existing: status?.replicas ?? 0 });

function checkState(object: KubeObject, { world }: ActionFacts): void {
  const at = `deployment ${object.metadata.namespace}/${object.metadata.name}`;
  const scaler = autoscalerOf(world, object);
  if (scaler) refuse('PreconditionChanged', `${at} is scaled by ${scaler.kind} ${scaler.metadata.name}; ${nextMove(scaler)}`);
  if (object.spec.paused && object.status?.updatedReplicas !== object.status?.replicas) {
    refuse('PreconditionChanged', `${at} is paused in the middle of a rollout; resume it first`);
  }
}

function checkScaleUp(object: KubeObject, replicas: number, { world, limits }: ActionFacts): void {
  const current: number = object.spec.replicas ?? 1;
  const at = `deployment ${object.metadata.namespace}/${object.metadata.name}`;
  const cap = Number(limits.maxReplicas ?? DEFAULT_CAP);
  if (replicas > cap) refuse('InvalidParams', `${at}: ${replicas} replicas is over the cap of ${cap}; choose fewer`);
  const most = Math.min(Math.max(current * 2, current + 2), current + MAX_STEP_UP);
  if (replicas > most) refuse('InvalidParams', `${at}: from ${current} at most ${most} replicas in one step; choose ${most}`);
  checkMorePods(world, object, replicas - current, at);
}

/**
 * Only an absolute (or percent) `minAvailable` says how many pods are needed; `maxUnavailable` moves with the count.
 * The seven-day minimum is the operator's knowledge: policy `minReplicas`. Beyond that a person decides (tier 3).
 */
function checkScaleDown(object: KubeObject, replicas: number, { world, limits }: ActionFacts): void {
  const at = `deployment ${object.metadata.namespace}/${object.metadata.name}`;
  const least = Number(limits.minReplicas ?? 1);
  if (replicas < least) refuse('InvalidParams', `${at}: ${replicas} replicas is under the minimum of ${least}; choose more`);
  for (const budget of budgetsOf(world, object)) {
    const need = countOf(budget.spec?.minAvailable, object.spec.replicas ?? 1, Math.ceil);
    if (need !== undefined && replicas < need) {
      refuse('PreconditionChanged', `${at}: budget ${budget.metadata.name} needs ${need} pods, ${replicas} is fewer; choose at least ${need}`);
    }
  }
}
