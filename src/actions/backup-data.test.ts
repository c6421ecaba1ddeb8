import { describe, expect, it } from '@jest/globals';
import { SNAPSHOT_APIS, snapshotClassOf } from '../../test/support/actions/backup-data.js';
import { claimOf, storageClassOf, volumeOf } from '../../test/support/actions/claims.js';
import { ACTION_ID, factsOf, NOW } from '../../test/support/objects.js';
import { shortHash } from '../domain/target.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { backupData } from './backup-data.js';

const NAME = `kb-${shortHash(ACTION_ID)}`;
const code = (expected: string) => expect.objectContaining({ code: expected });

interface Case {
  claim?: KubeObject;
  classes?: KubeObject[];
  others?: KubeObject[];
  limits?: Record<string, unknown>;
}

function plan({ claim = claimOf(), classes = [snapshotClassOf('a-other', { driver: 'other' }), snapshotClassOf('b-plain'), snapshotClassOf('c-default', { isDefault: true }), snapshotClassOf('d-kept', { deletionPolicy: 'Retain' })], others = [storageClassOf(), volumeOf()], limits }: Case = {}) {
  return backupData.plan(claim, { namespace: 'shop', pvc: 'data' }, factsOf([claim, ...classes, ...others], { apis: SNAPSHOT_APIS, limits }));
}

const classIn = ({ changes }: ReturnType<typeof plan>): unknown => (changes[0]?.op === 'create' ? changes[0].object.spec.volumeSnapshotClassName : undefined);

describe('backup_data of a claim', () => {
  it('creates one snapshot under our name, of the claim and its driver, and says what it is worth', () => {
    const planned = plan();
    expect(planned.changes).toEqual([
      {
        op: 'create',
        object: {
          apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot',
          metadata: { name: NAME, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'kubernaut' } },
          spec: { volumeSnapshotClassName: 'c-default', source: { persistentVolumeClaimName: 'data' } },
        },
      },
    ]);
    expect(planned.summary).toContain('crash-consistent only');
    expect(planned).not.toHaveProperty('expiresInS');
  });

  it.each([
    ['the default class of the driver', {}, 'c-default'],
    ['the first by name, where none is the default', { classes: [snapshotClassOf('z'), snapshotClassOf('y')] }, 'y'],
    ['one that keeps the data, where policy says Retain', { limits: { deletionPolicy: 'Retain' } }, 'd-kept'],
    ['the one that policy names', { limits: { class: 'b-plain' } }, 'b-plain'],
    ['the driver of the class, where the volume was not read', { others: [storageClassOf()] }, 'c-default'],
  ])('takes %s', (_what, given: Case, name) => {
    expect(classIn(plan(given))).toBe(name);
  });

  it('lets the retention of the policy remove it again', () => {
    expect(plan({ limits: { ttl: '72h' } }).expiresInS).toBe(72 * 3600);
  });

  it.each([['a count', { ttl: 7 }], ['no duration', { ttl: 'forever' }], ['a list', { class: ['a'] }]])('refuses a policy with %s', (_what, limits) => {
    expect(() => plan({ limits })).toThrow();
  });

  it.each([
    ['both are named', { namespace: 'shop', pvc: 'data', database: 'orders' }],
    ['neither is named', { namespace: 'shop' }],
  ])('refuses when %s', (_when, params) => {
    expect(() => backupData.plan(claimOf(), params, factsOf([claimOf()], { apis: SNAPSHOT_APIS }))).toThrow(code('InvalidParams'));
  });

  it.each([
    ['nothing is there yet', undefined, 'waiting'],
    ['the driver works', {}, 'waiting'],
    ['it is ready', { readyToUse: true, creationTime: '2026-03-01T12:00:00Z', restoreSize: '10Gi' }, 'reached'],
    ['the driver failed', { readyToUse: false, error: { message: 'out of space' } }, 'failed'],
    ['it is older than the action', { readyToUse: true, creationTime: '2026-03-01T11:59:59Z' }, 'failed'],
  ])('judges: %s', (_when, status, state) => {
    const { changes, parameters } = plan();
    const snapshot: KubeObject[] = status === undefined ? [] : [{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: NAME, namespace: 'shop' }, status }];
    expect(parameters).toMatchObject({ startedAt: NOW });
    expect(backupData.verify(worldOf(snapshot), parameters as never, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data' }, { changes })).toMatchObject({ state });
  });
});

describe('backup_data of a database', () => {
  const cluster = (spec: object): KubeObject => ({ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { name: 'orders', namespace: 'shop', uid: 'uid-cluster-orders' }, spec });
  const store = { barmanObjectStore: { destinationPath: 's3://backups' } };
  const plugins = [{ name: 'barman-cloud.cloudnative-pg.io', isWALArchiver: true }];
  const planned = (spec: object, limits: Record<string, unknown> = {}, apis = ['postgresql.cnpg.io/v1/Backup']) =>
    backupData.plan(cluster(spec), { namespace: 'shop', database: 'orders' }, factsOf([cluster(spec)], { apis, limits }));

  it.each([
    ['an object store', { backup: store }, {}, { method: 'barmanObjectStore' }],
    ['volume snapshots', { backup: { volumeSnapshot: { className: 'csi' } } }, {}, { method: 'volumeSnapshot' }],
    ['a plugin', { plugins }, {}, { method: 'plugin', pluginConfiguration: { name: 'barman-cloud.cloudnative-pg.io' } }],
    ['what policy chooses of several', { backup: { ...store, volumeSnapshot: {} } }, { method: 'volumeSnapshot' }, { method: 'volumeSnapshot' }],
  ])('asks its operator, by %s', (_what, spec, limits, expected) => {
    expect(planned(spec, limits).changes).toEqual([
      { op: 'create', object: { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Backup', metadata: { name: NAME, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'kubernaut' } }, spec: { cluster: { name: 'orders' }, ...expected } } },
    ]);
  });

  it('leaves the removal to the retention of the database', () => {
    expect(planned({ backup: store }, { ttl: '1h' })).toMatchObject({ undo: { kind: 'none' } });
    expect(planned({ backup: store }, { ttl: '1h' })).not.toHaveProperty('expiresInS');
  });

  it.each([
    ['nothing is configured', {}, {}, undefined],
    ['the plugin is switched off', { plugins: [{ ...plugins[0], enabled: false }] }, {}, undefined],
    ['policy wants another method', { backup: store }, { method: 'volumeSnapshot' }, undefined],
    ['the API is not served', { backup: store }, {}, []],
  ])('is unsupported when %s', (_when, spec, limits, apis) => {
    expect(() => planned(spec, limits, apis)).toThrow(code('Unsupported'));
  });

  it.each([['running', undefined, 'waiting'], ['completed', '2026-03-01T12:05:00Z', 'reached'], ['completed', '2026-03-01T11:05:00Z', 'failed'], ['failed', undefined, 'failed']])('judges phase %s of %s', (phase, stoppedAt, state) => {
    const { changes, parameters } = planned({ backup: store });
    const backup: KubeObject = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Backup', metadata: { name: NAME, namespace: 'shop' }, status: { phase, stoppedAt } };
    expect(backupData.verify(worldOf([backup]), parameters as never, { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', namespace: 'shop', name: 'orders' }, { changes })).toMatchObject({ state });
  });
});
