import { describe, expect, it } from '@jest/globals';
import { claimOf } from '../../test/support/actions/claims.js';
import { fullQuota, hookJob, hooks, jobOver, namespaceOf } from '../../test/support/actions/cleanup-storage.js';
import { fillingUp } from '../../test/support/actions/expand-pvc.js';
import { ACTION_ID, AN_HOUR_AGO, deploymentOf, factsOf, nodeOf, NOW, podOf, replicaSetOf, YESTERDAY } from '../../test/support/objects.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { shortHash } from '../domain/target.js';
import { cleanupStorage } from './cleanup-storage.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

const clean = (mode: 'finished_pods' | 'finished_jobs', objects: KubeObject[], limits: Record<string, unknown> = {}) =>
  cleanupStorage.plan(namespaceOf(), { namespace: 'shop', mode }, factsOf([namespaceOf(), ...objects], { limits }));
const namesIn = ({ changes }: ReturnType<typeof clean>): unknown[] => changes.map((c) => (c.op === 'delete' ? c.ref.name : c.op));

const cron: KubeObject = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly', namespace: 'shop', uid: 'uid-cronjob-nightly' } };
const workflow: KubeObject = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'w', namespace: 'shop', uid: 'uid-workflow-w' } };
const donePod = (name: string, owner: KubeObject | undefined, o: { finalizers?: string[]; phase?: string; endedAt?: string; node?: string } = {}): KubeObject => {
  const pod = podOf(name, { owner, phase: o.phase ?? 'Succeeded', isReady: false, node: o.node, status: { containerStatuses: [{ name: 'x', state: { terminated: { finishedAt: o.endedAt ?? YESTERDAY } } }] } });
  if (o.finalizers) pod.metadata.finalizers = o.finalizers;
  return pod;
};

describe('cleanup_storage of finished Jobs', () => {
  it('pins the old ones by uid, the oldest first, and keeps the newest of each owner', () => {
    const jobs = [
      jobOver('n1', '2026-02-26T12:00:00Z', { owner: cron }), jobOver('n2', '2026-02-27T12:00:00Z', { owner: cron }), jobOver('n3', YESTERDAY, { owner: cron }),
      jobOver('m1', '2026-02-25T12:00:00Z', { type: 'Failed' }), jobOver('m2', YESTERDAY),
    ];
    const planned = clean('finished_jobs', [fullQuota(), cron, ...jobs]);
    expect(planned.changes).toEqual(['m1', 'n1', 'n2'].map((name) => ({ op: 'delete', ref: { apiVersion: 'batch/v1', kind: 'Job', namespace: 'shop', name }, uid: `uid-job-${name}` })));
    expect(planned.summary).toBe('delete 3 finished jobs in namespace shop: m1, n1, n2; quota objects has 3 of 3 count/jobs.batch in use');
  });

  it.each([
    ['younger than an hour', jobOver('x', '2026-03-01T11:00:01Z')],
    ['running', jobOver('x', YESTERDAY, { type: 'Running' })],
    ['held by a finalizer', jobOver('x', YESTERDAY, { finalizers: ['a/b'] })],
    ['marked to be left alone', jobOver('x', YESTERDAY, { annotations: { 'kubernaut.io/ignore': 'true' } })],
    ['of an operator', jobOver('x', YESTERDAY, { owner: workflow })],
  ])('leaves one that is %s', (_what, job) => {
    expect(namesIn(clean('finished_jobs', [fullQuota(), jobOver('a', '2026-02-20T12:00:00Z'), job, jobOver('newest', '2026-03-01T11:30:00Z')]))).toEqual(['a']);
  });

  it('takes one that is an hour old to the second', () => {
    expect(namesIn(clean('finished_jobs', [fullQuota(), jobOver('a', AN_HOUR_AGO), jobOver('newest', NOW)]))).toEqual(['a']);
  });

  it.each([[{}, 50], [{ maxItems: 7 }, 7], [{ maxItems: 500 }, 50]])('takes no more than fifty, or what policy says: %j', (limits, count) => {
    const planned = clean('finished_jobs', [fullQuota(), ...Array.from({ length: 61 }, (_, n) => jobOver(`j${String(n)}`))], limits);
    expect(planned.changes).toHaveLength(count);
    expect(planned.summary).toContain(`(${60 - count} more are left)`);
  });
});

describe('cleanup_storage of finished pods', () => {
  it('keeps the pods of a Job that still works, and those a controller tracks', () => {
    const over = jobOver('over');
    const busy = jobOver('busy', YESTERDAY, { type: 'Running' });
    const set = replicaSetOf(deploymentOf(), 1);
    const pods = [
      donePod('over-1', over), donePod('over-2', over), donePod('over-3', over, { finalizers: ['batch.kubernetes.io/job-tracking'] }), donePod('over-4', over, { endedAt: AN_HOUR_AGO }),
      donePod('busy-1', busy), donePod('busy-2', busy), donePod('api-1', set, { phase: 'Failed' }), donePod('api-2', set, { phase: 'Failed', endedAt: AN_HOUR_AGO }), donePod('api-3', set, { phase: 'Running' }),
    ];
    expect(namesIn(clean('finished_pods', [fullQuota('count/pods'), over, busy, set, ...pods]))).toEqual(['api-1', 'over-1', 'over-2']);
  });

  it.each([
    ['a quota of running pods', [fullQuota('pods')]],
    ['a quota with room', [fullQuota('count/pods', '2')]],
    ['disk pressure elsewhere', [nodeOf('worker-9', { conditions: [{ type: 'DiskPressure', status: 'True' }] })]],
    ['none at all', []],
  ])('refuses when the pressure is %s', (_what, objects) => {
    expect(() => clean('finished_pods', [...objects, jobOver('over'), donePod('a', jobOver('over')), donePod('b', jobOver('over'))])).toThrow(code('PreconditionChanged'));
  });

  it('acts for a node under disk pressure that holds pods of the namespace, and waits for it', () => {
    const node = nodeOf('worker-1', { conditions: [{ type: 'DiskPressure', status: 'True' }] });
    const planned = clean('finished_pods', [node, jobOver('over'), donePod('a', jobOver('over')), donePod('b', jobOver('over'), { endedAt: AN_HOUR_AGO })]);
    expect(namesIn(planned)).toEqual(['a']);
    const judge = (objects: KubeObject[]) => cleanupStorage.verify(worldOf(objects), planned.parameters as never, { apiVersion: 'v1', kind: 'Namespace', name: 'shop' }, planned).state;
    expect([judge([node, donePod('a', undefined)]), judge([node]), judge([nodeOf('worker-1')])]).toEqual(['waiting', 'waiting', 'reached']);
  });
});

