import { Type } from '@sinclair/typebox';
import { durationMs } from '../domain/duration.js';
import { isNodeReady, refOf, type KubeObject, type World } from '../domain/kube.js';
import type { ActionPolicy } from '../domain/policy.js';
import { defineAction, type Progress } from './define.js';
import { checkDrain } from './drain-checks.js';
import { AT_ONCE, drain } from './drain-run.js';
import { blockedBudgets, evictableOn } from './drain-pods.js';
import { cordonEdits, isCordoned, nodeRef } from './node.js';
import { countLimit } from './limits.js';
import { Duration, Name } from './parameters.js';
import { invert, type Change } from '../domain/change.js';
import { readyPodsOf, refuse } from './workload.js';

const MAX_DEADLINE = '2h';
/** The most that a policy may let go at once. */
const MOST_AT_ONCE = 32;
/** For the cordon before and the last replacements after. */
const MARGIN_S = 60;

/** Policy limits it reads: `allowEmptyDir` (data that is lost is given up), `parallel` (pods at once; default 5, at most 32). */
export const drainNode = defineAction({
  id: 'drain_node',
  summary: 'Cordon a node and evict its pods within a deadline, respecting every disruption budget.',
  tier: 3,
  targets: ['Node'],
  params: Type.Object({ node: Name, deadline: Duration }, { additionalProperties: false }),
  targetOf: ({ node }) => nodeRef(node),
  locate: ({ name }) => ({ node: name }),
  permissions: [
    { group: '', resource: 'nodes', verbs: ['patch'], scope: 'cluster' },
    { group: '', resource: 'pods', subresource: 'eviction', verbs: ['create'], scope: 'cluster' },
  ],
  undo: 'partial',
  timeoutS: 2 * 3600 + MARGIN_S,
  example: { node: 'worker-3', deadline: '30m' },

  applies: (object) => (isNodeReady(object) ? true : 'it is not Ready, evictions would hang; fence it instead'),

  plan(object, params, facts) {
    const { node, deadline } = params;
    if (durationMs(deadline) > durationMs(MAX_DEADLINE)) refuse('InvalidParams', `node ${node}: a deadline of ${deadline} is over ${MAX_DEADLINE}; choose less`);
    const pods = evictableOn(facts.world, node);
    checkDrain(object, pods, facts);
    const cordon: Change[] = isCordoned(object) ? [] : [{ op: 'edit', ref: nodeRef(node), uid: object.metadata.uid!, edits: cordonEdits(object, facts) }];
    const evictions: Change[] = pods.map((p) => ({ op: 'evict', ref: refOf(p), uid: p.metadata.uid! }));
    const deadlineS = durationMs(deadline) / 1000 + MARGIN_S;
    const blocked = blockedBudgets(facts.world, pods);
    return {
      changes: [...cordon, ...evictions],
      summary: `drain node ${node}: evict ${pods.length} pods${blocked.length ? ` (no disruption left in ${blocked.join(', ')})` : ''}`,
      undo: cordon.length
        ? { kind: 'partial', changes: cordon.map((c) => invert(c)!), note: 'evicted pods do not return to the node' }
        : { kind: 'none', why: 'the node was cordoned before us; evicted pods do not return' },
      parameters: { ...params, deadlineS, parallel: parallelIn(facts.limits), workloads: workloadsOf(facts.world, pods) },
      timeoutS: deadlineS,
    };
  },

  execute: (changes, context, params) => drain(changes, context, (params as { parallel?: number }).parallel),

  verify(world, params, { name }, { changes }) {
    const node = world.get('Node', undefined, name);
    if (!node) return { state: 'failed', detail: 'the node is gone' };
    if (!isCordoned(node)) return { state: 'waiting', detail: 'not unschedulable yet' };
    const pinned = new Set(changes.flatMap((c) => (c.op === 'evict' ? [c.uid] : [])));
    const left = [...pinned].filter((uid) => world.byUid(uid)).length;
    if (left > 0) return { state: 'waiting', detail: `${left} pods still to go` };
    const arrived = evictableOn(world, name).find((p) => !pinned.has(p.metadata.uid ?? ''));
    if (arrived) return { state: 'failed', detail: `pod ${arrived.metadata.namespace}/${arrived.metadata.name} came to the node after the plan; plan again` };
    return replacementsReady(world, (params as { workloads?: Evacuated[] }).workloads ?? []);
  },
});

const parallelIn = (limits: ActionPolicy): number => (limits.parallel === undefined ? AT_ONCE : countLimit(limits, 'parallel', MOST_AT_ONCE));

/** A workload that loses pods, and how many of its pods were Ready before. */
interface Evacuated {
  kind: string;
  namespace: string;
  name: string;
  ready: number;
}

function workloadsOf(world: World, pods: readonly KubeObject[]): Evacuated[] {
  const tops = new Map(pods.map((p) => world.topOwnerOf(p)).map((o) => [o.metadata.uid ?? o.metadata.name, o]));
  return [...tops.values()]
    .filter((o) => o.kind !== 'Pod')
    .map((o) => ({ kind: o.kind, namespace: o.metadata.namespace ?? '', name: o.metadata.name, ready: readyIn(world, o) }));
}

/** Pods on other nodes may be recorded without their owner: its own count is the better one. */
const readyIn = (world: World, owner: KubeObject): number => Math.max(readyPodsOf(world, owner).length, Number(owner.status?.readyReplicas ?? 0));

function replacementsReady(world: World, workloads: readonly Evacuated[]): Progress {
  const short = workloads.find((w) => {
    const object = world.get(w.kind, w.namespace, w.name);
    return object !== undefined && readyPodsOf(world, object).length < Math.min(w.ready, object.spec?.replicas ?? w.ready);
  });
  return short
    ? { state: 'waiting', detail: `replacements of ${short.kind.toLowerCase()} ${short.namespace}/${short.name} are not Ready yet` }
    : { state: 'reached', detail: 'no pod left to evict, replacements Ready' };
}
