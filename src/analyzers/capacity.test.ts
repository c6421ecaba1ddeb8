import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../domain/kube.js';
import { ago, container, deployment, event, evidenceOf, node, NS, object, pod, problem, statefulSet } from '../../test/support/kube-objects.js';
import { actionableHealth, diagnoseAll } from './index.js';

const oomKilled = { waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, last: { reason: 'OOMKilled', exitCode: 137 } };
const limited = (memory: string) => ({ podSpec: { containers: [container({ resources: { limits: { memory } } })] } });

describe('memory', () => {
  const grown = (limit: string, nodes: KubeObject[]) => {
    const { deployment: d, sets } = deployment('api', [limited(limit)], { completed: true });
    return evidenceOf(d, [sets, pod(sets[0]!, oomKilled), nodes]);
  };

  it.each([
    ['128Mi', '16Gi', '256Mi'],
    ['512Mi', '16Gi', '1Gi'],
    ['6Gi', '16Gi', '8Gi'],
  ])('real growth beyond %s on nodes of %s asks for %s', (limit, allocatable, wanted) => {
    const [first] = diagnoseAll(grown(limit, [node('a', { memory: allocatable })]));
    expect(first).toMatchObject({ cause: 'oom.growth', proposals: [{ action: 'increase_resources', parameters: { namespace: NS, name: 'api', kind: 'Deployment', container: 'app', memory: wanted } }] });
  });

  it('no node has room: a person', () => {
    expect(diagnoseAll(grown('8Gi', [node('a')]))[0]).toMatchObject({ cause: 'oom.no_room', conclusion: 'needs_person' });
  });
});

describe('autoscalers', () => {
  const hpa = (conditions: object[], spec: object = {}, status: object = {}) =>
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', { spec: { minReplicas: 1, maxReplicas: 4, scaleTargetRef: { kind: 'Deployment', name: 'web' }, ...spec }, status: { currentReplicas: 4, conditions, ...status } });
  const atMax = [{ type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' }, { type: 'ScalingActive', status: 'True' }];
  const web = (podSpec: object = {}) => deployment('web', [{ podSpec: { containers: [container(podSpec)] }, available: 4 }], { replicas: 4, completed: true });
  const cpu = { metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }] };

  it.each([
    ['by half as much again when nothing says how much', {}, {}, 6],
    ['by what the metrics ask for, at most double', cpu, { currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 90 } } }] }, 8],
  ])('held at the maximum: raise it %s', (_name, spec, status, max) => {
    const { deployment: d, sets } = web();
    for (const target of [d, hpa(atMax, spec, status)]) {
      const h = target.kind === 'Deployment' ? hpa(atMax, spec, status) : target;
      const [first] = diagnoseAll(evidenceOf(target, [d, sets, h]));
      expect(first).toMatchObject({ cause: 'hpa.at_maximum', target: { kind: 'HorizontalPodAutoscaler' }, proposals: [{ action: 'update_hpa', parameters: { maxReplicas: max } }] });
    }
  });

  it('without requests no maximum helps: a person sets them', () => {
    const { deployment: d, sets } = web();
    const h = hpa([{ type: 'ScalingActive', status: 'False', reason: 'FailedGetResourceMetric', message: 'missing request for cpu' }], cpu);
    expect(diagnoseAll(evidenceOf(h, [d, sets]))[0]).toMatchObject({ cause: 'hpa.no_requests', conclusion: 'needs_person', edit: 'kubectl set resources deployment/web -n shop -c app --requests=cpu=100m' });
  });
});

