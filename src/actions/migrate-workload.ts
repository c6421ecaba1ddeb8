import { Type } from '@sinclair/typebox';
import { invert, type Change, type Edit } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { isPodReady, podsOf, refOf, type KubeObject, type World } from '../domain/kube.js';
import type { NodeSelectorTerm } from '../domain/node-match.js';
import { surgeOf } from './container-room.js';
import { defineAction, type Planned, type Progress } from './define.js';
import { checkBudgets, checkMovable, checkNodes, isAtFault, podsToMove, type Move } from './migrate-checks.js';
import { elsewhere, migrate, replacedProgress, type PinnedMove } from './migrate-run.js';
import { checkMorePods } from './more-pods.js';
import { checkPool, cordonEdits, isCordoned, nodeRef } from './node.js';
import { Name, Namespace } from './parameters.js';
import { nameOfPod } from './pod.js';
import { carriesUnreleasedChange } from './revisions.js';
import { isRolling, rolloutProgress, rolloutTimeoutS, staleDeadlineOf, withStaleDeadline } from './rollout.js';
import { readyPodsOf } from './workload.js';

/** For one pod to go, its volumes to be detached, and its replacement to become Ready. */
const PER_POD_S = 240;
const MARGIN_S = 60;
const LONGEST_S = 7200;

const WorkloadKind = Type.Union([Type.Literal('Deployment'), Type.Literal('StatefulSet')]);

/**
 * Policy limits it reads: `allowEmptyDir`, `allowHostPath` (data that stays behind is given up).
 * `toNode` is only a check that there is room: the scheduler places the pods.
 */
export const migrateWorkload = defineAction({
  id: 'migrate_workload',
  summary: 'Move the pods of one workload off a node, one at a time, each after the one before is Ready elsewhere.',
  tier: 2,
  targets: ['Deployment', 'StatefulSet'],
  params: Type.Object(
    { namespace: Namespace, workload: Name, kind: Type.Optional(WorkloadKind), fromNode: Name, toNode: Type.Optional(Name) },
    { additionalProperties: false },
  ),
  targetOf: ({ namespace, workload, kind = 'Deployment' }) => ({ apiVersion: 'apps/v1', kind, namespace, name: workload }),
  locate: ({ namespace = '', name, kind }) => ({ namespace, workload: name, kind }),
  permissions: [
    { group: '', resource: 'nodes', verbs: ['patch'], scope: 'cluster' },
    { group: '', resource: 'pods', subresource: 'eviction', verbs: ['create'], scope: 'namespace' },
    { group: 'apps', resource: 'deployments', verbs: ['patch'], scope: 'namespace', isOptional: true },
  ],
  undo: 'partial',
  timeoutS: LONGEST_S,
  example: { namespace: 'shop', workload: 'api', fromNode: 'worker-3' },

  applies: (object, { world }) => (podsOf(world, object).some((p) => p.spec?.nodeName) ? true : 'none of its pods runs on a node'),

  plan(object, params, facts) {
    const move: Move = { workload: object, fromNode: params.fromNode, facts, ...(params.toNode ? { toNode: params.toNode } : {}) };
    const node = checkNodes(move);
    const pods = podsToMove(move);
    if (pods.length === 0) return { changes: [], summary: `${nameOf(object)} has no pod on node ${params.fromNode}`, undo: { kind: 'none', why: 'nothing was changed' } };
    checkMovable(pods, move);
    return surgesFirst(object, facts.world) ? planAffinity(move, params) : planEvictions(pods, node, move, params);
  },

  execute: (changes, context, params) =>
    isPinned(params) ? migrate(changes, context, params) : applyAll(changes, context),

  verify(world, params, target, { changes }) {
    return isPinned(params) ? movedProgress(world, params) : rolledProgress(world, params, target, changes);
  },
});

const nameOf = (o: KubeObject): string => `${o.kind.toLowerCase()} ${o.metadata.namespace}/${o.metadata.name}`;

const isPinned = (params: object): params is PinnedMove => 'pods' in params;

async function applyAll(changes: readonly Change[], { cluster, actionId, isDryRun }: Parameters<typeof migrate>[1]): Promise<void> {
  for (const change of changes) await cluster.apply(change, { actionId, isDryRun });
}

/** One replica whose rollout starts the new pod before it stops the old one: no outage, where an eviction would be one. */
const surgesFirst = (object: KubeObject, world: World): boolean =>
  object.kind === 'Deployment' && object.spec?.replicas === 1 && isRolling(object) && surgeOf(object) > 0 && !object.spec.paused && !carriesUnreleasedChange(world, object);

