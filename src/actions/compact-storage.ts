import { Type } from '@sinclair/typebox';
import type { KubeObject } from '../domain/kube.js';
import { refOf } from '../domain/kube.js';
import { describeTarget } from '../domain/target.js';
import { adaptersFor, type CompactionAdapter } from './compaction-adapters.js';
import { checkCompaction, COMPACTS, orderedMembers } from './compaction-checks.js';
import { isWhole, runCompaction } from './compaction-run.js';
import { CNPG_API } from './database-backup.js';
import { defineAction, type ActionFacts } from './define.js';
import { hookFrom, hookReads, hooksIn, jobOf, jobProgress, type Hook } from './hook-job.js';
import { KindAndName, Namespace, refOfKindAndName, type KindTable } from './parameters.js';
import { refuse } from './workload.js';

const KINDS: KindTable = { StatefulSet: 'apps/v1', Deployment: 'apps/v1', Cluster: CNPG_API };

/**
 * Compaction by a Job that the owner of the data stored, of a product we know how to treat. Nothing of what runs is a parameter.
 *
 * Policy limits: `hookConfigMap` (its key `<adapter>.json` holds a Job), `needsBackup: false`, `window` (`22:00-04:00`, UTC).
 */
export const compactStorage = defineAction({
  id: 'compact_storage',
  summary: 'Compact a database or store that is known to us, one member after the other, by the Job that its owner stored.',
  tier: 3,
  targets: Object.keys(KINDS),
  params: Type.Object(
    { namespace: Namespace, target: KindAndName(KINDS, 'StatefulSet/etcd') },
    { additionalProperties: false },
  ),
  targetOf: ({ namespace, target }) => refOfKindAndName(KINDS, target, namespace),
  locate: ({ kind, namespace = '', name }) => ({ namespace, target: `${kind}/${name}` }),
  permissions: [{ group: 'batch', resource: 'jobs', verbs: ['create', 'get', 'delete'], scope: 'namespace' }],
  undo: { irreversible: 'the content is the same as before, so there is nothing to put back' },
  timeoutS: 3600,
  example: { namespace: 'shop', target: 'StatefulSet/etcd' },

  applies: (object) => (adaptersFor(object).length > 0 ? true : 'it is no product that has a compaction adapter; tell its owner'),

  plan(object, { namespace }, facts) {
    const at = describeTarget(refOf(object));
    const { adapter, hook } = chosen(object, namespace, facts, at);
    checkCompaction(adapter, hook, object, facts, at);
    const members = orderedMembers(adapter, object, facts, at);
    const jobs = adapter.runs === 'once' ? [jobFor(object, hook, facts)] : members.map((m, n) => jobFor(object, hook, facts, { member: m.metadata.name, n }));
    const order = adapter.runs === 'once' ? '' : `, one after the other: ${members.map((m) => m.metadata.name).join(', ')}`;
    return {
      changes: jobs.map((job) => ({ op: 'create', object: job })),
      summary: `${adapter.does} of ${at} by hook ${adapter.id} of ConfigMap ${namespace}/${hook.configMap}${order}`,
      timeoutS: jobs.length * (hook.deadlineS + 60) + 60,
    };
  },

  reads: hookReads,
  execute: runCompaction,

  verify(world, _params, _target, { changes }) {
    const jobs = changes.flatMap((c) => (c.op === 'create' ? [c.object] : []));
    const open = jobs.map((j) => jobProgress(world.get('Job', j.metadata.namespace, j.metadata.name), j.metadata.name)).find((p) => p.state !== 'reached');
    if (open) return open;
    return jobs.every((j) => isWhole(world, j)) ? { state: 'reached', detail: `${jobs.length} jobs completed, all members Ready` } : { state: 'waiting', detail: 'not all members are Ready' };
  },
});

/** The first way we know for this product that its owner stored a Job for. */
function chosen(object: KubeObject, namespace: string, facts: ActionFacts, at: string): { adapter: CompactionAdapter; hook: Hook } {
  const adapters = adaptersFor(object);
  if (adapters.length === 0) return refuse('Unsupported', `${at} is no product that has a compaction adapter; tell its owner`);
  const hooks = hooksIn(namespace, facts);
  const adapter = adapters.find((a) => hooks?.texts[keyOf(a)] !== undefined);
  if (!hooks || !adapter) {
    const keys = adapters.map(keyOf).join(' or ');
    return refuse('Unsupported', `${at}: no compaction hook is registered; its owner stores a Job as JSON under ${keys} of a ConfigMap, and the policy names that (hookConfigMap)`);
  }
  return { adapter, hook: hookFrom(hooks.configMap, keyOf(adapter), hooks.texts[keyOf(adapter)]!, at) };
}

const keyOf = ({ id }: CompactionAdapter): string => `${id}.json`;

function jobFor(owner: KubeObject, hook: Hook, { action }: ActionFacts, of?: { member: string; n: number }): KubeObject {
  const job = jobOf(hook, { name: `kb-${action.hash}${of ? `-${String(of.n)}` : ''}`, namespace: owner.metadata.namespace!, action: 'compact_storage', ...(of ? { member: of.member } : {}) });
  return { ...job, metadata: { ...job.metadata, annotations: { [COMPACTS]: `${owner.kind}/${owner.metadata.name}` } } };
}