describe('nodes', () => {
  const others = [node('b'), node('c')];

  it.each([
    ['not Ready', node('a', { ready: false }), 'node.not_ready', 'cordon_node'],
    ['under pressure', node('a', { pressure: 'DiskPressure' }), 'node.pressure', 'cordon_node'],
    ['healthy and still cordoned by us', node('a', { spec: { unschedulable: true }, annotations: { 'kubernaut.io/cordoned-by': 'x' } }), 'node.cordon_ours', 'uncordon_node'],
  ])('%s', (_name, target, cause, action) => {
    expect(diagnoseAll(evidenceOf(target, others))[0]).toMatchObject({ cause, proposals: [{ action, parameters: { node: 'a' } }] });
  });

  it.each([
    ['cordoned by a person', node('a', { spec: { unschedulable: true } }), others, 'node.cordon_foreign'],
    ['not Ready and cordoned already', node('a', { ready: false, spec: { unschedulable: true } }), others, 'node.not_ready'],
    ['the last node', node('a', { ready: false }), [], 'node.not_ready'],
  ])('%s is a person’s', (_name, target, rest, cause) => {
    expect(diagnoseAll(evidenceOf(target, rest))[0]).toMatchObject({ cause, conclusion: 'needs_person', proposals: [] });
  });

  it('a dead node is the root of its pods’ unreadiness', () => {
    const { deployment: d, sets } = deployment('api', [{}], { completed: true });
    const evidence = evidenceOf(d, [sets, pod(sets[0]!, { nodeName: 'a' }), node('a', { ready: false }), others]);
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'node.not_ready', target: { kind: 'Node', name: 'a' }, proposals: [{ action: 'cordon_node' }] });
  });
});

describe('pods that are not there', () => {
  it('a quota blocks the rollout: a person raises it', () => {
    const message = 'pods "api-x" is forbidden: exceeded quota: small, requested: pods=1,requests.memory=256Mi, used: pods=2,requests.memory=512Mi, limited: pods=2,requests.memory=600Mi';
    const { deployment: d, sets } = deployment('api', [{ available: 2 }, {}], { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] } });
    const [first] = diagnoseAll(evidenceOf(d, [sets, pod(sets[0]!, { ready: true })]));
    expect(first).toMatchObject({ cause: 'quota.exceeded', conclusion: 'needs_person' });
    expect(first?.edit).toBe(`kubectl patch resourcequota small -n shop --type=merge -p '{"spec":{"hard":{"pods":"3","requests.memory":"768Mi"}}}'`);
  });

  it('a rollout that asks for more than its quota is taken back', () => {
    const message = 'pods "api-x" is forbidden: exceeded quota: small, requested: requests.memory=400Mi, used: requests.memory=256Mi, limited: requests.memory=512Mi';
    const asking = (memory: string) => ({ podSpec: { containers: [container({ resources: { requests: { memory } } })] } });
    const { deployment: d, sets } = deployment('api', [{ ...asking('128Mi'), available: 2 }, asking('400Mi')], { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] } });
    expect(diagnoseAll(evidenceOf(d, [sets]))[0]).toMatchObject({ cause: 'bad_rollout.quota', proposals: [{ action: 'rollback_deployment', parameters: { revision: 1 } }] });
  });

  it('pods that admission refuses since the last rollout are rolled back', () => {
    const message = 'pods "api-x" is forbidden: violates PodSecurity "restricted:latest": privileged';
    const { deployment: d, sets } = deployment('api', [{ available: 2 }, { podSpec: { containers: [container({ securityContext: { privileged: true } })] } }], { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] } });
    expect(diagnoseAll(evidenceOf(d, [sets]))[0]).toMatchObject({ cause: 'bad_rollout.rejected', proposals: [{ action: 'rollback_deployment' }] });
  });

  const pending = (message: string, more: KubeObject[] = []) => {
    const { deployment: d, sets } = deployment('api', [{ available: 2 }, { podSpec: { containers: [container({ image: 'shop/api:2' })] } }]);
    return evidenceOf(d, [sets, pod(sets[1]!, { scheduled: { reason: 'Unschedulable', message } }), more]);
  };

  it.each([
    ["0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.", 'pending.anti_affinity'],
    ['0/2 nodes are available: 2 Insufficient cpu.', 'pending.insufficient_resources'],
  ])('%s → %s, a person’s', (message, cause) => {
    expect(diagnoseAll(pending(message))[0]).toMatchObject({ cause, conclusion: 'needs_person' });
  });

  it('our forgotten cordon is lifted for pending pods', () => {
    const cordoned = node('a', { spec: { unschedulable: true }, annotations: { 'kubernaut.io/cordoned-by': 'x' } });
    expect(diagnoseAll(pending('0/1 nodes are available: 1 node(s) were unschedulable.', [cordoned]))[0]).toMatchObject({ cause: 'node.cordon_ours', proposals: [{ action: 'uncordon_node' }] });
  });
});

