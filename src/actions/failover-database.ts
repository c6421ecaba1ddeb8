import { Type } from '@sinclair/typebox';
import type { Change } from '../domain/change.js';
import { KubernautError } from '../domain/errors.js';
import type { KubeObject, ObjectRef, World } from '../domain/kube.js';
import type { Undo } from '../domain/plan.js';
import { demotion, promotion } from './cnpg.js';
import { databaseOf, databaseRef, DatabaseLocator, LAG_MAX_AGE, locateDatabase, readDatabase } from './database.js';
import { instanceOf, replicasOf, type DatabaseView, type Instance } from './database-view.js';
import { defineAction, type ActionFacts, type ExecuteContext, type Progress } from './define.js';
import { boundsOf, checkPrimary, chooseCandidate, problemOf, type Bounds } from './failover-checks.js';
import { durationMs } from '../domain/duration.js';
import { Name } from './parameters.js';
import { switchover } from './patroni.js';

/**
 * A planned switchover, never a forced failover: the operator moves the primary to one healthy replica, pinned by name.
 * A dead primary is its operator's own business.
 *
 * CloudNativePG publishes no lag in the cluster. It is read from annotation `kubernaut.io/replication` of the instance's pod, which
 * the owner's exporter writes; without it the answer is Unsupported. Patroni is asked itself, in the dry run and right before.
 *
 * Policy limits: `maxLagBytes` (at most 1 MiB), `maxLag` (at most 10s), `minInterval` (30m since the last choice of a primary),
 * `lagMaxAge` (60s), `allowUnknownLag: true` (a person may approve without that annotation).
 */
export const failoverDatabase = defineAction({
  id: 'failover_database',
  summary: 'Switch a replicated PostgreSQL (CloudNativePG or Patroni) over to one healthy replica.',
  tier: 3,
  targets: ['Cluster', 'StatefulSet'],
  params: Type.Object({ ...DatabaseLocator, candidate: Type.Optional(Name) }, { additionalProperties: false }),
  targetOf: (params) => databaseRef(params),
  locate: locateDatabase,
  // Patroni: no right in Kubernetes, but the network path and the credentials of its REST API
  permissions: [{ group: 'postgresql.cnpg.io', resource: 'clusters', subresource: 'status', verbs: ['get', 'patch'], scope: 'namespace' }],
  undo: 'partial',
  timeoutS: 600,
  example: { namespace: 'shop', cluster: 'pg', candidate: 'pg-2' },

  applies(object, facts) {
    const view = readDatabase(object, facts.world, { nowMs: Date.parse(facts.now), lagMaxAgeMs: durationMs(LAG_MAX_AGE) });
    if (!view) return 'Patroni does not lead it; choose another action';
    if (replicasOf(view).length === 0) return 'it has no replica to switch to';
    return view.busy ? `${view.busy}; wait until that is over` : true;
  },

  plan(object, params, facts) {
    const bounds = boundsOf(facts.limits);
    const view = databaseOf(object, facts, bounds.lagMaxAgeS * 1000);
    const primary = checkPrimary(view, bounds, Date.parse(facts.now));
    const candidate = chooseCandidate(view, params.candidate, bounds);
    const isUnknown = candidate.lag === undefined;
    return {
      changes: [changeOf(object, { view, primary, candidate, bounds }, facts)],
      undo: undoOf(object, { view, primary, candidate, bounds }),
      summary: `switch ${view.at} over from ${primary.name} to ${candidate.name}, ${isUnknown ? 'not knowing how far behind it is' : `${candidate.lag!.bytes} bytes behind`}`,
      parameters: { ...params, candidate: candidate.name, primary: primary.name, bounds } satisfies Pinned & object,
      ...(isUnknown ? { needsApproval: `nothing says how far behind ${candidate.name} is: transactions may be lost` } : {}),
    };
  },

  /** Time may have passed with an approval: the candidate must be fit at the moment of the write as well. */
  async execute(changes, context, params) {
    const [change] = changes;
    if (change?.op === 'edit') await assertStillFit(change, context, params as object as Pinned);
    if (change) await context.cluster.apply(change, { actionId: context.actionId, isDryRun: context.isDryRun });
  },

  verify(world, params, target) {
    return progressOf(world, target, params as object as Pinned);
  },

  readyToUndo(world, params, target) {
    return readyToSwitchBack(world, target, params as object as Pinned);
  },
});

interface Pinned {
  primary: string;
  candidate: string;
  bounds: Bounds;
}

interface Switch {
  view: DatabaseView;
  primary: Instance;
  candidate: Instance;
  bounds: Bounds;
}

const requestLimits = ({ lagBytes, lagS, minIntervalS }: Bounds) => ({ lagBytes, lagS, minIntervalS });

const editOf = ({ apiVersion, kind, metadata }: KubeObject, edits: Extract<Change, { op: 'edit' }>['edits']): Change => ({
  op: 'edit',
  ref: { apiVersion, kind, namespace: metadata.namespace, name: metadata.name },
  uid: metadata.uid!,
  edits,
  subresource: 'status',
});

