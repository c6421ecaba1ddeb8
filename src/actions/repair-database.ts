import { Type } from '@sinclair/typebox';
import type { Change } from '../domain/change.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { conditionOf, refOf, type KubeObject, type ObjectRef, type World } from '../domain/kube.js';
import { LABELS } from './cnpg.js';
import { databaseOf, databaseRef, DatabaseLocator, LAG_MAX_AGE, locateDatabase, readDatabase } from './database.js';
import { instanceOf, type DatabaseView, type Instance } from './database-view.js';
import { defineAction, type ActionFacts, type ExecuteContext, type Planned, type Progress } from './define.js';
import { durationMs } from '../domain/duration.js';
import { hookFrom, hookReads, hooksIn, jobOf } from './hook-job.js';
import { Name } from './parameters.js';
import { reinitialization } from './patroni.js';
import { checkReadable, checkReclone, cloneTimeS } from './repair-checks.js';
import { refuse } from './workload.js';

const Mode = Type.Union([Type.Literal('check'), Type.Literal('reclone_replica')]);
type Call = Extract<Change, { op: 'call' }>;

/**
 * `check`: the owner's own read-only Job (amcheck, checksums) gives a verdict. `reclone_replica`: the data of one replica is
 * thrown away and copied anew from the primary, by the operator's own way. Everything else is for a person.
 *
 * Policy limits: `hookConfigMap` (key `check.<cluster>.json` or `check.json` holds a Job as JSON), `backupMaxAge` (at most 24h),
 * `cloneRate` (MiB per second, 50).
 */
export const repairDatabase = defineAction({
  id: 'repair_database',
  summary: "Check a replicated PostgreSQL with its owner's read-only Job, or re-clone one of its replicas from the primary.",
  tier: 3,
  targets: ['Cluster', 'StatefulSet'],
  params: Type.Object({ ...DatabaseLocator, mode: Mode, member: Type.Optional(Name) }, { additionalProperties: false }),
  targetOf: (params) => databaseRef(params),
  locate: locateDatabase,
  permissions: [
    { group: 'batch', resource: 'jobs', verbs: ['create', 'get'], scope: 'namespace' },
    { group: '', resource: 'pods', verbs: ['delete'], scope: 'namespace' },
    { group: '', resource: 'persistentvolumeclaims', verbs: ['delete'], scope: 'namespace' },
  ],
  undo: { irreversible: 'a check changes nothing, and the data of a re-cloned replica is gone; the primary has it' },
  example: { namespace: 'shop', cluster: 'pg', mode: 'reclone_replica', member: 'pg-3' },

  applies: (object, { world, now }) => (readDatabase(object, world, { nowMs: Date.parse(now), lagMaxAgeMs: durationMs(LAG_MAX_AGE) }) ? true : 'Patroni does not lead it; choose another action'),

  plan(object, params, facts) {
    const view = databaseOf(object, facts, durationMs(LAG_MAX_AGE));
    if (params.mode === 'reclone_replica') return planReclone(view, params, facts);
    if (params.member !== undefined) refuse('InvalidParams', `${view.at}: a check is of the whole database; leave the member out`);
    return planCheck(object, view, facts);
  },

  reads: hookReads,

  async execute(changes, context, params) {
    for (const change of changes) {
      if (change.op === 'delete' && change.ref.kind === 'PersistentVolumeClaim') await assertStillReplica(change, context);
      await context.cluster.apply(change, { actionId: context.actionId, isDryRun: context.isDryRun });
      if (change.op === 'call') await untilLeft(change, context, params as object as Pinned);
    }
  },

  verify(world, params, target, { changes }) {
    const job = changes.find((c) => c.op === 'create');
    return job ? verdictOf(world.get('Job', target.namespace, job.object.metadata.name)) : recloneProgress(world, target, changes, params as object as Pinned);
  },
});

interface Pinned {
  member: string;
  memberUid: string;
  primary: string;
}

function planCheck(object: KubeObject, view: DatabaseView, facts: ActionFacts): Planned {
  const { namespace = '', name } = object.metadata;
  checkReadable(view);
  const hooks = hooksIn(namespace, facts);
  const key = [`check.${name}.json`, 'check.json'].find((k) => hooks?.texts[k] !== undefined);
  if (!hooks || key === undefined) return refuse('Unsupported', `${view.at}: no check is registered; its owner stores a read-only Job as JSON under check.json of a ConfigMap, and the policy names that (hookConfigMap)`);
  const hook = hookFrom(hooks.configMap, key, hooks.texts[key]!, view.at);
  const job = jobOf(hook, { name: `kb-${facts.action.hash}-check`, namespace, action: 'repair_database' });
  return {
    changes: [{ op: 'create', object: job }],
    summary: `check ${view.at} with hook ${key} of ConfigMap ${namespace}/${hooks.configMap} as job ${job.metadata.name}`,
    timeoutS: hook.deadlineS + 120,
  };
}

function planReclone(view: DatabaseView, params: { member?: string }, facts: ActionFacts): Planned {
  const { primary, member } = checkReclone(view, params.member, facts);
  const changes: Change[] = view.operator === 'cnpg' ? destruction(member) : [reinitialization(primary, member, facts.now)];
  return {
    changes,
    summary: `re-clone ${member.name} of ${view.at} from primary ${primary.name}; its data is thrown away`,
    parameters: { ...params, member: member.name, memberUid: member.pod!.metadata.uid!, primary: primary.name } satisfies Pinned & object,
    timeoutS: cloneTimeS(view, primary, facts),
    needsApproval: `the data of ${member.name} is thrown away for good`,
  };
}