describe('storage and jobs', () => {
  const claim = (more: object) => object('v1', 'PersistentVolumeClaim', 'data', { spec: { storageClassName: 'fast', resources: { requests: { storage: '2Gi' } } }, ...more });
  const storageClass = (name: string, more: object = {}) => object('storage.k8s.io/v1', 'StorageClass', name, more, { namespace: undefined });

  it('a class that does not exist', () => {
    const c = claim({ status: { phase: 'Pending' } });
    expect(diagnoseAll(evidenceOf(c, [storageClass('standard')]))[0]).toMatchObject({ cause: 'volume.unknown_class', conclusion: 'needs_person' });
  });

  it('a full volume that can grow', () => {
    const c = claim({ status: { phase: 'Bound' } });
    const evidence = evidenceOf(c, [storageClass('fast', { allowVolumeExpansion: true })], { problems: [problem('KubePersistentVolumeFillingUp')] });
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'volume.full', proposals: [{ action: 'expand_pvc', parameters: { namespace: NS, pvc: 'data', size: '3Gi' } }], edit: `kubectl patch pvc data -n shop --type=merge -p '{"spec":{"resources":{"requests":{"storage":"3Gi"}}}}'` });
  });

  it.each([['2Gi', '3Gi'], ['1Gi', '2Gi'], ['500Mi', '750Mi'], ['300Mi', '450Mi'], ['100Gi', '150Gi']])('a full volume of %s asks for %s', (storage, size) => {
    const c = claim({ spec: { storageClassName: 'fast', resources: { requests: { storage } } }, status: { phase: 'Bound' } });
    const evidence = evidenceOf(c, [storageClass('fast', { allowVolumeExpansion: true })], { problems: [problem('KubePersistentVolumeFillingUp')] });
    expect(diagnoseAll(evidence)[0]?.proposals[0]?.parameters).toMatchObject({ size });
  });

  it.each([
    ['a class of fixed size', 'KubePersistentVolumeFillingUp', { allowVolumeExpansion: false }, 'volume.full_fixed_size'],
    ['inodes', 'KubePersistentVolumeInodesFillingUp', { allowVolumeExpansion: true }, 'volume.inodes'],
  ])('%s: a person’s', (_what, alert, cls, cause) => {
    const evidence = evidenceOf(claim({ status: { phase: 'Bound' } }), [storageClass('fast', cls)], { problems: [problem(alert)] });
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause, conclusion: 'needs_person', proposals: [] });
  });

  it('a volume that has just grown waits for its alert, not for more room; a resolved alert is over', () => {
    const grownAt = (time: string) => [{ manager: 'kubernaut', time, fieldsV1: { 'f:spec': { 'f:resources': { 'f:requests': { 'f:storage': {} } } } } }];
    const seen = (managedFields: object[], o: object = {}) => {
      const c = claim({ status: { phase: 'Bound' } });
      Object.assign(c.metadata, { creationTimestamp: '2020-01-01T00:00:00Z', managedFields });
      const evidence = evidenceOf(c, [storageClass('fast', { allowVolumeExpansion: true })], { problems: [{ ...problem('KubePersistentVolumeFillingUp'), startedAt: '2021-01-01T00:00:00Z', ...o }] });
      return diagnoseAll({ ...evidence, takenAt: '2021-01-01T01:00:00Z' })[0]?.cause;
    };
    expect(seen(grownAt('2021-01-01T00:55:00Z'))).not.toBe('volume.full');
    expect(seen(grownAt('2021-01-01T00:45:00Z'))).toBe('volume.full');
    expect(seen(grownAt('2020-12-31T23:00:00Z'))).toBe('volume.full');
    expect(seen([], { status: 'resolved' })).not.toBe('volume.full');
  });

  it('a file system that waits for its mount', () => {
    const c = claim({ status: { phase: 'Bound', conditions: [{ type: 'FileSystemResizePending', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' }] } });
    const user = pod(deployment('store', [{}]).sets[0]!, { ready: true, name: 'store-1' });
    user.spec = { ...user.spec, volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] };
    expect(diagnoseAll(evidenceOf(c, [user]))[0]).toMatchObject({ cause: 'volume.resize_waits_for_mount', proposals: [{ action: 'restart_pod', parameters: { pod: 'store-1' } }] });
    expect(diagnoseAll(evidenceOf(c, []))[0]).toMatchObject({ cause: 'volume.resize_waits_for_mount', conclusion: 'needs_person' });
  });

  it('a failed job', () => {
    const refused = object('batch/v1', 'Job', 'load', { status: { conditions: [{ type: 'Failed', status: 'True', reason: 'PodFailurePolicy' }] } });
    expect(diagnoseAll(evidenceOf(refused, []))[0]).toMatchObject({ cause: 'job.failed', conclusion: 'needs_person' });
    const job = object('batch/v1', 'Job', 'load', { status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] } });
    expect(diagnoseAll(evidenceOf(job, []))[0]).toMatchObject({ cause: 'job.retries', conclusion: 'needs_person' });
  });

  it.each([['count/pods', 'finished_pods'], ['count/jobs.batch', 'finished_jobs'], ['pods', undefined]])('finished pods and a used up quota of %s: %s', (key, mode) => {
    const job = object('batch/v1', 'Job', 'load', {});
    const quota = object('v1', 'ResourceQuota', 'q', { status: { hard: { [key]: '2' }, used: { [key]: '2' } } });
    const finished = [pod(job, { phase: 'Failed' }), pod(job, { phase: 'Succeeded' })];
    const home = object('v1', 'Namespace', NS, {}, { namespace: undefined });
    expect(diagnoseAll(evidenceOf(quota, [job, finished, home]))[0]).toMatchObject({
      cause: 'job.leftovers', target: { kind: 'ResourceQuota' },
      ...(mode ? { proposals: [{ action: 'cleanup_storage', target: { kind: 'Namespace', name: NS }, parameters: { namespace: NS, mode } }] } : { conclusion: 'needs_person', proposals: [] }),
    });
  });
});

