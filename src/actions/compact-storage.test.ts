import { describe, expect, it } from '@jest/globals';
import { hookJob, hooks } from '../../test/support/actions/cleanup-storage.js';
import { defrag, ETCD_KEY, etcdOf } from '../../test/support/actions/compact-storage.js';
import { memoryCluster } from '../../test/support/memory-cluster.js';
import { ACTION_ID, factsOf, NOW, podOf, statefulSetOf, threeNodes } from '../../test/support/objects.js';
import type { Change } from '../domain/change.js';
import { KubernautError } from '../domain/errors.js';
import { refOf, worldOf, type KubeObject } from '../domain/kube.js';
import { shortHash } from '../domain/target.js';
import { compactStorage } from './compact-storage.js';
import { adaptersFor } from './compaction-adapters.js';

const H = shortHash(ACTION_ID);
const code = (expected: string) => expect.objectContaining({ code: expected });
const LIMITS = { hookConfigMap: 'kubernaut-hooks', needsBackup: false };

const plan = ([owner, ...rest]: KubeObject[], data: Record<string, string>, limits: Record<string, unknown> = LIMITS) =>
  compactStorage.plan(owner!, { namespace: 'shop', target: `${owner!.kind}/${owner!.metadata.name}` }, factsOf([owner!, ...rest, ...threeNodes(), hooks('shop', data)], { limits }));

const jobsIn = (changes: readonly Change[]): KubeObject[] => changes.flatMap((c) => (c.op === 'create' ? [c.object] : []));
const memberOf = (job: KubeObject): unknown => job.spec.template.spec.containers[0].env?.[0];

