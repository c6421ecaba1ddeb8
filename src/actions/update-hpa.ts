import { Type } from '@sinclair/typebox';
import { conditionOf, type KubeObject } from '../domain/kube.js';
import type { Change, Edit } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { defineAction, type ActionFacts } from './define.js';
import { checkMorePods } from './more-pods.js';
import { Locator, Replicas } from './parameters.js';
import { refuse } from './workload.js';

const DEFAULT_CAP = 50;

interface Bounds {
  min: number;
  max: number;
}

const boundsOf = (hpa: KubeObject): Bounds => ({ min: hpa.spec.minReplicas ?? 1, max: hpa.spec.maxReplicas });
const nameOf = (hpa: KubeObject): string => `hpa ${hpa.metadata.namespace}/${hpa.metadata.name}`;

export const updateHpa = defineAction({
  id: 'update_hpa',
  summary: 'Change the minimum or maximum replicas of a HorizontalPodAutoscaler, when it is held at its limit.',
  tier: 1,
  targets: ['HorizontalPodAutoscaler'],
  params: Type.Object(
    { ...Locator, minReplicas: Type.Optional(Replicas), maxReplicas: Type.Optional(Replicas) },
    { additionalProperties: false },
  ),
  targetOf: ({ namespace, name }) => ({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', namespace, name }),
  locate: ({ namespace = '', name }) => ({ namespace, name }),
  permissions: [{ group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: ['patch'], scope: 'namespace' }],
  undo: 'exact',
  example: { namespace: 'shop', name: 'api', maxReplicas: 8 },

  applies(object) {
    const isKeda = object.metadata.labels?.['scaledobject.keda.sh/name'] ?? object.metadata.ownerReferences?.some((o) => o.kind === 'ScaledObject');
    return isKeda ? 'KEDA generates it; change its ScaledObject' : true;
  },

  plan(object, params, facts) {
    const before = boundsOf(object);
    const after: Bounds = { min: params.minReplicas ?? before.min, max: params.maxReplicas ?? before.max };
    checkBounds(object, params, after, facts);
    if (after.max > before.max) checkRaise(object, after);
    if (after.min > before.min || after.max > before.max) checkRoom(object, before, after, facts);
    const edits = editsOf(object, before, after);
    return {
      changes: edits.length === 0 ? [] : [{ op: 'edit', ref: this.targetOf(params), uid: object.metadata.uid!, edits }],
      summary: `set ${nameOf(object)} from ${before.min}–${before.max} to ${after.min}–${after.max} replicas`,
      // lowering either bound lets pods go
      tier: after.max < before.max || after.min < before.min ? 3 : 1,
    };
  },

  verify(world, _params, { namespace, name }, { changes }) {
    const hpa = world.get('HorizontalPodAutoscaler', namespace, name);
    if (!hpa) return { state: 'failed', detail: 'the autoscaler is gone' };
    const { min, max } = boundsOf(hpa);
    const current: number = hpa.status?.currentReplicas ?? 0;
    const isSet = changes.every((c) => c.op === 'edit' && stateOfEdits(hpa, c.edits) === 'after');
    const { kind, name: workload } = hpa.spec.scaleTargetRef;
    const isWithin = current >= min && current <= max;
    const isReached = isSet && isWithin && hasMoved(hpa, changes) && allReady(world.get(kind, namespace, workload));
    return { state: isReached ? 'reached' : 'waiting', detail: `${min}–${max} replicas, now ${current}` };
  },
});

function editsOf(hpa: KubeObject, before: Bounds, after: Bounds): Edit[] {
  const min: Edit = { path: ['spec', 'minReplicas'], before: hpa.spec.minReplicas, after: after.min };
  const max: Edit = { path: ['spec', 'maxReplicas'], before: before.max, after: after.max };
  return [...(after.min === before.min ? [] : [min]), ...(after.max === before.max ? [] : [max])];
}

/** The controller wants more than it may have. */
const isHeldAtMaximum = (hpa: KubeObject): boolean => {
  const limited = conditionOf(hpa, 'ScalingLimited');
  return limited?.status === 'True' && limited.reason === 'TooManyReplicas';
};

/** It is no longer held back, or has used the room it was given. */
function hasMoved(hpa: KubeObject, changes: readonly Change[]): boolean {
  const previousMax = changes.flatMap((c) => (c.op === 'edit' ? c.edits : [])).find((e) => e.path[1] === 'maxReplicas')?.before;
  return !isHeldAtMaximum(hpa) || (typeof previousMax === 'number' && (hpa.status?.currentReplicas ?? 0) > previousMax);
}

const allReady = (workload: KubeObject | undefined): boolean =>
  workload === undefined || (workload.status?.readyReplicas ?? 0) >= (workload.spec?.replicas ?? 1);

function checkBounds(hpa: KubeObject, params: { minReplicas?: number; maxReplicas?: number }, after: Bounds, facts: ActionFacts): void {
  if (params.minReplicas === undefined && params.maxReplicas === undefined) {
    refuse('InvalidParams', `${nameOf(hpa)}: neither minReplicas nor maxReplicas is given; name one`);
  }
  const owner = updateHpa.applies(hpa, facts);
  if (owner !== true) refuse('PreconditionChanged', `${nameOf(hpa)}: ${owner}`);
  if (after.min > after.max) refuse('InvalidParams', `${nameOf(hpa)}: minimum ${after.min} is above maximum ${after.max}; choose a lower minimum`);
  const cap = Number(facts.limits.maxReplicas ?? DEFAULT_CAP);
  if (after.min > cap && after.min > boundsOf(hpa).min) refuse('InvalidParams', `${nameOf(hpa)}: a minimum of ${after.min} replicas is over the cap of ${cap}; choose fewer`);
  if (after.max > cap && after.max > hpa.spec.maxReplicas) refuse('InvalidParams', `${nameOf(hpa)}: ${after.max} replicas is over the cap of ${cap}; choose fewer`);
}

/** A higher maximum only helps an autoscaler that works and is held at its maximum. */
function checkRaise(hpa: KubeObject, after: Bounds): void {
  const active = conditionOf(hpa, 'ScalingActive');
  if (active?.status !== 'True') {
    refuse('PreconditionChanged', `${nameOf(hpa)} cannot read its metrics (${active?.reason ?? 'no ScalingActive condition'}), a maximum of ${after.max} would do nothing; repair the metrics first`);
  }
  if (!isHeldAtMaximum(hpa)) refuse('PreconditionChanged', `${nameOf(hpa)} is not held at its maximum, raising it to ${after.max} would do nothing; choose another action`);
}

/** For as many pods as it may have at once after the change. */
function checkRoom(hpa: KubeObject, before: Bounds, after: Bounds, { world }: ActionFacts): void {
  const { kind, name } = hpa.spec.scaleTargetRef ?? {};
  const workload = world.get(kind, hpa.metadata.namespace, name);
  if (!workload) return refuse('PreconditionChanged', `${nameOf(hpa)}: its target ${kind} ${name} was not read, so its capacity is unknown; plan again when it was`);
  const most = after.max > before.max ? after.max : after.min;
  checkMorePods(world, workload, most - (workload.spec?.replicas ?? 1), nameOf(hpa));
}
