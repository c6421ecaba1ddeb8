import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Claim, KubeNode, Pod, Workload } from '../../sandbox/simulator/kube-types.js';
import { deploymentOf, eventually, isReady, startSimulatedCluster, templatePatch, type Place, type SimulatedCluster } from '../support/simulated-cluster.js';

/** What pods, claims, nodes and autoscalers do around the table of faults. */
const timeoutMs = 60_000;
let cluster: SimulatedCluster;
const main = (pod: Pod | undefined) => pod?.status?.containerStatuses?.find((one) => one.name === 'main');
const readyPod = (place: Place, app = 'app'): Promise<Pod> => eventually(`a Ready pod ${app}`, async () => (await place.pods(app)).find(isReady));

beforeAll(async () => {
  cluster = await startSimulatedCluster();
}, timeoutMs);
afterAll(() => cluster.stop(), timeoutMs);

const claim = (name: string, storageClassName?: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: '1Gi' } } } });
const job = (name: string, image: string): string =>
  JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { backoffLimit: 1, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } } } });

describe('pods', () => {
  it('are Ready a little more than a second after they were scheduled, and gone soon after deletion', async () => {
    const place = await cluster.place('life-pods');
    await place.apply(deploymentOf({ image: 'anything:1' }, {}, 3));
    await eventually('three Ready pods', async () => (await place.pods()).filter(isReady).length === 3, 10_000);
    const [pod] = await place.pods();
    const at = (type: string): number => Date.parse(pod?.status?.conditions?.find((one) => one.type === type)?.lastTransitionTime ?? '');
    expect(at('Ready') - at('PodScheduled')).toBeLessThanOrEqual(2000);
    expect(new Set((await place.pods()).map((one) => one.status?.podIP)).size).toBe(3);
    await place.remove('Deployment', 'app');
    const path = `/api/v1/namespaces/${place.namespace}/pods`;
    await eventually('all pods gone', async () => (await cluster.client.request<{ items: Pod[] }>('GET', path)).items.length === 0, 10_000);
  }, timeoutMs);

  it('keep environment and subPath files as they were when the container started, while other mounts follow', async () => {
    const place = await cluster.place('life-frozen');
    await place.images(
      'images: [{ image: "env:1", envEquals: { MODE: a } }, { image: "sub:1", fileContains: { /etc/app.yaml: "a" } }, { image: "live:1", fileContains: { /etc/app/app.yaml: "a" } }]',
    );
    const volumes = [{ name: 'settings', configMap: { name: 'settings' } }];
    const pod = (name: string, container: object): string => JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } }, spec: { volumes, containers: [{ name: 'main', ...container }] } });
    await place.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { mode: a, app.yaml: a }');
    await place.apply(
      [
        pod('env', { image: 'env:1', env: [{ name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'mode' } } }] }),
        pod('sub', { image: 'sub:1', volumeMounts: [{ name: 'settings', mountPath: '/etc/app.yaml', subPath: 'app.yaml' }] }),
        pod('live', { image: 'live:1', volumeMounts: [{ name: 'settings', mountPath: '/etc/app' }] }),
      ].join('\n---\n'),
    );
    await Promise.all(['env', 'sub', 'live'].map((app) => readyPod(place, app)));
    await place.patch('ConfigMap', 'settings', { data: { mode: 'b', 'app.yaml': 'b' } });
    await eventually('the reader of the live file crashes', async () => (main((await place.pods('live'))[0])?.restartCount ?? 0) > 0);
    for (const app of ['env', 'sub']) expect(main((await place.pods(app))[0])).toMatchObject({ ready: true, restartCount: 0 });
  }, timeoutMs);

  it('are killed live when they outgrow their limit, and take an in-place resize', async () => {
    const place = await cluster.place('life-growth');
    await place.images('images: [{ image: "app:1", memory: 64Mi }]');
    await place.apply(deploymentOf({ image: 'app:1', resources: { requests: { memory: '96Mi' }, limits: { memory: '96Mi' } } }));
    const { metadata } = await readyPod(place);
    await place.images('images: [{ image: "app:1", memory: 128Mi }]');
    await eventually('OOMKilled', async () => main((await place.pods())[0])?.lastState.terminated?.reason === 'OOMKilled');
    const resources = { requests: { memory: '256Mi' }, limits: { memory: '256Mi' } };
    await place.patch('Pod', metadata.name, { spec: { containers: [{ name: 'main', resources }] } }, 'strategic', 'resize');
    const healed = await readyPod(place);
    expect(healed.metadata.uid).toBe(metadata.uid);
    expect(main(healed)?.resources?.limits).toEqual({ memory: '256Mi' });
  }, timeoutMs);

  it('write their log lines, follow tailLines, and count repeated events instead of repeating them', async () => {
    const place = await cluster.place('life-logs');
    await place.images('images: [{ image: "app:1", logs: [one, two, three], exit: { code: 1, log: bye, after: 1500ms } }]');
    await place.apply(deploymentOf({ image: 'app:1' }));
    const pod = await eventually('second life', async () => (await place.pods()).find((one) => (main(one)?.restartCount ?? 0) >= 2));
    expect((await place.log(pod.metadata.name, true)).trim().split('\n').slice(-4)).toEqual(['one', 'two', 'three', 'bye']);
    const backOff = await eventually('a counted BackOff event', async () => (await place.events('BackOff')).find((event) => (event.count ?? 0) > 1));
    expect(backOff.message).toContain('Back-off restarting failed container main');
    await expect(place.log('nobody')).rejects.toThrow();
  }, timeoutMs);
});

