import { describe, expect, it } from '@jest/globals';
import { ago, container, deployment, event, evidenceOf, node, object, pod, problem, NS } from '../../test/support/kube-objects.js';
import type { KubeObject } from '../domain/kube.js';
import { diagnoseAll } from './index.js';

type Any = Record<string, any>;

const claim = (more: Any = {}): KubeObject =>
  object('v1', 'PersistentVolumeClaim', 'data', { spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '2Gi' } }, ...more.spec }, status: { phase: 'Bound', capacity: { storage: '2Gi' }, ...more.status } }, more.metadata);
const storageClass = (more: Any = {}): KubeObject => object('storage.k8s.io/v1', 'StorageClass', 'fast', more, { namespace: undefined });
const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }];

describe('a volume for one node', () => {
  const wanted = (claimSpec: Any, holderNode: KubeObject | undefined, message = 'Multi-Attach error for volume "pv" Volume is already used by pod(s) api-old') => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: { volumes } }, { podSpec: { volumes, containers: [container({ image: 'shop/api:2' })] } }]);
    const holder = pod(sets[0]!, { ready: true, nodeName: 'a', name: 'api-old' });
    const late = pod(sets[1]!, { waiting: { reason: 'ContainerCreating' }, nodeName: 'b' });
    return diagnoseAll(evidenceOf(d, [sets, holder, late, claim({ spec: claimSpec }), ...(holderNode ? [holderNode] : []), node('b')], { events: [event(late, 'FailedAttachVolume', message)] }));
  };

  it('a rolling update that starts the new pod first', () => {
    expect(wanted({}, node('a'))[0]).toMatchObject({ analyzer: 'volume_attach', cause: 'volume.rolling_update', conclusion: 'needs_person', edit: expect.stringContaining('"type":"Recreate"') });
  });

  it('held by a dead node: the node is acted on first', () => {
    const findings = wanted({}, node('a', { ready: false }));
    expect(findings.find((f) => f.analyzer === 'volume_attach')).toMatchObject({ cause: 'volume.held_by_dead_node', edit: expect.stringContaining('out-of-service') });
  });

  it.each([
    ['a volume for many nodes', { accessModes: ['ReadWriteMany'] }, undefined],
    ['another failure to attach', {}, 'AttachVolume.Attach failed: rpc error'],
  ])('near miss: %s', (_what, spec, message) => {
    expect(wanted(spec, node('a'), message).map((f) => f.analyzer)).not.toContain('volume_attach');
  });
});

describe('claims that wait or grow', () => {
  const late = { spec: {}, status: { phase: 'Pending', capacity: undefined } };

  it('nobody uses it yet: nothing is wrong', () => {
    expect(diagnoseAll(evidenceOf(claim(late), [storageClass({ volumeBindingMode: 'WaitForFirstConsumer' })]))[0]).toMatchObject({ cause: 'volume.waits_for_consumer', conclusion: 'no_action_needed' });
  });

  it.each<[string, Any, boolean, boolean]>([
    ['a class that binds at once', { volumeBindingMode: 'Immediate' }, false, false],
    ['a pod that uses it', { volumeBindingMode: 'WaitForFirstConsumer' }, true, false],
    ['a provisioner that complains', { volumeBindingMode: 'WaitForFirstConsumer' }, false, true],
  ])('near miss: %s', (_what, cls, isUsed, hasFailed) => {
    const c = claim(late);
    const { deployment: d, sets } = deployment('store', [{ podSpec: { volumes } }]);
    const user = isUsed ? [d, ...sets, pod(sets[0]!, { scheduled: { reason: 'Unschedulable', message: '0/3 nodes' } })] : [];
    const events = hasFailed ? [event(c, 'ProvisioningFailed', 'out of disks')] : [];
    expect(diagnoseAll(evidenceOf(c, [storageClass(cls), ...user], { events })).map((f) => f.cause)).not.toContain('volume.waits_for_consumer');
  });

  const grown = (status: Any, asked = '4Gi') => claim({ spec: { resources: { requests: { storage: asked } } }, status });
  const filling = { problems: [problem('KubePersistentVolumeFillingUp')] };

  it.each<[string, Any]>([
    ['a status', { allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } }],
    ['a condition', { conditions: [{ type: 'ControllerResizeError', status: 'True', message: 'no space left' }] }],
  ])('storage that refuses to grow, by %s, is not asked for more', (_what, status) => {
    expect(diagnoseAll(evidenceOf(grown(status), [storageClass({ allowVolumeExpansion: true })], filling))[0]).toMatchObject({ cause: 'volume.expansion_refused', conclusion: 'needs_person', edit: expect.stringContaining('"storage":"2Gi"') });
  });

  it('near miss: it has grown since, or is still growing', () => {
    const refused = { allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } };
    for (const c of [grown(refused, '2Gi'), grown({})]) {
      expect(diagnoseAll(evidenceOf(c, [storageClass({ allowVolumeExpansion: true })])).map((f) => f.cause)).not.toContain('volume.expansion_refused');
    }
  });
});

