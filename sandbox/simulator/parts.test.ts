import { describe, expect, it } from '@jest/globals';
import { inShop, podOf, readyPod, worldOf } from '../../test/support/fake-world.js';
import { linesOf, logOptionsOf } from './container-logs.js';
import { environmentOf } from './environment.js';
import type { Claim, KubeNode, PersistentVolume, StorageClass } from './kube-types.js';
import { newContainer } from './memory.js';
import { answerMetrics } from './metrics-api.js';
import { metricsText } from './metrics-server.js';
import { isStatusDue, nodeStatusOf } from './node-status.js';
import { podAddresses } from './pod-addresses.js';
import { quantityOf } from './quantity.js';
import { parseSelector, selectorMatches } from './selectors.js';
import { storageStepOf } from './storage.js';
import { taskPool } from './task-pool.js';

describe('quantities', () => {
  it.each([['100m', 0.1], ['2', 2], [3, 3], ['1Ki', 1024], ['1.5Gi', 1.5 * 2 ** 30], ['1e3', 1000], ['5M', 5e6], ['12n', 12e-9]])('%s is %p', (text, number) => {
    expect(quantityOf(text)).toBeCloseTo(number, 12);
  });
  it.each(['', 'abc', '1Xi', undefined])('%p is no quantity', (text) => expect(quantityOf(text)).toBeNaN());
});

describe('selectors', () => {
  it.each([
    ['app=web', true], ['app==web', true], ['app!=web', false], ['app in (web, api),tier', true], ['app notin (web)', false], ['!missing', true], ['missing', false], ['', true],
  ])('%s', (text, matches) => {
    expect(selectorMatches(parseSelector(text), { app: 'web', tier: 'front' })).toBe(matches);
  });
});

describe('the environment of a container', () => {
  const objects = [inShop('ConfigMap', 'cm', { data: { A: 'a' } }), inShop('Secret', 'se', { data: { B: Buffer.from('b').toString('base64') } })];
  it('takes references, prefixes, fields and earlier variables', () => {
    const container = {
      name: 'main',
      image: 'x',
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'cm' } }, { secretRef: { name: 'se' } }, { secretRef: { name: 'no', optional: true } }],
      env: [{ name: 'ONE', value: '$(B)-$(P_A)-$(NO)' }, { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, { name: 'OPT', valueFrom: { secretKeyRef: { name: 'se', key: 'no', optional: true } } }],
    };
    expect(environmentOf(container, podOf(), worldOf('', objects))).toEqual({ values: { P_A: 'a', B: 'b', ONE: 'b-a-$(NO)', POD: 'app-1' } });
  });
  it.each([
    [{ configMapKeyRef: { name: 'cm', key: 'no' } }, "couldn't find key no in ConfigMap shop/cm"],
    [{ configMapKeyRef: { name: 'no', key: 'A' } }, 'configmap "no" not found'],
    [{ secretKeyRef: { name: 'se', key: 'no' } }, "couldn't find key no in Secret shop/se"],
  ])('names what is missing: %p', (valueFrom, problem) => {
    expect(environmentOf({ name: 'main', image: 'x', env: [{ name: 'V', valueFrom }] }, podOf(), worldOf('', objects)).problem).toBe(problem);
  });
});

describe('storage', () => {
  const claim = (spec: object, status: object = { phase: 'Pending' }, annotations = {}): Claim => ({ metadata: { name: 'c', namespace: 'shop', uid: 'u', annotations }, spec, status });
  const of = (more: Partial<StorageClass> = {}): StorageClass => ({ metadata: { name: 's', uid: 's' }, provisioner: 'sandbox.kubernaut.io/disk', ...more });
  const volume = { metadata: { name: 'v', uid: 'v' }, spec: {} } as PersistentVolume;
  const bound = (capacity: string) => ({ phase: 'Bound', capacity: { storage: capacity } });
  const asks = { resources: { requests: { storage: '2Gi' } }, volumeName: 'v' };
  const lazy = of({ volumeBindingMode: 'WaitForFirstConsumer' });
  it.each<[string, Claim, StorageClass | undefined, string]>([
    ['a class that does not exist', claim({}), undefined, 'nothing'],
    ['an immediate class', claim({}), of(), 'provision'],
    ['a lazy class without a pod', claim({}), lazy, 'nothing'],
    ['a lazy class with a pod', claim({}, undefined, { 'volume.kubernetes.io/selected-node': 'n' }), lazy, 'provision'],
    ['volumes made by hand', claim({}), of({ provisioner: 'kubernetes.io/no-provisioner' }), 'nothing'],
    ['growth that is allowed', claim(asks, bound('1Gi')), of({ allowVolumeExpansion: true }), 'resize'],
    ['growth that is not', claim(asks, bound('1Gi')), of(), 'nothing'],
    ['a claim that has what it asks', claim(asks, bound('2Gi')), of({ allowVolumeExpansion: true }), 'nothing'],
  ])('%s', (_name, one, storageClass, wanted) => {
    expect(storageStepOf(one, storageClass, volume).do).toBe(wanted);
  });
});

