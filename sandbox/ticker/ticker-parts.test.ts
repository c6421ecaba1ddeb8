import { describe, expect, it } from '@jest/globals';
import { inShop, readyPod, worldOf } from '../../test/support/fake-world.js';
import { alertBookOf, type Alert } from './alert-book.js';
import { alertManagerConfig } from './alertmanager.js';
import { fingerprintOf } from './fingerprint.js';
import { isActive } from './judge.js';
import type { Rule } from './rule.js';
import { firedRules } from './rules.js';
import { webhookBody } from './sinks.js';

const crashed = (name: string, owner?: string): object => {
  const pod = readyPod(name, { app: 'x' }) as { metadata: object; status: object };
  const last = { terminated: { exitCode: 1, reason: 'Error', startedAt: '', finishedAt: '' } };
  const status = { phase: 'Running', containerStatuses: [{ name: 'main', ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: last }] };
  const ownerReferences = owner ? [{ kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] : [];
  return { ...pod, metadata: { ...pod.metadata, ownerReferences }, status };
};
const replicaSet = (name: string, deployment: string): object => ({ kind: 'ReplicaSet', metadata: { name, namespace: 'shop', uid: name, ownerReferences: [{ kind: 'Deployment', name: deployment, uid: 'd', controller: true }] }, spec: {} });

describe('rules over the state of the cluster', () => {
  const old = '2020-01-01T00:00:00Z';
  const condition = (type: string, status: string, reason = ''): object => ({ conditions: [{ type, status, reason }] });
  it.each<[string, string, object, boolean]>([
    ['a deployment short of replicas', 'KubeDeploymentReplicasMismatch', inShop('Deployment', 'd', { spec: { replicas: 2 }, status: { availableReplicas: 1 } }), true],
    ['a deployment with a surge', 'KubeDeploymentReplicasMismatch', inShop('Deployment', 'd', { spec: { replicas: 2 }, status: { availableReplicas: 3 } }), false],
    ['a deployment scaled to nothing', 'KubeDeploymentReplicasMismatch', inShop('Deployment', 'd', { spec: { replicas: 0 } }), false],
    ['a rollout past its deadline', 'KubeDeploymentRolloutStuck', inShop('Deployment', 'd', { spec: {}, status: condition('Progressing', 'False') }), true],
    ['a rollout blocked by a quota', 'KubeDeploymentRolloutStuck', inShop('Deployment', 'd', { spec: {}, status: condition('ReplicaFailure', 'True') }), true],
    ['a paused rollout', 'KubeDeploymentRolloutStuck', inShop('Deployment', 'd', { spec: { paused: true }, status: condition('Progressing', 'False') }), false],
    ['a stateful set short of replicas', 'KubeStatefulSetReplicasMismatch', inShop('StatefulSet', 's', { spec: { replicas: 1 }, status: {} }), true],
    ['a daemon set that is behind', 'KubeDaemonSetRolloutStuck', inShop('DaemonSet', 'd', { spec: {}, status: { desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2 } }), true],
    ['a complete daemon set', 'KubeDaemonSetRolloutStuck', inShop('DaemonSet', 'd', { spec: {}, status: { desiredNumberScheduled: 1, currentNumberScheduled: 1, updatedNumberScheduled: 1, numberAvailable: 1 } }), false],
    ['an autoscaler at its ceiling', 'KubeHpaMaxedOut', inShop('HorizontalPodAutoscaler', 'h', { spec: { minReplicas: 1, maxReplicas: 3 }, status: { currentReplicas: 3, ...condition('ScalingLimited', 'True', 'TooManyReplicas') } }), true],
    ['an autoscaler exactly at its target', 'KubeHpaMaxedOut', inShop('HorizontalPodAutoscaler', 'h', { spec: { minReplicas: 1, maxReplicas: 3 }, status: { currentReplicas: 3 } }), false],
    ['an autoscaler without figures', 'KubeHpaReplicasMismatch', inShop('HorizontalPodAutoscaler', 'h', { spec: { maxReplicas: 3 }, status: condition('ScalingActive', 'False', 'FailedGetResourceMetric') }), true],
    ['a quota at its limit', 'KubeQuotaFullyUsed', inShop('ResourceQuota', 'q', { spec: {}, status: { hard: { pods: '2' }, used: { pods: '2' } } }), true],
    ['a quota beyond its limit', 'KubeQuotaExceeded', inShop('ResourceQuota', 'q', { spec: {}, status: { hard: { cpu: '1' }, used: { cpu: '1100m' } } }), true],
    ['a full volume', 'KubePersistentVolumeFillingUp', { ...inShop('PersistentVolumeClaim', 'c'), metadata: { name: 'c', namespace: 'shop', uid: 'c', annotations: { 'sandbox.kubernaut.io/used': '990Mi' } }, spec: {}, status: { phase: 'Bound', capacity: { storage: '1Gi' } } }, true],
    ['a node whose kubelet is silent', 'KubeNodeNotReady', { kind: 'Node', metadata: { name: 'n', uid: 'n' }, status: condition('Ready', 'Unknown') }, true],
    ['a crash loop', 'KubePodCrashLooping', crashed('p'), true],
    ['a pod that is Ready', 'KubePodNotReady', readyPod('p', {}), false],
    ['a pod waiting for its volume for long', 'KubeContainerWaiting', { kind: 'Pod', metadata: { name: 'p', namespace: 'shop', uid: 'p', creationTimestamp: old }, spec: { containers: [] }, status: { containerStatuses: [{ name: 'main', state: { waiting: { reason: 'ContainerCreating' } }, lastState: {} }] } }, true],
  ])('%s: %s', (_name, alertname, object, wanted) => {
    const rule = firedRules.find((one) => one.alertname === alertname);
    expect((rule?.active(worldOf('', [object]), Date.now()).length ?? -1) > 0).toBe(wanted);
  });

  it('have names of their own', () => {
    expect(new Set(firedRules.map((rule) => rule.alertname)).size).toBe(firedRules.length);
  });
});

describe('judging an alert sent by hand', () => {
  const view = worldOf('', [crashed('worker-1', 'worker-abc'), replicaSet('worker-abc', 'worker'), readyPod('web-1', {})]);
  it.each<[string, Record<string, string>, boolean | undefined]>([
    ['KubePodCrashLooping', { namespace: 'shop', deployment: 'worker' }, true],
    ['KubePodCrashLooping', { namespace: 'shop', deployment: 'web' }, false],
    ['KubePodCrashLooping', { namespace: 'shop', pod: 'worker-1', severity: 'page' }, true],
    ['KubePodCrashLooping', { namespace: 'shop', pod: 'worker-0' }, false],
    ['KubePodCrashLooping', { namespace: 'other' }, false],
    ['MyOwnAlert', { namespace: 'shop' }, undefined],
  ])('%s %p is %p', (alertname, labels, wanted) => {
    expect(isActive(alertname, labels, view, Date.now())).toBe(wanted);
  });
});

describe('the book of alerts', () => {
  const state = { isOn: true };
  const rule: Rule = {
    alertname: 'Test',
    severity: 'warning',
    forMs: 3000,
    active: () => (state.isOn ? [{ labels: { namespace: 'shop' }, annotations: { summary: 's', description: 'd' } }] : []),
  };
  it('waits before firing, bears a blink, resolves, and forgets what was delivered', () => {
    const book = alertBookOf([rule]);
    const view = worldOf();
    const at = (ms: number, isOn: boolean): Alert[] => {
      state.isOn = isOn;
      return book.update(view, ms);
    };
    expect(at(0, true)).toEqual([]);
    expect(at(2000, true)).toEqual([]);
    expect(at(3000, true)).toMatchObject([{ startsAtMs: 3000, labels: { alertname: 'Test', severity: 'warning', namespace: 'shop' } }]);
    expect(at(4000, false)[0]?.resolvedAtMs).toBeUndefined();
    expect(at(5000, true)[0]?.resolvedAtMs).toBeUndefined();
    expect(at(6000, false)[0]?.resolvedAtMs).toBeUndefined();
    const [resolved] = at(7000, false);
    expect(resolved?.resolvedAtMs).toBe(7000);
    book.forget(resolved?.fingerprint ?? '');
    expect(at(8000, false)).toEqual([]);
    expect(at(9000, true)).toEqual([]);
  });
  it('says nothing of silent namespaces', () => {
    state.isOn = true;
    const book = alertBookOf([rule]);
    const view = worldOf('', [{ kind: 'Namespace', metadata: { name: 'shop', uid: 'n', labels: { 'sandbox.kubernaut.io/ticker': 'silent' } } }]);
    book.update(view, 0);
    expect(book.update(view, 60_000)).toEqual([]);
  });
});

describe('the words of AlertManager', () => {
  it('fingerprints are stable and blind to the order of labels', () => {
    expect(fingerprintOf({ a: '1', b: '2' })).toBe(fingerprintOf({ b: '2', a: '1' }));
    expect(fingerprintOf({})).toBe('cbf29ce484222325');
    expect(fingerprintOf({ a: '1' })).toMatch(/^[0-9a-f]{16}$/);
  });
  it('a group with a firing and a resolved alert is firing', () => {
    const alert = (pod: string, resolvedAtMs?: number): Alert => ({ fingerprint: pod, labels: { alertname: 'A', pod }, annotations: {}, startsAtMs: 0, resolvedAtMs });
    const body = webhookBody({ key: 'k', labels: { alertname: 'A' }, alerts: [alert('a'), alert('b', 1000)] });
    expect(body).toMatchObject({ status: 'firing', commonLabels: { alertname: 'A' }, alerts: [{ status: 'firing', endsAt: '0001-01-01T00:00:00Z' }, { status: 'resolved', endsAt: '1970-01-01T00:00:01.000Z' }] });
  });
  it('the configuration keeps the token in a file', () => {
    const text = alertManagerConfig('http://127.0.0.1:1/alerts', '/run/token');
    expect(text).toContain('credentials_file: /run/token');
    expect(text).toContain('send_resolved: true');
  });
});
