import { describe, expect, it } from '@jest/globals';
import { factsOf, hpaOf, nodeOf, pdbOf, podOf, quotaOf, statefulSetOf, threeNodes } from '../../test/support/objects.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { scaleStatefulset } from './scale-statefulset.js';

const refusal = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) });

const claimTemplate = (storageClassName?: string) => ({ metadata: { name: 'data' }, spec: { ...(storageClassName === undefined ? {} : { storageClassName }), accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
const storageClass = (name: string, more: { isDefault?: boolean; provisioner?: string } = {}): KubeObject => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name, annotations: more.isDefault ? { 'storageclass.kubernetes.io/is-default-class': 'true' } : {} }, provisioner: more.provisioner ?? 'disk.example.com',
});
const claim = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'shop', name }, status: { phase: 'Bound' } });
const volume = (storage: string, storageClassName = 'local'): KubeObject => ({
  apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' }, spec: { storageClassName, capacity: { storage }, accessModes: ['ReadWriteOnce'] }, status: { phase: 'Available' },
});

type Options = Parameters<typeof statefulSetOf>[1];
const withClaims = (o: Options & { whenScaled?: string; className?: string } = {}) =>
  statefulSetOf('db', { ...o, spec: { volumeClaimTemplates: [claimTemplate(o.className)], ...(o.whenScaled ? { persistentVolumeClaimRetentionPolicy: { whenScaled: o.whenScaled } } : {}), ...o.spec } });
const members = (count: number, o: { broken?: number; first?: number } = {}) =>
  Array.from({ length: count }, (_, n) => podOf(`db-${n + (o.first ?? 0)}`, { owner: statefulSetOf('db'), labels: { app: 'db' }, isReady: n !== o.broken }));
const ready = [...threeNodes(), ...members(2), storageClass('standard', { isDefault: true })];

const plan = (replicas: number, object: KubeObject, others: KubeObject[] = ready, limits = {}) =>
  scaleStatefulset.plan(object, { namespace: 'shop', name: 'db', replicas }, factsOf([object, ...others], { limits }));