describe('evictions', () => {
  const own = 'Container app exceeded its local ephemeral storage limit "1Gi". ';
  const low = 'The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 8Gi.';
  const evicted = (owner: KubeObject, message: string, agoS: number, nodeName = 'a'): KubeObject => {
    const p = pod(owner, { phase: 'Failed', nodeName });
    Object.assign(p.status, { reason: 'Evicted', message, conditions: [{ type: 'DisruptionTarget', status: 'True', lastTransitionTime: ago(agoS) }] });
    return p;
  };
  const limited = (image: string): Any => ({ containers: [container({ image, resources: { limits: { 'ephemeral-storage': '1Gi' } } })] });

  it('a new release that writes too much is taken back', () => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: limited('v1'), available: 2 }, { podSpec: limited('v2') }]);
    expect(diagnoseAll(evidenceOf(d, [sets, evicted(sets[1]!, own, 5), pod(sets[0]!, { ready: true })]))[0]).toMatchObject({ cause: 'bad_rollout.ephemeral_storage', proposals: [{ action: 'rollback_deployment', parameters: { revision: 1 } }] });
  });

  it('a release that writes more with time is its owner’s', () => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: limited('v1') }], { completed: true });
    expect(diagnoseAll(evidenceOf(d, [sets, evicted(sets[0]!, own, 5)]))[0]).toMatchObject({ cause: 'ephemeral_storage.limit', conclusion: 'needs_person', edit: expect.stringContaining('-c app --limits=ephemeral-storage=') });
  });

  it.each([
    ['long ago, and complete since', (sets: KubeObject[]) => [evicted(sets[0]!, own, 3600)]],
    ['of a revision that was taken back', (sets: KubeObject[]) => [evicted(sets[1]!, own, 5)]],
    ['of two pods only, for the node', (sets: KubeObject[]) => [evicted(sets[0]!, low, 5), evicted(sets[0]!, low, 5)]],
  ])('near miss: %s', (_what, gone) => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: limited('v1'), available: 2 }], { completed: true });
    const other = deployment('api', [{}, { podSpec: limited('v2') }]).sets[1]!;
    other.metadata.ownerReferences = sets[0]!.metadata.ownerReferences;
    expect(diagnoseAll(evidenceOf(d, [sets, other, gone([sets[0]!, other]), pod(sets[0]!, { ready: true }), pod(sets[0]!, { ready: true })]))[0]?.cause).toBe('healthy');
  });

  it.each<[string, string | undefined, number, Any]>([
    ['while the disk is full they are removed', 'DiskPressure', 5, { cause: 'evicted_pods.disk_pressure', proposals: [{ action: 'cleanup_storage', parameters: { namespace: NS, mode: 'finished_pods' } }] }],
    ['while memory is short a person looks', 'MemoryPressure', 5, { cause: 'evicted_pods.pressure', conclusion: 'needs_person' }],
    ['an hour later they only lie about', undefined, 3600, { cause: 'evicted_pods.leftovers', conclusion: 'already_resolved' }],
  ])('records that pile up: %s', (_what, pressure, agoS, expected) => {
    const { deployment: d, sets } = deployment('api', [{ available: 2 }], { completed: true });
    const home = object('v1', 'Namespace', NS, {}, { namespace: undefined });
    const records = [1, 2, 3].map(() => evicted(sets[0]!, low, agoS));
    const findings = diagnoseAll(evidenceOf(home, [d, sets, records, pod(sets[0]!, { ready: true }), pod(sets[0]!, { ready: true }), node('a', { pressure })]));
    expect(findings[0]).toMatchObject({ analyzer: 'evicted_pods', ...expected });
  });
});
