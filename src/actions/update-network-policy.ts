import { Type, type Static } from '@sinclair/typebox';
import type { Change } from '../domain/change.js';
import { durationMs } from '../domain/duration.js';
import { KubernautError } from '../domain/errors.js';
import { isPodReady, type KubeObject, type ObjectRef, type World } from '../domain/kube.js';
import type { Direction } from '../domain/network-policy.js';
import { isSameObject } from '../domain/target.js';
import { defineAction, type ActionFacts } from './define.js';
import { allowance, blockedBy, blockedSides, livePodsOf, subjectOf, unisolatedPod, type WantedFlow } from './network-flow.js';
import { checkEnds, checkIsolation, checkTarget, checkWitness, nameOfWorkload } from './network-policy-checks.js';
import { Duration, KindAndName, Namespace, refOfKindAndName, type KindTable } from './parameters.js';
import { refuse } from './workload.js';

const KINDS: KindTable = { Deployment: 'apps/v1', StatefulSet: 'apps/v1', DaemonSet: 'apps/v1' };

const Workload = KindAndName(KINDS, 'Deployment/api');

const Params = Type.Object(
  {
    namespace: Namespace,
    from: Workload,
    to: Workload,
    fromNamespace: Type.Optional(Namespace),
    port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'of the destination pods, not of a Service' }),
    protocol: Type.Union([Type.Literal('TCP'), Type.Literal('UDP'), Type.Literal('SCTP')]),
    ttl: Duration,
  },
  { additionalProperties: false },
);
type Params = Static<typeof Params>;

/** `namespace` is where `to` is; `from` is there too unless `fromNamespace` says otherwise. */
const endsOf = (p: Params): { from: ObjectRef; to: ObjectRef } => ({
  from: refOfKindAndName(KINDS, p.from, p.fromNamespace ?? p.namespace),
  to: refOfKindAndName(KINDS, p.to, p.namespace),
});

/**
 * Adds a narrow allow policy of our own, and takes it away after `ttl`; policies of others are never touched, and name
 * resolution is not part of what is allowed.
 *
 * The step is about the workload that is isolated: `to` (ingress) unless the proposal is about `from` (egress).
 * Policy limits it reads: `enforcesNetworkPolicy` (false: refused), `maxPods` (of either end, default 50).
 */
export const updateNetworkPolicy = defineAction({
  id: 'update_network_policy',
  summary: 'Let one workload reach one port of another for a while, where existing policies cut them off; no policy of others is changed.',
  tier: 3,
  targets: Object.keys(KINDS),
  params: Params,
  targetOf(params, asked): ObjectRef {
    const { from, to } = endsOf(params);
    return asked && isSameObject(asked, from) ? from : to;
  },
  locate: ({ kind, namespace = '', name }) => ({ namespace, to: `${kind}/${name}` }),
  permissions: [
    { group: 'networking.k8s.io', resource: 'networkpolicies', verbs: ['create', 'delete'], scope: 'namespace' },
  ],
  undo: 'exact',
  /** A crash loop's back-off may be five minutes long. */
  timeoutS: 600,
  example: { namespace: 'shop', from: 'Deployment/api', to: 'StatefulSet/db', port: 5432, protocol: 'TCP', ttl: '24h' },

  applies: (object) => (Object.keys(object.spec?.selector?.matchLabels ?? {}).length > 0 ? true : 'its selector names no labels; a person must write a policy'),

  plan(object, params, facts) {
    const flow = flowOf(params, facts.world);
    checkEnds(flow, params.ttl, facts);
    const told = `${nameOfWorkload(flow.from)} to ${params.protocol} ${params.port} of ${nameOfWorkload(flow.to)}`;
    const sides = blockedSides(facts.world, flow);
    if (sides.length === 0) return { changes: [], summary: `no policy stands between ${told}` };
    checkTarget(object, flow, sides);
    checkIsolation(flow, sides, facts);
    const witness = checkWitness(flow, facts);
    const crossing = flow.from.metadata.namespace === flow.to.metadata.namespace ? {} : { needsApproval: `it connects namespaces ${flow.from.metadata.namespace} and ${flow.to.metadata.namespace}` };
    return {
      changes: sides.map((side): Change => ({ op: 'create', object: allowance(flow, side, metadataOf(sides, side, params, facts)) })),
      summary: `allow ${told} (${sides.join(' and ').toLowerCase()}) for ${params.ttl}, cut by NetworkPolicy ${blockers(facts.world, flow, sides)}`,
      parameters: { ...params, sides, witness: `${witness.from}: ${witness.quote}`, wasReady: areReady(facts.world, flow.from) } satisfies Pinned & object,
      expiresInS: durationMs(params.ttl) / 1000,
      ...crossing,
    };
  },

  async execute(changes, { cluster, actionId, isDryRun }, params) {
    checkAgain(cluster.world(), params, changes);
    for (const change of changes) await cluster.apply(change, { actionId, isDryRun });
  },

  verify(world, params, _target, { changes }) {
    const missing = changes.find((c) => c.op === 'create' && !policyOf(world, c.object));
    if (missing) return { state: 'waiting', detail: 'our policy is not there yet' };
    const flow = flowOf(params, world);
    const alone = loneSide(world, flow, changes);
    if (alone) return { state: 'failed', detail: `our policy is the only one left for ${alone.toLowerCase()} and cuts everything else off` };
    const still = blockedSides(world, flow);
    if (still.length > 0) return { state: 'waiting', detail: `the flow is still cut for ${still.join(' and ').toLowerCase()}` };
    const wasReady = (params as Partial<Pinned>).wasReady ?? true;
    if (wasReady || areReady(world, flow.from)) return { state: 'reached', detail: wasReady ? 'the flow is open' : `the flow is open, ${nameOfWorkload(flow.from)} is Ready again` };
    return { state: 'waiting', detail: `the flow is open, ${nameOfWorkload(flow.from)} is not Ready yet` };
  },
});