describe('jobs', () => {
  it('complete when the image exits with 0 and fail when it does not', async () => {
    const place = await cluster.place('life-jobs');
    await place.images('images: [{ image: "good:1", exit: { code: 0, after: 300ms } }, { image: "bad:1", exit: { code: 2 } }]');
    await place.apply([job('good', 'good:1'), job('bad', 'bad:1')].join('\n---\n'));
    const has = (name: string, type: string) => async (): Promise<boolean> =>
      (await place.get<Workload>('Job', name)).status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
    await eventually('good completes', has('good', 'Complete'));
    await eventually('bad fails', has('bad', 'Failed'), 40_000);
  }, timeoutMs);
});

describe('claims', () => {
  it('are bound by the default class and grow where the class allows it', async () => {
    const place = await cluster.place('life-claims');
    await place.apply([claim('data'), claim('rigid', 'fixed'), claim('lost', 'absent')].join('\n---\n'));
    const phase = (name: string, wanted: string) => async (): Promise<boolean> => (await place.get<Claim>('PersistentVolumeClaim', name)).status?.phase === wanted;
    await eventually('data is bound', phase('data', 'Bound'));
    await eventually('rigid is bound', phase('rigid', 'Bound'));
    const grow = { spec: { resources: { requests: { storage: '3Gi' } } } };
    await place.patch('PersistentVolumeClaim', 'data', grow);
    await eventually('data has grown', async () => (await place.get<Claim>('PersistentVolumeClaim', 'data')).status?.capacity?.['storage'] === '3Gi');
    await expect(place.patch('PersistentVolumeClaim', 'rigid', grow)).rejects.toMatchObject({ status: 403 });
    expect(await phase('lost', 'Pending')()).toBe(true);
    await place.apply(JSON.stringify({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'absent' }, provisioner: 'sandbox.kubernaut.io/disk', volumeBindingMode: 'WaitForFirstConsumer' }));
    await place.apply(deploymentOf({ image: 'app:1', volumeMounts: [{ name: 'd', mountPath: '/d' }] }, { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'lost' } }] }));
    await readyPod(place);
    expect(await phase('lost', 'Bound')()).toBe(true);
  }, timeoutMs);
});