const AFFINITY = ['spec', 'template', 'spec', 'affinity'];

function planAffinity({ workload, fromNode, facts }: Move, params: object): Planned {
  const edit: Edit = { path: AFFINITY, before: workload.spec.template.spec.affinity, after: awayFrom(fromNode, workload.spec.template.spec.affinity) };
  checkMorePods(facts.world, workload, 1, nameOf(workload));
  const change: Change = { op: 'edit', ref: refOf(workload), uid: workload.metadata.uid!, edits: [edit] };
  return {
    changes: [change],
    summary: `roll the single replica of ${nameOf(workload)} out anew, not on node ${fromNode}`,
    undo: { kind: 'exact', changes: [invert(change)!], note: 'the pod is rolled out once more and may go to any node' },
    parameters: withStaleDeadline(params, workload),
    timeoutS: rolloutTimeoutS(workload),
  };
}

type Affinity = { nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeSelectorTerm[] } } } | undefined;

/** Terms are alternatives: each of them must rule the node out. By its name, which no label can contradict. */
function awayFrom(node: string, affinity: Affinity): Affinity {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  const not = { key: 'metadata.name', operator: 'NotIn', values: [node] };
  const nodeSelectorTerms = terms.map((t) => ({ ...t, matchFields: [...(t.matchFields ?? []), not] }));
  return { ...affinity, nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
}

function planEvictions(pods: readonly KubeObject[], node: KubeObject, { workload, fromNode, facts }: Move, params: object): Planned {
  for (const pod of pods) checkBudgets(pod, facts.world);
  const cordon = cordonOf(node, { fromNode, facts });
  const evictions: Change[] = pods.map((p) => ({ op: 'evict', ref: refOf(p), uid: p.metadata.uid! }));
  const isReopened = !isAtFault(node, facts);
  const ready = readyPodsOf(facts.world, workload);
  const isOnlyReady = pods.some(isPodReady) && ready.length === 1;
  const deadlineS = Math.min(LONGEST_S, pods.length * PER_POD_S + MARGIN_S);
  const notes = [...(cordon && !isReopened ? ['the node stays cordoned'] : []), ...(isOnlyReady ? [`${nameOfPod(ready[0]!)} is the only Ready one`] : [])];
  return {
    changes: cordon ? [cordon, ...evictions, ...(isReopened ? [invert(cordon)!] : [])] : evictions,
    summary: [`move ${pods.length} pods of ${nameOf(workload)} off node ${fromNode}, one at a time`, ...notes].join('; '),
    tier: isOnlyReady ? 3 : 2,
    undo: cordon
      ? { kind: 'partial', changes: [invert(cordon)!], note: 'evicted pods do not return to the node' }
      : { kind: 'none', why: 'the node was cordoned before us; evicted pods do not return' },
    parameters: { ...params, kind: workload.kind, pods: pods.map((p) => p.metadata.uid!), readyElsewhere: elsewhere(ready, fromNode).length, deadlineS },
    timeoutS: deadlineS,
  };
}

function cordonOf(node: KubeObject, { fromNode, facts }: Pick<Move, 'fromNode' | 'facts'>): Change | undefined {
  if (isCordoned(node)) return undefined;
  checkPool(facts.world, node);
  return { op: 'edit', ref: nodeRef(fromNode), uid: node.metadata.uid!, edits: cordonEdits(node, facts) };
}

function movedProgress(world: World, pinned: PinnedMove): Progress {
  const left = pinned.pods.filter((uid) => world.byUid(uid)).length;
  return left > 0 ? { state: 'waiting', detail: `${left} pods still to go` } : replacedProgress(world, pinned);
}

function rolledProgress(world: World, params: { fromNode: string }, { kind, namespace, name }: { kind: string; namespace?: string; name: string }, changes: readonly Change[]): Progress {
  const object = world.get(kind, namespace, name);
  const edits = changes.flatMap((c) => (c.op === 'edit' ? c.edits : []));
  if (object && edits.length > 0 && stateOfEdits(object, edits) !== 'after') return { state: 'waiting', detail: 'the node affinity is not there yet' };
  const rollout = rolloutProgress(object, staleDeadlineOf(params));
  if (rollout.state !== 'reached') return rollout;
  const stayed = podsOf(world, object!).filter((p) => p.spec?.nodeName === params.fromNode);
  return stayed.length > 0 ? { state: 'waiting', detail: `${nameOfPod(stayed[0]!)} is still on node ${params.fromNode}` } : rollout;
}