interface Pinned {
  sides: Direction[];
  /** Who says that the flow is missed. */
  witness: string;
  /** All pods of the source were Ready when it was planned: then their becoming so proves nothing. */
  wasReady: boolean;
}

function flowOf(params: Params, world: World): WantedFlow {
  const found = (ref: ObjectRef): KubeObject =>
    world.get(ref.kind, ref.namespace, ref.name) ?? refuse('NotGrounded', `${ref.kind.toLowerCase()} ${ref.namespace}/${ref.name} was not read for this remediation; name a workload from the evidence`);
  const { from, to } = endsOf(params);
  return { from: found(from), to: found(to), port: params.port, protocol: params.protocol };
}

function metadataOf(sides: readonly Direction[], side: Direction, params: Params, { action, now }: ActionFacts): KubeObject['metadata'] {
  return {
    name: `kb-${action.hash}-allow${sides.length > 1 ? `-${side.toLowerCase()}` : ''}`,
    labels: { 'app.kubernetes.io/managed-by': 'kubernaut' },
    annotations: { 'kubernaut.io/expires-at': new Date(Date.parse(now) + durationMs(params.ttl)).toISOString() },
  };
}

const blockers = (world: World, flow: WantedFlow, sides: readonly Direction[]): string =>
  [...new Set(sides.flatMap((side) => blockedBy(world, flow, side)).map((p) => p.metadata.name))].slice(0, 3).join(', ');

const areReady = (world: World, workload: KubeObject): boolean => {
  const pods = livePodsOf(world, workload);
  return pods.length > 0 && pods.length >= Number(workload.spec?.replicas ?? 1) && pods.every(isPodReady);
};

const policyOf = (world: World, o: KubeObject): KubeObject | undefined => world.get('NetworkPolicy', o.metadata.namespace, o.metadata.name);

/** Those whose policies isolated the pods may take them away while ours stands. */
function loneSide(world: World, flow: WantedFlow, changes: readonly Change[]): Direction | undefined {
  const own = changes.flatMap((c) => (c.op === 'create' ? [c.object] : []));
  const sides = own.flatMap((o) => o.spec.policyTypes as Direction[]);
  return sides.find((side) => unisolatedPod(world, flow, side, own.map((o) => o.metadata.name)));
}

/**
 * Hours may lie between plan and approval. What has opened by itself needs no allowance, and where the isolation is gone ours
 * would be the only one left. An attempt that goes on after a crash finds its own policies and is not asked again.
 */
function checkAgain(world: World, params: Params, changes: readonly Change[]): void {
  const own = changes.flatMap((c) => (c.op === 'create' ? [c.object] : []));
  if (own.length === 0 || own.some((o) => policyOf(world, o))) return;
  const flow = flowOf(params, world);
  const sides = (params as Params & Pinned).sides;
  if (blockedSides(world, flow).length === 0) throw new KubernautError('AlreadyRemediated', `no policy stands between ${nameOfWorkload(flow.from)} and ${nameOfWorkload(flow.to)} any more; nothing is written`);
  const open = sides.find((side) => unisolatedPod(world, flow, side));
  if (open) throw new KubernautError('PreconditionChanged', `${nameOfWorkload(subjectOf(flow, open))} is no longer isolated for ${open.toLowerCase()}: our policy would cut it off from everything else; plan again`);
}
