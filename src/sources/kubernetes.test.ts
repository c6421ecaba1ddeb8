import { describe, expect, it } from '@jest/globals';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { kubernetes, signalsIn } from './kubernetes.js';

const NOW = '2030-01-01T12:00:00.000Z';
const ago = (minutes: number): string => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
const object = (kind: string, name: string, more: Partial<KubeObject> & { created?: number; namespace?: string | null } = {}): KubeObject => {
  const { created = 60, namespace = 'shop', metadata, ...rest } = more;
  return { apiVersion: 'v1', kind, ...rest, metadata: { name, uid: `uid-${name}`, creationTimestamp: ago(created), ...(namespace === null ? {} : { namespace }), ...metadata } };
};
const condition = (type: string, status: string, minutes: number, more: object = {}) => ({ type, status, lastTransitionTime: ago(minutes), ...more });
const pod = (container: object, more: Partial<KubeObject> & { conditions?: object[] } = {}): KubeObject => {
  const { conditions = [], ...rest } = more;
  return object('Pod', 'api-1', { status: { phase: 'Running', startTime: ago(60), containerStatuses: [{ name: 'api', restartCount: 0, ready: false, ...container }], conditions }, ...rest });
};
const terminated = (minutes: number, more: object = {}) => ({ terminated: { exitCode: 1, reason: 'Error', finishedAt: ago(minutes), ...more } });
const waiting = (reason: string) => ({ waiting: { reason, message: 'so it says' } });
const found = (...objects: KubeObject[]) => signalsIn(worldOf(objects), { cluster: 'prod', receivedAt: NOW });
const alerts = (...objects: KubeObject[]): string[] => found(...objects).map((s) => `${s.alert} ${Math.round((Date.parse(NOW) - Date.parse(s.startsAt)) / 60_000)}m`);

