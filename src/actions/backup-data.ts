import { Type } from '@sinclair/typebox';
import { durationMs } from '../domain/duration.js';
import type { Undo } from '../domain/plan.js';
import { planSnapshot, SNAPSHOT_API, snapshotProgress, whyNoSnapshot } from './claim-snapshot.js';
import { backupProgress, CNPG_API, planDatabaseBackup } from './database-backup.js';
import { defineAction } from './define.js';
import { textLimit } from './limits.js';
import { Name, Namespace } from './parameters.js';
import { refuse } from './workload.js';

/** Base backups belong to the database's retention; we may not delete them (actions.md 3.3). */
const KEPT: Undo = { kind: 'none', why: 'the retention of the database removes its backups; deleting this one is not ours' };

/**
 * One claim as a VolumeSnapshot, or one database by its own operator. Where the copy goes is never a parameter.
 *
 * Policy limits: `class` (VolumeSnapshotClass), `deletionPolicy` (`Retain` before something destructive), `ttl` (after it our
 * snapshot is removed again; without it it stays), `method` (of a CloudNativePG backup, where its cluster has several).
 */
export const backupData = defineAction({
  id: 'backup_data',
  summary: 'Take a snapshot of one volume claim, or a backup of one database by its own operator.',
  tier: 1,
  targets: ['PersistentVolumeClaim', 'Cluster'],
  params: Type.Object({ namespace: Namespace, pvc: Type.Optional(Name), database: Type.Optional(Name) }, { additionalProperties: false }),
  targetOf: ({ namespace, pvc, database }) =>
    database === undefined ? { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: pvc ?? '' } : { apiVersion: CNPG_API, kind: 'Cluster', namespace, name: database },
  locate({ kind, namespace = '', name }): Record<string, string> {
    return kind === 'Cluster' ? { namespace, database: name } : { namespace, pvc: name };
  },
  permissions: [
    { group: 'snapshot.storage.k8s.io', resource: 'volumesnapshots', verbs: ['create', 'get', 'delete'], scope: 'namespace' },
    { group: 'postgresql.cnpg.io', resource: 'backups', verbs: ['create', 'get'], scope: 'namespace' },
  ],
  undo: 'exact',
  timeoutS: 1800,
  example: { namespace: 'shop', pvc: 'data-db-0' },

  applies: (object) => (object.kind === 'PersistentVolumeClaim' ? (whyNoSnapshot(object) ?? true) : true),

  plan(object, params, facts) {
    if ((params.pvc === undefined) === (params.database === undefined)) refuse('InvalidParams', `backup in ${params.namespace}: name either one pvc or one database`);
    const isDatabase = params.database !== undefined;
    const ttl = textLimit(facts.limits, 'ttl');
    return {
      ...(isDatabase ? planDatabaseBackup(object, facts) : planSnapshot(object, facts)),
      parameters: { ...params, startedAt: facts.now },
      ...(isDatabase ? { undo: KEPT } : {}),
      ...(ttl === undefined || isDatabase ? {} : { expiresInS: Math.ceil(durationMs(ttl) / 1000) }),
    };
  },

  verify(world, params, { namespace }, { changes }) {
    const { startedAt } = params as { startedAt?: string };
    const made = changes.flatMap((c) => (c.op === 'create' ? [c.object] : []))[0];
    const found = made && world.get(made.kind, namespace, made.metadata.name);
    return made?.apiVersion === SNAPSHOT_API ? snapshotProgress(found, startedAt ?? '') : backupProgress(found, startedAt ?? '');
  },
});
