import { Type } from '@sinclair/typebox';
import { invertAll, type Change } from '../domain/change.js';
import { isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Undo } from '../domain/plan.js';
import { defineAction, type ActionFacts } from './define.js';
import { checkNewClaims, claimsOf, deletesClaims } from './member-claims.js';
import { checkMorePods } from './more-pods.js';
import { operatorOf } from './operator-owned.js';
import { Locator, Replicas } from './parameters.js';
import { isObserved } from './rollout.js';
import { checkCap, checkFewerPods, checkNoAutoscaler, nameOf, ownedReplicas } from './scaling.js';
import { refuse } from './workload.js';

/**
 * One ordinal up or down: members of a cluster join and leave one at a time, and each step waits until all are Ready.
 * Claims are never deleted: those of an ordinal that an undo removes stay behind, and the plan says which.
 *
 * Limits from the policy: `maxReplicas` (50), `minReplicas` (1).
 */
export const scaleStatefulset = defineAction({
  id: 'scale_statefulset',
  summary: 'Add or remove one replica of a StatefulSet, the highest ordinal.',
  tier: 2,
  targets: ['StatefulSet'],
  params: Type.Object({ ...Locator, replicas: Replicas }, { additionalProperties: false }),
  targetOf: ({ namespace, name }) => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name }),
  locate: ({ namespace = '', name }) => ({ namespace, name }),
  permissions: [{ group: 'apps', resource: 'statefulsets', subresource: 'scale', verbs: ['get', 'update'], scope: 'namespace' }],
  undo: 'exact',
  timeoutS: 600,
  example: { namespace: 'shop', name: 'db', replicas: 3 },

  applies(object, facts) {
    const operator = operatorOf(object);
    return operator ? `${operator} runs it; scale that resource instead` : (ownedReplicas(object, facts) ?? true);
  },

  plan(object, params, facts) {
    const { replicas } = params;
    const current: number = object.spec.replicas ?? 1;
    checkOwner(object, facts);
    if (replicas !== current) checkStep(object, current, replicas, facts);
    const changes: Change[] = replicas === current ? [] : [{ op: 'scale', ref: this.targetOf(params), uid: object.metadata.uid!, before: current, after: replicas }];
    const undo = replicas > current ? undoOfGrowth(object, changes, facts.world) : undefined;
    const left = undo && 'note' in undo ? `; ${undo.note}` : '';
    return { changes, summary: `scale ${nameOf(object)} ${current} → ${replicas}${left}`, tier: replicas < current ? 3 : 2, ...(undo ? { undo } : {}) };
  },

  verify(world, { namespace, name, replicas }) {
    const object = world.get('StatefulSet', namespace, name);
    if (!object) return { state: 'failed', detail: 'the statefulset is gone' };
    const ready: number = object.status?.readyReplicas ?? 0;
    if (!hasMembers(object, replicas)) return { state: 'waiting', detail: `${ready}/${replicas} Ready` };
    return hasOneRevision(object) ? { state: 'reached', detail: `${ready}/${replicas} Ready` } : { state: 'waiting', detail: 'all members are Ready, of two revisions' };
  },
});

const hasMembers = (object: KubeObject, count: number): boolean =>
  isObserved(object) && object.spec.replicas === count && object.status?.readyReplicas === count && object.status.replicas === count;

const hasOneRevision = ({ status }: KubeObject): boolean => status?.currentRevision === status?.updateRevision;

function checkOwner(object: KubeObject, facts: ActionFacts): void {
  const operator = operatorOf(object);
  if (operator) refuse('PreconditionChanged', `${nameOf(object)} is run by ${operator}; scale that resource instead`);
  checkNoAutoscaler(object, facts);
}

function checkStep(object: KubeObject, current: number, replicas: number, facts: ActionFacts): void {
  const at = nameOf(object);
  const next = replicas > current ? current + 1 : current - 1;
  if (replicas !== next) refuse('InvalidParams', `${at}: one member at a time, ${current} → ${replicas} is more; choose ${next}`);
  checkNoUpdate(object);
  if (replicas > current) {
    checkCap(object, replicas, facts);
    checkMembers(object, current, facts.world);
    checkMorePods(facts.world, object, 1, at);
    checkNewClaims(facts.world, object, firstOf(object) + current);
  } else {
    checkFewerPods(object, replicas, facts);
    checkMembers(object, replicas, facts.world);
    if (deletesClaims(object)) {
      refuse('PreconditionChanged', `${at} deletes the claims of a member that it removes (whenScaled: Delete): ${claimsOf(object, firstOf(object) + replicas).join(', ')} would be lost; a person must decide`);
    }
  }
}

/** Numbering may start above zero (`spec.ordinals.start`). */
const firstOf = (object: KubeObject): number => object.spec.ordinals?.start ?? 0;

/** C6 for StatefulSets: a member that joins in the middle of an update may come up with either revision. */
function checkNoUpdate(object: KubeObject): void {
  const { currentRevision, updateRevision } = object.status ?? {};
  const at = nameOf(object);
  if (!isObserved(object)) refuse('PreconditionChanged', `${at}: its controller has not seen the newest spec yet; wait for it`);
  if (hasOneRevision(object)) return;
  const partition: number = object.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const how = partition > 0 ? `a partitioned update (partition ${partition}) is in progress` : `an update from ${currentRevision} to ${updateRevision} is in progress`;
  refuse('PreconditionChanged', `${at}: ${how}; finish it or take it back first`);
}

/** With OrderedReady the controller waits for the lower ordinals for ever; with Parallel a sick cluster would change its size. */
function checkMembers(object: KubeObject, count: number, world: World): void {
  for (let n = 0; n < count; n++) {
    const name = `${object.metadata.name}-${firstOf(object) + n}`;
    const pod = world.get('Pod', object.metadata.namespace, name);
    if (!pod || !isPodReady(pod)) refuse('PreconditionChanged', `${nameOf(object)}: member ${name} is not Ready; heal it before the number of members changes`);
  }
}

/** Going back removes the new member again. Its claims stay, unless the set is told to delete them: then nothing gives the data back. */
function undoOfGrowth(object: KubeObject, changes: readonly Change[], world: World): Undo | undefined {
  const claims = claimsOf(object, firstOf(object) + (object.spec.replicas ?? 1));
  if (claims.length === 0) return undefined;
  if (deletesClaims(object)) {
    return { kind: 'none', why: `going back would delete ${claims.join(', ')} with what the new member wrote (whenScaled: Delete); a person must decide` };
  }
  const fresh = claims.filter((name) => !world.get('PersistentVolumeClaim', object.metadata.namespace, name));
  const note = fresh.length > 0 ? `an undo leaves ${fresh.join(', ')} behind as an orphan` : `it takes up the data of ${claims.join(', ')}, left by an earlier member`;
  return { kind: 'partial', changes: invertAll(changes)!, note };
}