describe('nodes', () => {
  it('applied as fake become Ready, run pods, report pressure, and go silent when down', async () => {
    const place = await cluster.place('life-nodes');
    const annotations = { 'kwok.x-k8s.io/node': 'fake' };
    await place.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'extra', labels: { pool: 'extra' }, annotations }, status: { capacity: { cpu: '2', memory: '4Gi', pods: '7' } } }));
    const condition = (type: string, status: string) => async (): Promise<boolean> =>
      (await cluster.client.request<KubeNode>('GET', '/api/v1/nodes/extra')).status?.conditions?.some((one) => one.type === type && one.status === status) ?? false;
    await eventually('extra is Ready', condition('Ready', 'True'));
    expect((await cluster.client.request<KubeNode>('GET', '/api/v1/nodes/extra')).status?.allocatable).toMatchObject({ cpu: '2', memory: '4Gi', pods: '7' });
    await place.apply(deploymentOf({ image: 'app:1' }, { nodeSelector: { pool: 'extra' } }));
    const pod = await readyPod(place);
    const annotate = (more: object): Promise<void> => cluster.client.request('merge', '/api/v1/nodes/extra', { metadata: { annotations: more } });
    await annotate({ 'sandbox.kubernaut.io/pressure': 'disk' });
    await eventually('disk pressure', condition('DiskPressure', 'True'));
    await annotate({ 'sandbox.kubernaut.io/pressure': null, 'sandbox.kubernaut.io/down': 'true' });
    await eventually('Ready is Unknown', condition('Ready', 'Unknown'), 40_000);
    await expect(place.log(pod.metadata.name)).rejects.toThrow();
    await eventually('its pod is not Ready', async () => !isReady((await place.pods())[0] ?? pod));
    await annotate({ 'sandbox.kubernaut.io/down': null });
    await eventually('extra is Ready again', condition('Ready', 'True'));
    await readyPod(place);
    expect(await place.log(pod.metadata.name)).toContain('starting app:1');
  }, timeoutMs * 1.5);
});

describe('usage', () => {
  it('shared by all Ready pods lets the real autoscaler scale, and is exposed for Prometheus', async () => {
    const place = await cluster.place('life-usage');
    await place.images('images: [{ image: "app:1", load: { cpu: 800m } }]');
    await place.apply(deploymentOf({ image: 'app:1', resources: { requests: { cpu: '100m' } } }));
    await readyPod(place);
    await place.apply(
      JSON.stringify({
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'app' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' },
          minReplicas: 1,
          maxReplicas: 4,
          metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
        },
      }),
    );
    await eventually('four replicas', async () => (await place.deployment()).status?.['readyReplicas'] === 4, 45_000);
    const text = await (await fetch(cluster.simulator.metricsUrl)).text();
    expect(text).toContain('kube_deployment_spec_replicas{namespace="life-usage",deployment="app"} 4');
    expect(text).toMatch(/container_memory_working_set_bytes\{namespace="life-usage",pod="app-[^"]+",container="main"/);
    expect(text).toContain('kube_horizontalpodautoscaler_spec_max_replicas{namespace="life-usage",horizontalpodautoscaler="app"} 4');
  }, timeoutMs);
});

describe('a rollout', () => {
  it('to a bad image stays behind the old pods, which keep serving', async () => {
    const place = await cluster.place('life-rollout');
    await place.images('images: [{ image: "app:bad", pull: not_found }]');
    await place.apply(deploymentOf({ image: 'app:1' }, {}, 2));
    await eventually('two available', async () => (await place.deployment()).status?.['availableReplicas'] === 2);
    await place.patch('Deployment', 'app', templatePatch({ image: 'app:bad' }));
    await eventually('a pod that cannot pull', async () => (await place.pods()).some((pod) => main(pod)?.state.waiting?.reason === 'ImagePullBackOff'));
    expect((await place.deployment()).status?.['availableReplicas']).toBe(2);
    expect(cluster.errors).toEqual([]);
  }, timeoutMs);
});