describe('compact_storage', () => {
  it('makes one Job per member, the leader last, each told which member it is for', () => {
    const { changes, summary } = plan(etcdOf(3), { [ETCD_KEY]: defrag() });
    expect(jobsIn(changes).map((j) => [j.metadata.name, memberOf(j)])).toEqual([
      [`kb-${H}-0`, { name: 'KUBERNAUT_MEMBER', value: 'etcd-1' }], [`kb-${H}-1`, { name: 'KUBERNAUT_MEMBER', value: 'etcd-2' }], [`kb-${H}-2`, { name: 'KUBERNAUT_MEMBER', value: 'etcd-0' }],
    ]);
    expect(summary).toBe('defragment etcd of statefulset shop/etcd by hook etcd-defragment of ConfigMap shop/kubernaut-hooks, one after the other: etcd-1, etcd-2, etcd-0');
    expect(jobsIn(changes)[0]).toMatchObject({ metadata: { annotations: { 'kubernaut.io/compacts': 'StatefulSet/etcd' } }, spec: { backoffLimit: 0, activeDeadlineSeconds: 120 } });
  });

  const postgres = (): KubeObject[] => {
    const set = statefulSetOf('db', { replicas: 1, image: 'registry.example:5000/library/postgres:17@sha256:0' });
    return [set, podOf('db-0', { owner: set })];
  };
  const psql = (...command: string[]): string => hookJob('x', { pod: { containers: [{ name: 'x', image: 'x', command }] } });

  it.each([
    ['postgres-vacuum-analyze.json', ['vacuumdb', '--all', '--analyze']],
    ['postgres-reindex-concurrently.json', ['sh', '-c', 'reindexdb --all --concurrently']],
  ])('takes the way of PostgreSQL that its owner stored: %s', (key, command) => {
    expect(jobsIn(plan(postgres(), { [key]: psql(...command) }).changes).map((j) => j.metadata.name)).toEqual([`kb-${H}`]);
  });

  it.each([
    ['vacuum full', 'postgres-vacuum-analyze.json', ['vacuumdb', '--full', '--all']],
    ['vacuum full, short', 'postgres-vacuum-analyze.json', ['vacuumdb', '-af']],
    ['vacuum full, in SQL', 'postgres-vacuum-analyze.json', ['psql', '-c', 'VACUUM (FULL, ANALYZE)']],
    ['reindex in a lock', 'postgres-reindex-concurrently.json', ['reindexdb', '--all']],
  ])('refuses %s, which locks everybody out', (_what, key, command) => {
    expect(() => plan(postgres(), { [key]: psql(...command) })).toThrow(code('PolicyDenied'));
  });

  it.each([
    ['StatefulSet', { 'app.kubernetes.io/name': 'prometheus' }, 'x', ['prometheus-clean-tombstones']],
    ['StatefulSet', {}, 'quay.io/prometheus/prometheus:v3', ['prometheus-clean-tombstones']],
    ['StatefulSet', {}, 'docker.elastic.co/elasticsearch/elasticsearch:9', ['elasticsearch-force-merge']],
    ['StatefulSet', {}, 'opensearchproject/opensearch:3', ['opensearch-force-merge']],
    ['StatefulSet', {}, 'shop/not-etcd:1', []],
    ['Cluster', {}, '', ['postgres-reindex-concurrently', 'postgres-vacuum-analyze']],
  ])('recognises %s %j %s', (kind, labels, image, ids) => {
    const owner: KubeObject = { apiVersion: 'x', kind, metadata: { name: 'x', labels }, spec: image ? { template: { spec: { containers: [{ image }] } } } : {} };
    expect(adaptersFor(owner).map((a) => a.id)).toEqual(ids);
    expect(compactStorage.applies(owner, factsOf([owner]))).toEqual(ids.length > 0 ? true : expect.stringContaining('no product'));
  });

  it.each([['11:00-13:00', true], ['22:00-12:01', true], ['13:00-11:00', false], ['12:00-12:01', true], ['11:00-12:00', false]])('keeps to the window %s at noon: %s', (window, isIn) => {
    const run = () => plan(etcdOf(), { [ETCD_KEY]: defrag() }, { ...LIMITS, window });
    if (isIn) expect(run().changes).toHaveLength(2);
    else expect(run).toThrow(code('PreconditionChanged'));
  });

  it('takes a completed backup of the database as its way back', () => {
    const cluster: KubeObject = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { name: 'orders', namespace: 'shop', uid: 'uid-cluster-orders' }, spec: { instances: 1 } };
    const backup = (stoppedAt: string): KubeObject => ({ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Backup', metadata: { name: 'b', namespace: 'shop' }, spec: { cluster: { name: 'orders' } }, status: { phase: 'completed', stoppedAt } });
    const run = (stoppedAt: string) => plan([cluster, podOf('orders-1', { owner: cluster }), backup(stoppedAt)], { 'postgres-vacuum-analyze.json': psql('vacuumdb') }, { hookConfigMap: 'kubernaut-hooks' });
    expect(run(NOW).changes).toHaveLength(1);
    expect(() => run('2026-02-27T12:00:00Z')).toThrow(code('PreconditionChanged'));
  });
});

describe('compact_storage at work', () => {
  const scene = etcdOf(2);
  const changes = plan(scene, { [ETCD_KEY]: defrag() }).changes;
  const ended = (job: KubeObject, type: string): KubeObject => ({ ...job, status: { conditions: [{ type, status: 'True', message: 'x' }] } });

  /** Jobs end as told as soon as they are made; a person withdraws nothing. */
  function cluster(endOf: (name: string) => string | undefined) {
    const memory = memoryCluster(scene);
    const asked: string[] = [];
    memory.apply = (change) => {
      const name = refOf((change as { object: KubeObject }).object).name;
      asked.push(`${change.op} ${name}`);
      const end = endOf(name);
      if (change.op === 'create') memory.set([...memory.objects, end ? ended(change.object, end) : change.object]);
      return Promise.resolve({ status: 'applied' });
    };
    return { memory, asked };
  }
  const run = ({ memory }: ReturnType<typeof cluster>, signal = AbortSignal.timeout(5000)) =>
    compactStorage.execute!(changes, { cluster: memory, actionId: ACTION_ID, signal, heartbeat: () => undefined, lastHeartbeat: undefined, isDryRun: false }, { namespace: 'shop', target: 'StatefulSet/etcd' });

  it('goes on to the next member when one is done', async () => {
    const stage = cluster(() => 'Complete');
    await run(stage);
    expect(stage.asked).toEqual([`create kb-${H}-0`, `create kb-${H}-1`]);
    expect(compactStorage.verify(stage.memory.world(), {} as never, refOf(scene[0]!), { changes })).toMatchObject({ state: 'reached' });
  });

  it('leaves the others alone when one fails', async () => {
    const stage = cluster(() => 'Failed');
    await expect(run(stage)).rejects.toEqual(code('ConvergeFailed'));
    expect(stage.asked).toEqual([`create kb-${H}-0`]);
  });

  it('waits until all members are Ready again, and stops what runs past its deadline', async () => {
    const late = new AbortController();
    const stage = cluster(() => undefined);
    const running = run(stage, late.signal);
    setTimeout(() => late.abort(new KubernautError('ConvergeFailed', 'not done in time')), 50);
    await expect(running).rejects.toEqual(code('ConvergeFailed'));
    expect(stage.asked).toEqual([`create kb-${H}-0`, `withdraw kb-${H}-0`]);
  });

  it('lets the Job run on when only this worker ends', async () => {
    const end = new AbortController();
    const stage = cluster(() => undefined);
    const running = run(stage, end.signal);
    setTimeout(() => end.abort(new Error('worker shutdown')), 50);
    await expect(running).rejects.toThrow('worker shutdown');
    expect(stage.asked).toEqual([`create kb-${H}-0`]);
  });

  it.each([['Complete', 1, 'waiting'], ['Failed', 2, 'failed'], ['Complete', 2, 'reached']])('judges %s Jobs with %i Ready members', (type, ready, state) => {
    const [set, ...pods] = scene as [KubeObject, ...KubeObject[]];
    const world = worldOf([set, ...pods.slice(0, ready), ...jobsIn(changes).map((j) => ended(j, type))]);
    expect(compactStorage.verify(world, {} as never, refOf(set), { changes })).toMatchObject({ state });
  });
});