describe('a pod', () => {
  it.each<[string, KubeObject, string[]]>([
    ['that runs', pod({ ready: true, state: { running: {} } }, { conditions: [condition('Ready', 'True', 30)] }), []],
    ['in back-off', pod({ restartCount: 4, state: waiting('CrashLoopBackOff'), lastState: terminated(2) }), ['KubePodCrashLooping 2m']],
    ['up between two crashes', pod({ ready: true, restartCount: 4, state: { running: {} }, lastState: terminated(2) }), ['KubePodCrashLooping 2m']],
    ['up for longer than any back-off', pod({ ready: true, restartCount: 4, state: { running: {} }, lastState: terminated(6) }), []],
    ['that crashed once', pod({ ready: true, restartCount: 1, state: { running: {} }, lastState: terminated(1) }), []],
    ['that ends well again and again', pod({ restartCount: 9, state: { running: {} }, lastState: terminated(1, { exitCode: 0, reason: 'Completed' }) }), []],
    ['killed for memory', pod({ restartCount: 3, state: waiting('CrashLoopBackOff'), lastState: terminated(1, { exitCode: 137, reason: 'OOMKilled' }) }), ['KubeContainerOOMKilled 1m']],
    ['that cannot pull its image', pod({ state: waiting('ImagePullBackOff') }, { conditions: [condition('ContainersReady', 'False', 3)] }), ['KubeContainerWaiting 3m']],
    ['that may still pull it', pod({ state: waiting('ErrImagePull') }, { conditions: [condition('ContainersReady', 'False', 0.5)] }), []],
    ['that is being created', pod({ state: waiting('ContainerCreating') }, { conditions: [condition('ContainersReady', 'False', 3)] }), []],
    ['without a place', pod({}, { conditions: [condition('PodScheduled', 'False', 2, { reason: 'Unschedulable', message: 'Insufficient memory' })] }), ['KubePodNotScheduled 2m']],
    ['that looks for a place', pod({}, { conditions: [condition('PodScheduled', 'False', 0.5, { reason: 'Unschedulable' })] }), []],
    ['behind a gate', pod({}, { conditions: [condition('PodScheduled', 'False', 9, { reason: 'SchedulingGated' }), condition('Ready', 'False', 9)] }), []],
    ['not Ready for long', pod({ state: { running: {} } }, { conditions: [condition('Ready', 'False', 7)] }), ['KubePodNotReady 7m']],
    ['not Ready for a moment', pod({ state: { running: {} } }, { conditions: [condition('Ready', 'False', 2)] }), []],
    ['of a Job', pod({ state: { running: {} } }, { conditions: [condition('Ready', 'False', 7)], metadata: { name: 'j', namespace: 'shop', ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u', controller: true }] } }), []],
    ['that goes', pod({ state: waiting('CrashLoopBackOff') }, { metadata: { name: 'api-1', namespace: 'shop', deletionTimestamp: ago(1) } }), []],
    ['that is done', object('Pod', 'done', { status: { phase: 'Succeeded', conditions: [condition('Ready', 'False', 30)] } }), []],
    ['without a status', object('Pod', 'new'), []],
  ])('%s', (_what, given, expected) => expect(alerts(given)).toEqual(expected));

  it('is named as kube-state-metrics would, with the pod as what is in trouble', () => {
    const [signal] = found(pod({ restartCount: 4, state: waiting('CrashLoopBackOff'), lastState: terminated(2) }));
    expect(signal).toMatchObject({
      source: 'kubernetes', cluster: 'prod', status: 'firing', severity: 'warning', receivedAt: NOW,
      labels: { alertname: 'KubePodCrashLooping', namespace: 'shop', pod: 'api-1', container: 'api' }, hints: [{ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'api-1' }],
      annotations: { summary: 'Pod is crash looping.', description: 'container api of pod shop/api-1 restarted 4 times' },
    });
  });

  it('keeps its fingerprint while the trouble changes its looks', () => {
    const [one] = found(pod({ restartCount: 4, state: waiting('CrashLoopBackOff'), lastState: terminated(2) }));
    const [two] = found(pod({ restartCount: 5, ready: true, state: { running: {} }, lastState: terminated(0.2) }));
    const [other] = found(pod({ name: 'sidecar', restartCount: 5, state: waiting('CrashLoopBackOff') }));
    expect(two!.fingerprint).toBe(one!.fingerprint);
    expect(other!.fingerprint).not.toBe(one!.fingerprint);
  });
});

describe('nodes, jobs and claims', () => {
  const node = (...conditions: object[]) => object('Node', 'worker-1', { namespace: null, status: { conditions } });
  const claim = (phase: string, more: Partial<KubeObject> & { created?: number } = {}) => object('PersistentVolumeClaim', 'data', { spec: { storageClassName: 'fast' }, status: { phase }, ...more });
  const lazy = object('StorageClass', 'fast', { namespace: null, volumeBindingMode: 'WaitForFirstConsumer' });
  const user = object('Pod', 'db-0', { spec: { volumes: [{ persistentVolumeClaim: { claimName: 'data' } }] } });

  it.each<[string, KubeObject[], string[]]>([
    ['a node that is Ready', [node(condition('Ready', 'True', 30), condition('DiskPressure', 'False', 30))], []],
    ['a silent node', [node(condition('Ready', 'Unknown', 3))], ['KubeNodeNotReady 3m']],
    ['a node that blinked', [node(condition('Ready', 'False', 0.5))], []],
    ['pressure', [node(condition('Ready', 'True', 30), condition('MemoryPressure', 'True', 4), condition('DiskPressure', 'True', 2))], ['KubeNodePressure 4m', 'KubeNodePressure 2m']],
    ['a Job that failed', [object('Job', 'reindex', { apiVersion: 'batch/v1', status: { conditions: [condition('Failed', 'True', 9, { reason: 'BackoffLimitExceeded' })] } })], ['KubeJobFailed 9m']],
    ['a Job that is done', [object('Job', 'reindex', { status: { conditions: [condition('Complete', 'True', 9)] } })], []],
    ['a claim that pends', [claim('Pending')], ['KubePersistentVolumeClaimPending 60m']],
    ['a new claim', [claim('Pending', { created: 1 })], []],
    ['a claim that waits for its first pod', [claim('Pending'), lazy], []],
    ['the same with that pod', [claim('Pending'), lazy, user], ['KubePersistentVolumeClaimPending 60m']],
    ['a lost claim', [claim('Lost')], ['KubePersistentVolumeClaimLost 60m']],
    ['a claim that does not grow', [claim('Bound', { status: { phase: 'Bound', conditions: [condition('ControllerResizeError', 'True', 5)] } })], ['KubePersistentVolumeClaimResizeFailed 5m']],
    ['a bound claim', [claim('Bound')], []],
  ])('%s', (_what, objects, expected) => expect(alerts(...objects)).toEqual(expected));

  it('tells two conditions of a node apart', () => {
    const [a, b] = found(node(condition('MemoryPressure', 'True', 4), condition('DiskPressure', 'True', 2)));
    expect(a!.fingerprint).not.toBe(b!.fingerprint);
    expect(a!.hints).toEqual([{ kind: 'Node', apiVersion: 'v1', name: 'worker-1' }]);
  });
});

describe('a Warning event', () => {
  const replicaSet = object('ReplicaSet', 'api-7d', { apiVersion: 'apps/v1' });
  const event = (more: Record<string, unknown> = {}, name = 'e1'): KubeObject =>
    object('Event', name, { type: 'Warning', reason: 'FailedCreate', message: 'exceeded quota', count: 5, firstTimestamp: ago(20), lastTimestamp: ago(1), involvedObject: { kind: 'ReplicaSet', apiVersion: 'apps/v1', namespace: 'shop', name: 'api-7d' }, ...more });
  const modern = event({ firstTimestamp: null, lastTimestamp: null, count: undefined, involvedObject: undefined, message: undefined, note: 'no', eventTime: ago(9), series: { count: 3, lastObservedTime: ago(2) }, regarding: { kind: 'ReplicaSet', namespace: 'shop', name: 'api-7d' } });

  it.each<[string, KubeObject[], string[]]>([
    ['seen again and again', [event()], ['KubeWarningEvent 20m']],
    ['of the new API', [modern], ['KubeWarningEvent 9m']],
    ['seen twice', [event({ count: 2 })], []],
    ['told by several objects', [event({ count: 2 }), event({ count: 2, firstTimestamp: ago(30) }, 'e2')], ['KubeWarningEvent 30m']],
    ['of another reason beside it', [event(), event({ reason: 'FailedDelete', firstTimestamp: ago(10) }, 'e2')], ['KubeWarningEvent 20m', 'KubeWarningEvent 10m']],
    ['that is old news', [event({ lastTimestamp: ago(6) })], []],
    ['that is Normal', [event({ type: 'Normal' })], []],
    ['that conditions tell as well', [event({ reason: 'BackOff' })], []],
    ['of our own', [event({ source: { component: 'kubernaut.io/remediation' } })], []],
    ['about what is gone', [event({ involvedObject: { kind: 'ReplicaSet', namespace: 'shop', name: 'gone' } })], []],
    ['about a kind that is not watched', [event({ involvedObject: { kind: 'Gadget', apiVersion: 'example.com/v1', namespace: 'shop', name: 'g' } })], ['KubeWarningEvent 20m']],
    ['with a name that is none', [event({ involvedObject: { kind: 'Gadget', namespace: 'shop', name: '../../etc' } })], []],
    ['with a reason that is none', [event({ reason: '<b>x</b>' })], []],
    ['without a reason', [event({ reason: undefined })], []],
    ['without a time', [event({ firstTimestamp: null, lastTimestamp: null, metadata: { name: 'e', namespace: 'shop' } })].map((e) => (delete e.metadata.creationTimestamp, e)), []],
  ])('%s', (_what, events, expected) => expect(alerts(replicaSet, ...events)).toEqual(expected));

  it('names its object and its reason', () => {
    expect(found(replicaSet, event())[0]).toMatchObject({ labels: { namespace: 'shop', replicaset: 'api-7d', reason: 'FailedCreate' }, hints: [{ kind: 'ReplicaSet', apiVersion: 'apps/v1', namespace: 'shop', name: 'api-7d' }], annotations: { description: 'exceeded quota (seen 5 times)' } });
  });

  it('can be posted, one or many; what is Normal is left out, what cannot be read is rejected alone', () => {
    const context = { cluster: 'prod', receivedAt: NOW, settings: {} } as never;
    const posted = kubernetes.toSignals({ items: [event(), event({ type: 'Normal' }), { kind: 'Pod', metadata: {} }, event({ involvedObject: { kind: 'Pod', name: 'NO' } })] }, context);
    expect([posted.signals.map((s) => s.fingerprint), posted.rejected]).toEqual([found(replicaSet, event()).map((s) => s.fingerprint), [{ reason: 'this is no Event: /kind' }, { reason: 'event e1 names no object, reason or time' }]]);
    expect(kubernetes.toSignals(event() as never, context).signals).toHaveLength(1);
  });

  // A fuzzer found these: each was answered 500, for as long as its sender tried.
  it.each([{ count: [] }, { count: { a: 1 } }, { reportingComponent: ['kubelet'] }, { reportingController: 7 }, { source: { component: {} } }, { series: { count: {} } }, { lastTimestamp: [] }])('is rejected alone when a member has another type: %j', (more) => {
    const context = { cluster: 'prod', receivedAt: NOW, settings: {} } as never;
    const posted = kubernetes.toSignals({ items: [event(more), event()] }, context);
    expect([posted.signals.length, posted.rejected]).toEqual([1, [{ reason: expect.stringMatching(/^this is no Event: \//) }]]);
  });
});

it('says the same about the same world, in whatever order it is read', () => {
  const objects = [pod({ state: waiting('CrashLoopBackOff') }), object('Job', 'j', { status: { conditions: [condition('Failed', 'True', 9)] } })];
  const key = (list: ReturnType<typeof found>) => list.map((s) => `${s.fingerprint} ${s.startsAt}`).sort();
  expect(key(found(...objects))).toEqual(key(found(...structuredClone(objects).reverse())));
});
