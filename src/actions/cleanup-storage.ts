import { Type } from '@sinclair/typebox';
import { refOf, type KubeObject, type World } from '../domain/kube.js';
import { describeTarget } from '../domain/target.js';
import { defineAction, type ActionFacts, type Planned, type Progress } from './define.js';
import { leftoversIn, MAX_ITEMS } from './finished.js';
import { HOOK_CONFIG_MAP, hookFrom, hookReads, hooksIn, jobOf, jobProgress } from './hook-job.js';
import { countLimit, textLimit } from './limits.js';
import { Name, Namespace } from './parameters.js';
import { hasDiskPressure, pressureOfData, pressureOfObjects, type Pressure } from './pressure.js';
import { checkBackup } from './recent-backup.js';
import { refuse } from './workload.js';

const Mode = Type.Union([Type.Literal('finished_pods'), Type.Literal('finished_jobs'), Type.Literal('owner_hook')]);
const Kind = Type.Union([Type.Literal('Deployment'), Type.Literal('StatefulSet')]);

export const HOOK_KEY = 'job.json';

/**
 * Finished pods or Jobs of a namespace, or a Job that the owner of the namespace stored for that. Paths, commands and images are
 * never parameters. A hook may be about one workload (`workload`, `kind` defaults to Deployment) or about the namespace.
 *
 * Policy limits: `minAge` (default 1h), `maxItems` (at most 50), `hookConfigMap` (its key `job.json` holds a Job as JSON),
 * `needsBackup: false` (the hook touches no data worth a backup).
 */
export const cleanupStorage = defineAction({
  id: 'cleanup_storage',
  summary: 'Delete finished pods or Jobs of a namespace under pressure, or run the cleanup Job that its owner stored there.',
  tier: 3,
  targets: ['Namespace', 'Deployment', 'StatefulSet'],
  params: Type.Object({ namespace: Namespace, mode: Mode, workload: Type.Optional(Name), kind: Type.Optional(Kind) }, { additionalProperties: false }),
  targetOf: ({ namespace, workload, kind = 'Deployment' }) =>
    workload === undefined ? { apiVersion: 'v1', kind: 'Namespace', name: namespace } : { apiVersion: 'apps/v1', kind, namespace, name: workload },
  locate({ kind, namespace = '', name }): Record<string, string> {
    return kind === 'Namespace' ? { namespace: name } : { namespace, workload: name, kind };
  },
  permissions: [
    { group: '', resource: 'pods', verbs: ['delete'], scope: 'namespace' },
    { group: 'batch', resource: 'jobs', verbs: ['delete', 'create'], scope: 'namespace' },
    { group: '', resource: 'configmaps', verbs: ['get'], scope: 'namespace', names: [HOOK_CONFIG_MAP] },
  ],
  undo: { irreversible: 'what is deleted stays deleted; the manifests of deleted objects are kept in the evidence' },
  timeoutS: 900,
  example: { namespace: 'shop', mode: 'finished_jobs' },

  applies: () => true,

  plan(object, params, facts) {
    if (params.mode === 'owner_hook') return planHook(object, params.namespace, facts, params);
    if (params.workload !== undefined || params.kind !== undefined) refuse('InvalidParams', `cleanup in ${params.namespace}: ${params.mode} is about the whole namespace; leave the workload out`);
    return planDeletions(params.mode === 'finished_pods' ? 'Pod' : 'Job', params.namespace, facts, params);
  },

  reads: hookReads,

  verify(world, params, target, { changes }) {
    const { pressure } = params as { pressure?: Pressure };
    const open = changes.map((c) => progressOf(world, c)).find((p) => p.state !== 'reached');
    return open ?? relief(world, pressure, changes.length);
  },
});

function planDeletions(kind: 'Pod' | 'Job', namespace: string, facts: ActionFacts, params: object): Planned {
  const at = `namespace ${namespace}`;
  const pressure = pressureOfObjects(kind, namespace, facts);
  if (!pressure) return refuse('PreconditionChanged', `${at}: no quota of objects is used up and no node of its pods is under disk pressure; finished ${kind.toLowerCase()}s are evidence, leave them`);
  const minAge = textLimit(facts.limits, 'minAge') ?? '1h';
  const { chosen, more } = leftoversIn(facts.world, namespace, kind, { now: facts.now, minAge, atMost: countLimit(facts.limits, 'maxItems', MAX_ITEMS) });
  if (chosen.length === 0) return refuse('PreconditionChanged', `${at}: no ${kind.toLowerCase()} finished more than ${minAge} ago and is free to go; raise the quota, or free room otherwise`);
  return {
    changes: chosen.map((o) => ({ op: 'delete', ref: refOf(o), uid: o.metadata.uid! })),
    summary: `delete ${chosen.length} finished ${kind.toLowerCase()}s in ${at}${more > 0 ? ` (${more} more are left)` : ''}: ${namesOf(chosen)}; ${pressure.text}`,
    parameters: { ...params, pressure },
  };
}

const MOST_NAMES = 12;
const namesOf = (objects: readonly KubeObject[]): string =>
  objects.slice(0, MOST_NAMES).map((o) => o.metadata.name).join(', ') + (objects.length > MOST_NAMES ? `, and ${objects.length - MOST_NAMES} more` : '');

function planHook(object: KubeObject, namespace: string, facts: ActionFacts, params: object): Planned {
  const at = describeTarget(refOf(object));
  const hooks = hooksIn(namespace, facts);
  const text = hooks?.texts[HOOK_KEY];
  if (!hooks || text === undefined) return refuse('Unsupported', `${at}: no cleanup hook is registered; its owner stores a Job as JSON under ${HOOK_KEY} of a ConfigMap, and the policy names that (hookConfigMap)`);
  const hook = hookFrom(hooks.configMap, HOOK_KEY, text, at);
  const pressure = pressureOfData(object, facts);
  if (!pressure) return refuse('PreconditionChanged', `${at}: no volume is at least 85 % full and no node of its pods is under disk pressure; there is nothing to clean up for`);
  checkBackup(object, facts, at);
  const job = jobOf(hook, { name: `kb-${facts.action.hash}-cleanup`, namespace, action: 'cleanup_storage' });
  return {
    changes: [{ op: 'create', object: job }],
    summary: `run the cleanup hook of ConfigMap ${namespace}/${hooks.configMap} as job ${job.metadata.name} for ${at}; ${pressure.text}`,
    parameters: { ...params, pressure },
    timeoutS: hook.deadlineS + 120,
  };
}

function progressOf(world: World, change: Planned['changes'][number]): Progress {
  if (change.op === 'create') return jobProgress(world.get('Job', change.object.metadata.namespace, change.object.metadata.name), change.object.metadata.name);
  return change.op === 'delete' && world.byUid(change.uid) ? { state: 'waiting', detail: `${describeTarget(change.ref)} is still there` } : { state: 'reached', detail: 'gone' };
}

/** The work is done; did it help? Quotas free by themselves, and how full a volume is stands in its alert. */
function relief(world: World, pressure: Pressure | undefined, count: number): Progress {
  const isTight = pressure?.by === 'node' && hasDiskPressure(world.get('Node', undefined, pressure.name));
  return isTight ? { state: 'waiting', detail: `node ${pressure.name} is still under disk pressure` } : { state: 'reached', detail: `${count} done` };
}