describe('stuck pods', () => {
  it('a StatefulSet waits for ever for a pod of a revision that was replaced', () => {
    const s = statefulSet('db', {}, { status: { updateRevision: 'db-2', currentRevision: 'db-1' } });
    const bad = pod(s, { waiting: { reason: 'ImagePullBackOff', message: 'not found' }, labels: { 'controller-revision-hash': 'db-1' }, name: 'db-1' });
    const fine = pod(s, { ready: true, labels: { 'controller-revision-hash': 'db-2' } });
    expect(diagnoseAll(evidenceOf(s, [bad, fine]))[0]).toMatchObject({ cause: 'stuck_pod.old_revision', proposals: [{ action: 'restart_pod', parameters: { namespace: NS, pod: 'db-1' } }] });
  });

  it('but not when pods of the wanted revision are broken too', () => {
    const s = statefulSet('db', {}, { status: { updateRevision: 'db-2' } });
    const bad = pod(s, { waiting: { reason: 'ImagePullBackOff', message: 'not found' }, labels: { 'controller-revision-hash': 'db-1' } });
    const alsoBad = pod(s, { waiting: { reason: 'ImagePullBackOff', message: 'not found' }, labels: { 'controller-revision-hash': 'db-2' } });
    expect(diagnoseAll(evidenceOf(s, [bad, alsoBad]))[0]?.cause).toBe('image.not_found');
  });

  const denied = { waiting: { reason: 'ImagePullBackOff', message: 'authorization failed: no basic auth credentials' } };

  it('a pod from before its service account had a pull secret', () => {
    const { deployment: d, sets } = deployment('api', [{}], { completed: true });
    const account = object('v1', 'ServiceAccount', 'default', { imagePullSecrets: [{ name: 'registry' }] });
    expect(diagnoseAll(evidenceOf(d, [sets, pod(sets[0]!, denied), account]))[0]).toMatchObject({ cause: 'stuck_pod.pull_secret', proposals: [{ action: 'restart_pod' }] });
    expect(diagnoseAll(evidenceOf(d, [sets, pod(sets[0]!, denied)]))[0]?.cause).toBe('image.unauthorized');
  });

  it('a container that started with configuration which was changed since', () => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: { containers: [container({ envFrom: [{ configMapRef: { name: 'cfg' } }] })] } }], { completed: true });
    const config = object('v1', 'ConfigMap', 'cfg', {}, { managedFields: [{ time: ago(10) }] });
    expect(diagnoseAll(evidenceOf(d, [sets, pod(sets[0]!, { ageS: 900, startedAt: ago(900) }), config]))[0]).toMatchObject({ cause: 'stuck_pod.stale_config', proposals: [{ action: 'restart_pod' }] });
  });

  it('one of several of the same template', () => {
    const { deployment: d, sets } = deployment('api', [{ available: 2 }], { replicas: 3, completed: true });
    const lone = pod(sets[0]!, { ageS: 300 });
    expect(diagnoseAll(evidenceOf(d, [sets, lone, pod(sets[0]!, { ready: true }), pod(sets[0]!, { ready: true })]))[0]).toMatchObject({ cause: 'stuck_pod.alone', proposals: [{ parameters: { pod: lone.metadata.name } }] });
  });
});