describe('scale_statefulset', () => {
  it('pins the count before and after, one member up', () => {
    expect(plan(3, statefulSetOf('db'))).toEqual({
      changes: [{ op: 'scale', ref: { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'shop', name: 'db' }, uid: 'uid-statefulset-db', before: 2, after: 3 }],
      summary: 'scale statefulset shop/db 2 → 3',
      tier: 2,
    });
  });

  it('does nothing when the count is there already, even where a member is not Ready', () => {
    expect(plan(2, statefulSetOf('db'), [...threeNodes(), ...members(2, { broken: 0 })]).changes).toEqual([]);
  });

  it('asks a person before a member goes, and can bring it back with its claims', () => {
    const planned = plan(1, withClaims());
    expect(planned.tier).toBe(3);
    expect(planned.undo).toBeUndefined();
  });

  it('lets a broken highest member go', () => {
    expect(plan(1, statefulSetOf('db'), [...threeNodes(), ...members(2, { broken: 1 })]).changes).toHaveLength(1);
  });

  it('names the claims that an undo leaves behind', () => {
    expect(plan(3, withClaims())).toMatchObject({
      summary: 'scale statefulset shop/db 2 → 3; an undo leaves data-db-2 behind as an orphan',
      undo: { kind: 'partial', changes: [{ op: 'scale', before: 3, after: 2 }], note: expect.stringContaining('data-db-2') },
    });
  });

  it('says that a new member takes up the data of an earlier one, and asks for no new storage', () => {
    const planned = plan(3, withClaims({ className: 'gone' }), [...threeNodes(), ...members(2), claim('data-db-2')]);
    expect(planned.summary).toMatch(/takes up the data of data-db-2/);
  });

  it('offers no undo of growth where that would delete what the new member wrote', () => {
    expect(plan(3, withClaims({ whenScaled: 'Delete' })).undo).toEqual({ kind: 'none', why: expect.stringMatching(/would delete data-db-2/) });
  });

  it('counts ordinals from where the set starts', () => {
    const set = withClaims({ spec: { ordinals: { start: 5 } } });
    expect(plan(3, set, [...threeNodes(), ...members(2, { first: 5 }), storageClass('standard', { isDefault: true })]).summary).toMatch(/data-db-7/);
    expect(() => plan(3, set)).toThrow(refusal('PreconditionChanged', /db-5 is not Ready/));
  });

  it('takes a volume made by hand where nothing provisions', () => {
    const local = storageClass('local', { provisioner: 'kubernetes.io/no-provisioner' });
    expect(plan(3, withClaims({ className: 'local' }), [...threeNodes(), ...members(2), local, volume('2Gi')]).changes).toHaveLength(1);
    expect(() => plan(3, withClaims({ className: 'local' }), [...threeNodes(), ...members(2), local, volume('500Mi')])).toThrow(refusal('PreconditionChanged', /none that fits is Available/));
  });

  const noClass = [...threeNodes(), ...members(2)];
  const owner = { apiVersion: 'kafka.strimzi.io/v1beta2', kind: 'Kafka', name: 'k', uid: 'k' };
  const owned = statefulSetOf('db');
  owned.metadata.ownerReferences = [owner];
  const labelled = (labels: Record<string, string>) => statefulSetOf('db', { labels });
  const updating = (spec = {}) => statefulSetOf('db', { status: { updateRevision: 'b' }, spec });

  it.each<[string, number, KubeObject, KubeObject[], object, string, RegExp]>([
    ['a custom resource owns it', 3, owned, ready, {}, 'PreconditionChanged', /run by Kafka k; scale that resource/],
    ['its label names an operator', 3, labelled({ 'app.kubernetes.io/managed-by': 'prometheus-operator' }), ready, {}, 'PreconditionChanged', /run by prometheus-operator/],
    ['it is Elastic', 3, labelled({ 'common.k8s.elastic.co/type': 'elasticsearch' }), ready, {}, 'PreconditionChanged', /operator that set common\.k8s\.elastic\.co/],
    ['it is a Patroni cluster', 3, labelled({ application: 'spilo' }), ready, {}, 'PreconditionChanged', /PostgreSQL operator/],
    ['an autoscaler owns the replicas', 3, statefulSetOf('db'), [...ready, { ...hpaOf(), spec: { scaleTargetRef: { kind: 'StatefulSet', name: 'db' } } }], {}, 'PreconditionChanged', /use update_hpa/],
    ['it is two members up', 4, statefulSetOf('db'), ready, {}, 'InvalidParams', /choose 3/],
    ['it is two members down', 1, statefulSetOf('db', { replicas: 3 }), ready, {}, 'InvalidParams', /choose 2/],
    ['an update is in progress', 3, updating(), ready, {}, 'PreconditionChanged', /update from a to b/],
    ['a partitioned update is in progress', 3, updating({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } }), ready, {}, 'PreconditionChanged', /partition 1/],
    ['its spec was not observed', 3, statefulSetOf('db', { status: { observedGeneration: 0 } }), ready, {}, 'PreconditionChanged', /not seen the newest spec/],
    ['a lower ordinal is not Ready', 3, statefulSetOf('db'), [...threeNodes(), ...members(2, { broken: 0 })], {}, 'PreconditionChanged', /db-0 is not Ready/],
    ['a lower ordinal is not there', 3, statefulSetOf('db'), [...threeNodes(), ...members(1)], {}, 'PreconditionChanged', /db-1 is not Ready/],
    ['a member below the one that goes is not Ready', 1, statefulSetOf('db'), [...threeNodes(), ...members(2, { broken: 0 })], {}, 'PreconditionChanged', /db-0 is not Ready/],
    ['it is over the cap of the policy', 3, statefulSetOf('db'), ready, { maxReplicas: 2 }, 'InvalidParams', /over the cap of 2/],
    ['no node has room', 3, statefulSetOf('db', { resources: { requests: { memory: '7Gi' } } }), [nodeOf('worker-1', { allocatable: { memory: '1Gi' } }), ...members(2)], {}, 'PreconditionChanged', /room for 0 more pods/],
    ['a quota counts its pods out', 3, statefulSetOf('db'), [...ready, quotaOf({ pods: '2' }, { pods: '2' })], {}, 'QuotaExceeded', /pods/],
    ['no class is named and none is the default', 3, withClaims(), noClass, {}, 'PreconditionChanged', /no default one/],
    ['its class does not exist', 3, withClaims({ className: 'fast' }), ready, {}, 'PreconditionChanged', /storage class fast does not exist/],
    ['it wants volumes made by hand and none is there', 3, withClaims({ className: '' }), ready, {}, 'PreconditionChanged', /nothing provisions/],
    ['a quota has no storage left', 3, withClaims(), [...ready, quotaOf({ 'requests.storage': '2Gi' }, { 'requests.storage': '2Gi' })], {}, 'QuotaExceeded', /requests\.storage/],
    ['a quota of its class is used up', 3, withClaims(), [...ready, quotaOf({ 'standard.storageclass.storage.k8s.io/persistentvolumeclaims': '2' }, { 'standard.storageclass.storage.k8s.io/persistentvolumeclaims': '2' })], {}, 'QuotaExceeded', /standard\.storageclass/],
    ['a LimitRange allows smaller claims only', 3, withClaims(), [...ready, { apiVersion: 'v1', kind: 'LimitRange', metadata: { namespace: 'shop', name: 'l' }, spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '500Mi' } }] } }], {}, 'QuotaExceeded', /at most 500Mi/],
    ['the claims of the removed member would be deleted', 1, withClaims({ whenScaled: 'Delete' }), ready, {}, 'PreconditionChanged', /data-db-1 would be lost/],
    ['a budget needs more members', 1, statefulSetOf('db'), [...ready, pdbOf('db', { minAvailable: 2 })], {}, 'PreconditionChanged', /needs 2 pods/],
    ['the policy knows a minimum', 1, statefulSetOf('db'), ready, { minReplicas: 2 }, 'InvalidParams', /under the minimum of 2/],
  ])('refuses when %s', (_why, replicas, object, others, limits, code, message) => {
    expect(() => plan(replicas, object, others, limits)).toThrow(refusal(code, message));
  });

  it('is not offered for what an operator or an autoscaler scales', () => {
    expect(scaleStatefulset.applies(owned, factsOf([owned]))).toMatch(/Kafka/);
    const scaler = { ...hpaOf(), spec: { scaleTargetRef: { kind: 'StatefulSet', name: 'db' } } };
    expect(scaleStatefulset.applies(statefulSetOf('db'), factsOf([statefulSetOf('db'), scaler]))).toMatch(/owns its replicas/);
    expect(scaleStatefulset.applies(statefulSetOf('db'), factsOf([statefulSetOf('db')]))).toBe(true);
  });

  it.each([
    ['waits while a member is not Ready', { readyReplicas: 2, replicas: 3 }, 3, 'waiting'],
    ['waits while a removed member is still there', { readyReplicas: 3, replicas: 4 }, 3, 'waiting'],
    ['waits while the controller has not looked', { readyReplicas: 3, replicas: 3, observedGeneration: 0 }, 3, 'waiting'],
    ['waits while the cache shows the old count', { readyReplicas: 3, replicas: 3 }, 2, 'waiting'],
    ['waits while members are of two revisions', { readyReplicas: 3, replicas: 3, updateRevision: 'b' }, 3, 'waiting'],
    ['is reached when exactly so many are Ready, of one revision', { readyReplicas: 3, replicas: 3 }, 3, 'reached'],
  ])('%s', (_what, status, inSpec, state) => {
    const params = { namespace: 'shop', name: 'db', replicas: 3 };
    const world = worldOf([statefulSetOf('db', { replicas: inSpec, status })]);
    expect(scaleStatefulset.verify(world, params, scaleStatefulset.targetOf(params), { changes: [] }).state).toBe(state);
  });

  it('fails when the set is gone', () => {
    const params = { namespace: 'shop', name: 'db', replicas: 3 };
    expect(scaleStatefulset.verify(worldOf([]), params, scaleStatefulset.targetOf(params), { changes: [] }).state).toBe('failed');
  });
});