const changeOf = (object: KubeObject, { view, primary, candidate, bounds }: Switch, { now }: ActionFacts): Change =>
  view.operator === 'cnpg' ? editOf(object, promotion(object, candidate.name, now)) : switchover(primary, candidate, requestLimits(bounds));

/** Not an exact inverse: transactions that were lost, if any, do not come back with the primary. */
const undoOf = (object: KubeObject, { view, primary, candidate, bounds }: Switch): Undo => ({
  kind: 'partial',
  changes: [view.operator === 'cnpg' ? editOf(object, demotion(primary.name, candidate.name)) : switchover(candidate, primary, requestLimits(bounds))],
  note: `switches back to ${primary.name} once it streams; lost transactions do not return`,
});

async function assertStillFit(change: Extract<Change, { op: 'edit' }>, { cluster }: ExecuteContext, { candidate, bounds }: Pinned): Promise<void> {
  const live = await cluster.read(change.ref);
  if (!live || live.status?.targetPrimary === candidate) return;
  const view = readDatabase(live, cluster.world(), { nowMs: Date.now(), lagMaxAgeMs: bounds.lagMaxAgeS * 1000 })!;
  const found = instanceOf(view, candidate);
  const problem = view.busy ?? (view.isSettled ? undefined : 'not all instances are well') ?? (found ? problemOf(view, found, bounds) : `it has no instance ${candidate}`);
  if (problem) throw new KubernautError('PreconditionChanged', `${view.at}: ${problem} since the plan was made; plan again`);
}

const NOTHING_NOTED = { nowMs: 0, lagMaxAgeMs: -1 };

function viewIn(world: World, { kind, namespace, name }: ObjectRef): { view?: DatabaseView; object?: KubeObject } {
  const object = world.get(kind, namespace, name);
  return object ? { object, view: readDatabase(object, world, NOTHING_NOTED) } : {};
}

/** Leads, is served by the write service, and somebody streams from it. Whether the old primary came back is told. */
function progressOf(world: World, target: ObjectRef, { primary, candidate }: Pinned): Progress {
  const { view } = viewIn(world, target);
  if (!view) return { state: 'failed', detail: 'the database is gone' };
  const leads = view.primary?.name ?? 'nobody';
  if (![candidate, primary, 'nobody'].includes(leads)) return { state: 'failed', detail: `${leads} leads instead of ${candidate}` };
  const isThere = leads === candidate && view.primary?.isReady === true && !view.isMoving;
  return isThere ? followersOf(view, primary, isServed(world, target, candidate)) : { state: 'waiting', detail: `${leads} leads` };
}

function followersOf(view: DatabaseView, old: string, isServing: boolean): Progress {
  const leads = view.primary!.name;
  if (!isServing) return { state: 'waiting', detail: `${leads} leads, its write service does not point to it yet` };
  const following = replicasOf(view).filter(isFollowing);
  const missing = following.some((i) => i.name === old) ? '' : `, ${old} has not come back`;
  return { state: following.length > 0 ? 'reached' : 'waiting', detail: `${leads} leads, ${following.length} of ${view.wanted - 1} replicas follow${missing}` };
}

const isFollowing = ({ isReady, isHealthy }: Instance): boolean => isReady && isHealthy;

/** By CloudNativePG's `-rw` service, where it is there: no other way to see from outside that writes arrive. */
function isServed(world: World, { kind, namespace, name }: ObjectRef, candidate: string): boolean {
  const service = kind === 'Cluster' ? world.get('Service', namespace, `${name}-rw`) : undefined;
  if (!service) return true;
  const slices = world.list('EndpointSlice', namespace).filter((s) => s.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name);
  const ready = slices.flatMap((s) => (s.endpoints ?? []) as { conditions?: { ready?: boolean }; targetRef?: { name?: string } }[]).filter((e) => e.conditions?.ready !== false);
  return ready.length > 0 && ready.every((e) => e.targetRef?.name === candidate);
}

/** The old primary streams again, or the primary is not ours any more (and then writing finds out that it drifted, or is done). */
function readyToSwitchBack(world: World, target: ObjectRef, { primary, candidate }: Pinned): Progress {
  const { view, object } = viewIn(world, target);
  if (!view) return { state: 'failed', detail: 'the database is gone' };
  const wanted: unknown = view.operator === 'cnpg' ? object?.status?.targetPrimary : view.primary?.name;
  if (wanted !== undefined && wanted !== candidate) return { state: 'reached', detail: `${String(wanted)} leads` };
  const problem = view.busy ?? notBack(view, instanceOf(view, primary));
  return problem ? { state: 'waiting', detail: `${primary} cannot lead again yet: ${problem}` } : { state: 'reached', detail: `${primary} streams again` };
}

function notBack({ primaryTimeline, isSettled }: DatabaseView, old: Instance | undefined): string | undefined {
  if (!old?.pod) return 'it has no pod';
  if (old.isFenced) return 'it is fenced';
  if (!isFollowing(old) || old.timeline !== primaryTimeline) return 'it does not stream';
  return isSettled ? undefined : 'not all instances are well';
}