describe('nothing to do', () => {
  const well = () => {
    const { deployment: d, sets } = deployment('api', [{ available: 2 }], { completed: true });
    return evidenceOf(d, [sets, pod(sets[0]!, { ready: true }), pod(sets[0]!, { ready: true })], { problems: [problem('HighErrorRate')] });
  };

  it('an urgent alert on a healthy workload', () => {
    expect(diagnoseAll(well())).toMatchObject([{ cause: 'healthy', conclusion: 'no_action_needed' }]);
    expect(actionableHealth(well())).toMatchObject({ isHealthy: true, causes: [] });
  });

  it('looks healthy, but pods could not be read', () => {
    expect(diagnoseAll({ ...well(), missing: [{ what: 'pods', why: '403' }] })[0]).toMatchObject({ cause: 'evidence_missing', conclusion: 'inconclusive' });
    expect(actionableHealth({ ...well(), missing: [{ what: 'pods', why: '403' }] }).isHealthy).toBeUndefined();
  });

  it('a target that is gone', () => {
    expect(diagnoseAll({ ...well(), object: undefined, objects: [] })[0]).toMatchObject({ cause: 'target.deleted', conclusion: 'no_action_needed' });
  });

  it('a target that is gone, as enrichment says it', () => {
    const evidence = { ...well(), object: undefined, objects: [], missing: [{ what: 'deployment shop/api', why: 'it does not exist (any more)' }] };
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'target.deleted', conclusion: 'no_action_needed' });
    expect(diagnoseAll({ ...evidence, missing: [{ what: 'Deployments', why: '403' }] })[0]).toMatchObject({ cause: 'evidence_missing', conclusion: 'inconclusive' });
  });

  it('gaps that have no say in it', () => {
    expect(diagnoseAll({ ...well(), missing: [{ what: 'similar incidents', why: 'embedding failed' }, { what: 'requests of other pods', why: '5 of 3005 left out for size' }] })[0]?.cause).toBe('healthy');
  });

  it('a target that is on its way out', () => {
    const evidence = well();
    evidence.object!.metadata.deletionTimestamp = ago(1);
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'target.deleting', conclusion: 'no_action_needed' });
  });

  it('an old crash that a running, Ready container has behind it', () => {
    const { deployment: d, sets } = deployment('api', [{ available: 2 }], { completed: true });
    const back = pod(sets[0]!, { ready: true, restarts: 2, last: { reason: 'OOMKilled', exitCode: 137 } });
    expect(diagnoseAll(evidenceOf(d, [sets, back, pod(sets[0]!, { ready: true })]))[0]?.cause).toBe('healthy');
  });

  it('an event alone', () => {
    const evidence = well();
    evidence.events.push(event(evidence.object!, 'FailedCreate', 'exceeded quota: q'));
    expect(diagnoseAll(evidence)[0]?.cause).toBe('healthy');
  });
});