describe("cleanup_storage by the owner's hook", () => {
  const api = deploymentOf('api', { replicas: 1 });
  const set = replicaSetOf(api, 1, { available: 1 });
  const pod = podOf('api-1', { owner: set, spec: { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] } });
  const snapshot: KubeObject = { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: 's', namespace: 'shop' }, spec: { source: { persistentVolumeClaimName: 'data' } }, status: { readyToUse: true, creationTime: YESTERDAY.replace('12:00', '12:01') } };
  const scene = (text: string) => [api, set, pod, claimOf(), snapshot, hooks('shop', { 'job.json': text })];
  const run = (text: string, limits: Record<string, unknown> = {}, objects = scene(text)) =>
    cleanupStorage.plan(api, { namespace: 'shop', mode: 'owner_hook', workload: 'api' }, factsOf(objects, { limits: { hookConfigMap: 'kubernaut-hooks', ...limits }, problems: [fillingUp()] }));
  const jobIn = ({ changes }: ReturnType<typeof run>): KubeObject => (changes[0]?.op === 'create' ? changes[0].object : namespaceOf());

  it('makes the Job of the template, bounded, once, under our name', () => {
    const planned = run(hookJob('clean:1', { pod: { serviceAccountName: 'kubernaut-hook-clean', restartPolicy: 'OnFailure' } }));
    const labels = { 'app.kubernetes.io/managed-by': 'kubernaut', 'kubernaut.io/hook': 'kubernaut-hooks', 'kubernaut.io/action': 'cleanup_storage' };
    expect(jobIn(planned)).toEqual({
      apiVersion: 'batch/v1', kind: 'Job', metadata: { name: `kb-${shortHash(ACTION_ID)}-cleanup`, namespace: 'shop', labels },
      spec: {
        backoffLimit: 0, completions: 1, parallelism: 1, activeDeadlineSeconds: 120, ttlSecondsAfterFinished: 86_400,
        template: { metadata: { labels }, spec: { serviceAccountName: 'kubernaut-hook-clean', restartPolicy: 'Never', containers: [{ name: 'clean', image: 'clean:1', resources: { limits: { cpu: '1', memory: '512Mi' } } }] } },
      },
    });
    expect(planned).toMatchObject({ timeoutS: 240, summary: expect.stringContaining('claim data is 95 % full') });
  });

  it.each([[{}, 600], [{ activeDeadlineSeconds: 90_000 }, 3600], [{ activeDeadlineSeconds: -1 }, 3600], [{ activeDeadlineSeconds: 30 }, 30]])('ends by a deadline: %j', (spec, seconds) => {
    const text = JSON.stringify({ kind: 'Job', spec: { ...spec, template: { spec: { containers: [{ name: 'c', image: 'c' }] } } } });
    expect(jobIn(run(text)).spec.activeDeadlineSeconds).toBe(seconds);
  });

  it('keeps the limits that the owner wrote', () => {
    const text = hookJob('c', { pod: { containers: [{ name: 'c', image: 'c', resources: { limits: { memory: '64Mi' } } }] } });
    expect(jobIn(run(text)).spec.template.spec.containers[0].resources.limits).toEqual({ cpu: '1', memory: '64Mi' });
  });

  it('needs no backup where policy says that there is nothing to lose', () => {
    const bare = scene(hookJob('c')).filter((o) => o.kind !== 'VolumeSnapshot');
    expect(() => run('', {}, bare)).toThrow(code('PreconditionChanged'));
    expect(run('', { needsBackup: false }, bare).changes).toHaveLength(1);
  });

  it('reads the ConfigMap that policy names, in its own namespace, and nothing else', () => {
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'kubernaut-hooks' };
    const limits = { hookConfigMap: 'kubernaut-hooks' };
    expect(cleanupStorage.reads!(api, limits)).toEqual([ref]);
    expect(cleanupStorage.reads!(namespaceOf(), limits)).toEqual([ref]);
    expect([cleanupStorage.reads!(api, {}), cleanupStorage.reads!(nodeOf(), limits), cleanupStorage.reads!(api, { hookConfigMap: '../secrets/x' })]).toEqual([[], [], []]);
  });

  it.each([['Complete', 'reached'], ['Failed', 'failed'], ['Suspended', 'waiting']])('judges a Job that is %s', (type, state) => {
    const planned = run(hookJob('c'));
    const job = { ...jobIn(planned), status: { conditions: [{ type, status: 'True' }] } };
    expect(cleanupStorage.verify(worldOf([job]), planned.parameters as never, { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' }, planned)).toMatchObject({ state });
  });
});