describe('node status', () => {
  const facts = { kubeletPort: 1234, kubeletVersion: 'v1', now: 0 };
  const node: KubeNode = { metadata: { name: 'n', uid: 'n', annotations: { 'sandbox.kubernaut.io/pressure': 'disk, pid' } }, status: { capacity: { cpu: '64' } } };
  it('keeps the capacity it was applied with and shows the pressure asked for', () => {
    const status = nodeStatusOf(node, facts);
    expect(status.allocatable).toMatchObject({ cpu: '64', memory: '8Gi' });
    expect(status.conditions?.filter((one) => one.status === 'True').map((one) => one.type)).toEqual(['DiskPressure', 'PIDPressure', 'Ready']);
  });
  it('is posted once, and again when somebody wrote another one', () => {
    const status = nodeStatusOf(node, facts);
    expect(isStatusDue(node, status)).toBe(true);
    expect(isStatusDue({ ...node, status }, status)).toBe(false);
    const unknown = status.conditions?.map((one) => (one.type === 'Ready' ? { ...one, status: 'Unknown' } : one));
    expect(isStatusDue({ ...node, status: { ...status, conditions: unknown } }, status)).toBe(true);
  });
});

describe('logs', () => {
  const lines = (...texts: string[]) => texts.map((text, index) => ({ atMs: index * 1000, text }));
  const memory = { volumes: {}, containers: { main: { ...newContainer('x', 0), creations: 2, log: lines('a', 'b', 'c'), previousLog: lines('old') } } };
  it.each([
    ['', 'a,b,c'], ['tailLines=2', 'b,c'], ['tailLines=0', ''], ['previous=true', 'old'], ['sinceSeconds=1', 'b,c'],
  ])('with %s', (query, wanted) => {
    expect(linesOf(memory, 'main', logOptionsOf(new URLSearchParams(query), 2000))?.map((line) => line.text).join()).toBe(wanted);
  });
  it('of a container that never ran do not exist', () => {
    const options = logOptionsOf(new URLSearchParams(), 0);
    expect(linesOf({ volumes: {}, containers: { main: newContainer('x', 0) } }, 'main', options)).toBeUndefined();
    expect(linesOf(memory, 'other', options)).toBeUndefined();
  });
});

describe('usage', () => {
  const images = 'images: [{ image: "app:1", cpu: 50m, memory: 64Mi, load: { cpu: 2 } }]';
  const world = worldOf(images, [readyPod('a', { app: 'x' }), readyPod('b', { app: 'x' }), readyPod('c', { app: 'y' }, { image: 'idle:1' })]);
  const ask = (path: string): { items: { metadata: { name: string }; containers: { usage: object }[] }[] } => answerMetrics(new URL(path, 'https://x'), world) as never;
  it('shares the load of an image among its Ready pods', () => {
    const { items } = ask('/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=app%3Dx');
    expect(items.map((one) => [one.metadata.name, one.containers[0]?.usage])).toEqual([
      ['a', { cpu: '1000000000n', memory: '65536Ki' }],
      ['b', { cpu: '1000000000n', memory: '65536Ki' }],
    ]);
  });
  it('answers discovery, one pod, and 404 for what is not there', () => {
    expect(ask('/apis/metrics.k8s.io/v1beta1')).toMatchObject({ kind: 'APIResourceList' });
    expect(ask('/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/c')).toMatchObject({ kind: 'PodMetrics' });
    expect(ask('/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/z')).toBeUndefined();
    expect(ask('/apis/metrics.k8s.io/v1beta1/secrets')).toBeUndefined();
  });
  it('is written as Prometheus text with one TYPE line per series', () => {
    const text = metricsText(world, Date.parse('2026-01-01T00:00:10Z'));
    expect(text.match(/# TYPE kube_pod_status_ready gauge/g)).toHaveLength(1);
    expect(text).toContain('container_cpu_usage_seconds_total{namespace="shop",pod="a",container="main",image="app:1"} 10\n');
    expect(text).toMatch(/kube_pod_status_ready\{namespace="shop",pod="a",(uid="[^"]*",)?condition="true"\} 1\n/);
  });
});

it('pod addresses are unique while in use and kept over a restart', () => {
  const addresses = podAddresses();
  const taken = Array.from({ length: 600 }, (_, index) => addresses.take(`pod-${String(index)}`, index === 0 ? '10.244.0.5' : undefined));
  expect(new Set(taken).size).toBe(600);
  expect(taken[0]).toBe('10.244.0.5');
  expect(addresses.take('pod-3', undefined)).toBe(taken[3]);
});

it('a task pool keeps its limit and survives failing tasks', async () => {
  const errors: unknown[] = [];
  const pool = taskPool(2, (error) => errors.push(error));
  let active = 0;
  let most = 0;
  for (let index = 0; index < 6; index++) {
    pool.run(async () => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setTimeout(resolve, 5));
      active--;
      if (index === 2) throw new Error('no');
    });
  }
  await pool.idle();
  expect(most).toBe(2);
  expect(errors).toHaveLength(1);
});