/**
 * Claims first, which only marks them while the pod uses them: from then on nothing can start on the old data again. The other
 * way round the operator might start the instance anew before its claim is marked, and both would stay.
 */
const destruction = ({ claims, pod }: Instance): Change[] => [...claims, pod!].map((o) => ({ op: 'delete', ref: refOf(o), uid: o.metadata.uid! }));

/** A uid says which claim, not what it is worth by now: the replica may have become the primary while somebody thought about it. */
async function assertStillReplica({ ref, uid }: Extract<Change, { op: 'delete' }>, { cluster }: ExecuteContext): Promise<void> {
  const claim = await cluster.read(ref);
  if (claim?.metadata.uid !== uid || claim.metadata.deletionTimestamp) return;
  const { [LABELS.cluster]: name = '', [LABELS.instance]: instance } = claim.metadata.labels ?? {};
  const database = await cluster.read(databaseRef({ namespace: ref.namespace ?? '', cluster: name }));
  const problem = whyMayLead(instance, database?.status ?? {});
  if (problem) throw new KubernautError('PreconditionChanged', `cluster ${ref.namespace}/${name}: ${problem}, so the data of claim ${ref.name} stays; plan again`);
}

function whyMayLead(instance: string | undefined, { currentPrimary, targetPrimary }: { currentPrimary?: string; targetPrimary?: string }): string | undefined {
  if (currentPrimary === undefined || currentPrimary !== targetPrimary) return 'its primary is on the move';
  return instance === undefined || instance === currentPrimary ? `${currentPrimary} is its primary` : undefined;
}

/** How long Patroni's own note may still speak of the time before: a few turns of its loop. */
const LEAVES_WITHIN_MS = 60_000;

/** Until the member says that it does not follow any more; else its last words would pass for the new copy's. */
async function untilLeft({ ref }: Call, { cluster, signal }: ExecuteContext, { member }: Pinned): Promise<void> {
  const enough = new KubernautError('Internal', `${member} did not say that it left`);
  const timer = AbortSignal.timeout(LEAVES_WITHIN_MS);
  const stop = new AbortController();
  timer.addEventListener('abort', () => stop.abort(enough), { once: true });
  try {
    await cluster.waitFor((world) => {
      const pod = world.get('Pod', ref.namespace, ref.name);
      const owner = pod && world.topOwnerOf(pod);
      const view = owner && readDatabase(owner, world, { nowMs: 0, lagMaxAgeMs: 0 });
      return view && instanceOf(view, member)?.isHealthy ? undefined : true;
    }, AbortSignal.any([signal, stop.signal]));
  } catch (error) {
    // a small database is copied within one turn: then it never said so
    if (!(isKubernautError(error) && error === enough)) throw error;
  }
}

/** Whole again: as many Ready instances as wanted, none of them the old one, on the primary's timeline. */
function recloneProgress(world: World, { kind, namespace, name }: ObjectRef, changes: readonly Change[], { member, memberUid }: Pinned): Progress {
  const object = world.get(kind, namespace, name);
  const view = object && readDatabase(object, world, { nowMs: 0, lagMaxAgeMs: 0 });
  if (!view) return { state: 'failed', detail: 'the database is gone' };
  const old = changes.find((c) => c.op === 'delete' && world.byUid(c.uid) !== undefined);
  if (old) return { state: 'waiting', detail: `${member} is being removed` };
  if (view.operator === 'patroni') return patroniProgress(view, member);
  const following = view.instances.filter((i) => i.isReady && i.isHealthy && i.pod?.metadata.uid !== memberUid && i.timeline === view.primaryTimeline);
  const isWhole = view.isSettled && following.length >= view.wanted;
  return { state: isWhole ? 'reached' : 'waiting', detail: `${following.length} of ${view.wanted} instances are well` };
}

const CAUGHT_UP_BYTES = 1024 * 1024;

function patroniProgress(view: DatabaseView, name: string): Progress {
  const member = instanceOf(view, name);
  if (name === view.primary?.name) return { state: 'failed', detail: `${name} became the primary` };
  const isBack = member !== undefined && member.isReady && member.isHealthy && member.timeline === view.primaryTimeline && (member.lag?.bytes ?? Infinity) <= CAUGHT_UP_BYTES;
  return isBack ? { state: 'reached', detail: `${name} streams, ${member.lag!.bytes} bytes behind` } : { state: 'waiting', detail: `${name} does not stream yet` };
}

/** That the check found something is a verdict too. That it took too long is none. */
function verdictOf(job: KubeObject | undefined): Progress {
  const failed = conditionOf(job, 'Failed');
  if (conditionOf(job, 'Complete')?.status === 'True') return { state: 'reached', detail: 'the check found nothing wrong' };
  if (failed?.status !== 'True') return { state: 'waiting', detail: 'the check runs' };
  const isVerdict = failed.reason === 'BackoffLimitExceeded' || failed.reason === 'PodFailurePolicy';
  return isVerdict ? { state: 'reached', detail: `the check failed: read the log of job ${job!.metadata.name} before trusting this database` } : { state: 'failed', detail: `the check gave no verdict: ${failed.reason ?? 'no reason given'}` };
}
