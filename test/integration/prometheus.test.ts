import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { KubeNode } from '../../sandbox/simulator/kube-types.js';
import { connectCluster, type ConnectedCluster } from '../../src/adapters/kubernetes/connect-cluster.js';
import type { SignalRow } from '../../src/domain/ports.js';
import { startRoutingAlertManager } from '../support/alertmanager-routes.js';
import { gatewayDeps, memoryStore, memoryTemporal, talkTo, TOKEN } from '../support/gateway.js';
import { checkRules, startPrometheus, type Prometheus, type Scrape } from '../support/prometheus-process.js';
import { deploymentOf, eventually, startSimulatedCluster, templatePatch, type Place, type SimulatedCluster } from '../support/simulated-cluster.js';

jest.setTimeout(180_000);

const RULES = 'test/fixtures/prometheus/rules.yml';
const PATIENCE_MS = 90_000;
const IMAGES = 'images: [{ image: "api:bad", exit: { code: 1, log: "panic: no", after: 0s } }, { image: "web:none", pull: not_found }, { image: "job:bad", exit: { code: 2, after: 0s } }]';

/** As service discovery would label the pod of kube-state-metrics, and the kubelet. */
const TELLERS = {
  'kube-state-metrics': { namespace: 'monitoring', service: 'kube-state-metrics', pod: 'kube-state-metrics-6bb9c4f7c9-8r7tq', container: 'kube-state-metrics', endpoint: 'http' },
  kubelet: { namespace: 'kube-system', service: 'kubelet', endpoint: 'https-metrics', node: 'sandbox-1' },
};

/** One Prometheus per way to treat labels that both the series and its target have. */
const MODES = [
  { name: 'monitoring/k8s', honorLabels: true },
  { name: 'monitoring/renamed', honorLabels: false },
] as const;

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-prometheus-'));
const stops: (() => Promise<unknown>)[] = [];
let sandbox: SimulatedCluster;
let cluster: ConnectedCluster;
let place: Place;

interface Receiving {
  name: string;
  engine: ReturnType<typeof memoryTemporal>;
  memory: ReturnType<typeof memoryStore>;
  gateway: { url: string; close(): Promise<void> };
  prometheus?: Prometheus;
}
const receiving = new Map<string, Receiving>();

async function startReceiving(name: string): Promise<Receiving> {
  const [engine, memory] = [memoryTemporal(), memoryStore()];
  const { gateway } = await talkTo(gatewayDeps({ ...memory, ...engine, resolveTarget: (hints) => cluster.resolve(hints) }));
  stops.unshift(() => gateway.close());
  const one = { name, engine, memory, gateway };
  receiving.set(name, one);
  return one;
}

const scrapesOf = (honorLabels: boolean): Scrape[] => [
  { job: 'kube-state-metrics', url: sandbox.simulator.metricsUrl, honorLabels, labels: TELLERS['kube-state-metrics'], keep: 'kube_.*' },
  { job: 'kubelet', url: sandbox.simulator.metricsUrl, honorLabels, labels: TELLERS.kubelet, keep: '(kubelet|container)_.*' },
];

const manifest = (apiVersion: string, kind: string, name: string, rest: object): string => JSON.stringify({ apiVersion, kind, metadata: { name }, ...rest });

/** A Deployment called other than `app`, whose rollout is given up after two seconds. */
function broken(name: string, image: string, replicas: number): string {
  const deployment = JSON.parse(deploymentOf({ image }, {}, replicas).replaceAll('"app":"app"', `"app":"${name}"`)) as { metadata: object; spec: object };
  return JSON.stringify({ ...deployment, metadata: { name }, spec: { ...deployment.spec, progressDeadlineSeconds: 2 } });
}

const TROUBLE = [
  broken('api', 'api:bad', 3),
  broken('web', 'web:none', 2),
  broken('calm', 'calm:1', 2),
  manifest('autoscaling/v2', 'HorizontalPodAutoscaler', 'calm', {
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'calm' }, minReplicas: 1, maxReplicas: 2, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }] },
  }),
  manifest('batch/v1', 'Job', 'reindex', { spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'job:bad' }] } } } }),
  manifest('v1', 'PersistentVolumeClaim', 'data', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }),
  manifest('v1', 'ResourceQuota', 'claims', { spec: { hard: { persistentvolumeclaims: '1' } } }),
].join('\n---\n');

/** A node that nobody runs on, up once and then silent. */
async function loseNode(name: string): Promise<void> {
  const path = `/api/v1/nodes/${name}`;
  await place.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name, annotations: { 'kwok.x-k8s.io/node': 'fake' } }, spec: { unschedulable: true }, status: { capacity: { cpu: '2', memory: '4Gi', pods: '7' } } }));
  const isUp = async () => (await sandbox.client.request<KubeNode>('GET', path)).status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
  await eventually(`${name} is Ready`, isUp);
  await sandbox.client.request('merge', path, { metadata: { annotations: { 'sandbox.kubernaut.io/down': 'true' } } });
}

beforeAll(async () => {
  sandbox = await startSimulatedCluster();
  stops.unshift(() => sandbox.stop());
  cluster = await connectCluster({ name: 'prod', kubeconfig: sandbox.kubeconfig, userAgentVersion: 'test' });
  stops.unshift(() => cluster.close());
  place = await sandbox.place('shop');
  await place.images(IMAGES);
  await place.apply(TROUBLE);
  await place.patch('PersistentVolumeClaim', 'data', { metadata: { annotations: { 'sandbox.kubernaut.io/used': '1000Mi' } } }, 'merge');
  await loseNode('flaky');

  const gateways = await Promise.all(MODES.map(({ name }) => startReceiving(name)));
  const alertmanager = await startRoutingAlertManager(join(folder, 'alertmanager'), TOKEN, gateways.map(({ name, gateway }) => ({ url: gateway.url, matchers: [`prometheus="${name}"`] })));
  stops.unshift(() => alertmanager.stop());
  await Promise.all(
    MODES.map(async ({ name, honorLabels }, index) => {
      const prometheus = await startPrometheus({
        folder: join(folder, `prometheus-${String(index)}`), rules: RULES, scrapes: scrapesOf(honorLabels), alertmanager: alertmanager.url, externalLabels: { cluster: 'prod', prometheus: name },
      });
      stops.unshift(() => prometheus.stop());
      receiving.get(name)!.prometheus = prometheus;
    }),
  );
});

afterAll(async () => {
  for (const stop of stops) await stop().catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

it('the rules are what promtool accepts', async () => {
  expect((await checkRules(RULES)) ?? 'SUCCESS').toContain('SUCCESS');
});

describe.each(MODES)('with honor_labels $honorLabels', ({ name: mode, honorLabels }) => {
  const rowsOf = (target: string): SignalRow[] => [...receiving.get(mode)!.memory.state.signals.values()].filter((r) => r.workflowId === `remediation/prod/${target}` && r.signal.status === 'firing');
  const podOf = ({ labels }: SignalRow['signal']): string => labels.exported_pod ?? labels.pod ?? '';
  const alertsOf = (target: string): string[] => [...new Set(rowsOf(target).map((r) => r.signal.alert))].sort();

  /** The alerts that led to a target, once there are these at least. */
  const arrived = (target: string, ...alerts: string[]) =>
    eventually(`${alerts.join()} for ${target}; there is ${alertsOf(target).join() || [...receiving.get(mode)!.engine.state.open.keys()].join()}`, async () => alerts.every((a) => alertsOf(target).includes(a)) && rowsOf(target), PATIENCE_MS);

  it('many alerts of pods and their Deployment are one remediation, and each its own problem', async () => {
    const alerts = ['KubeDeploymentReplicasMismatch', 'KubeDeploymentRolloutStuck', 'KubePodCrashLooping'];
    await arrived('shop/Deployment/api', ...alerts);
    const crashing = await eventually('all three pods', async () => {
      const rows = rowsOf('shop/Deployment/api').filter((r) => r.signal.alert === 'KubePodCrashLooping');
      return new Set(rows.map((r) => podOf(r.signal))).size === 3 && rows;
    }, PATIENCE_MS);
    for (const { signal } of crashing) expect(signal.hints).toEqual([{ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: expect.stringMatching(/^api-\w+-\w{5}$/) }]);

    const rows = rowsOf('shop/Deployment/api');
    const problems = new Set(rows.map((r) => `${r.signal.alert} ${podOf(r.signal)}`));
    expect(problems.size).toBeGreaterThanOrEqual(5);
    expect(new Set(rows.map((r) => r.signal.fingerprint)).size).toBe(problems.size);
    expect(rows.filter((r) => r.outcome === 'started')).toHaveLength(1);
    expect(new Set(rows.map((r) => r.remediationId)).size).toBe(1);
    expect(receiving.get(mode)!.engine.state.open.get('remediation/prod/shop/Deployment/api')!.signals).toEqual(expect.arrayContaining(rows.map((r) => r.signal.fingerprint)));
  });

  it.each<[string, string, string[]]>([
    ['a pod that waits for its image to its Deployment', 'shop/Deployment/web', ['KubeContainerWaiting']],
    ['a node that is down to the Node', '-/Node/flaky', ['KubeNodeNotReady', 'KubeNodeUnreachable']],
    ['a failed Job to the Job', 'shop/Job/reindex', ['KubeJobFailed']],
    ['a filling claim to the claim', 'shop/PersistentVolumeClaim/data', ['KubePersistentVolumeFillingUp']],
    ['a full quota to the quota, without a job label', 'shop/ResourceQuota/claims', ['KubeQuotaFullyUsed']],
    ['an autoscaler at its maximum to its Deployment', 'shop/Deployment/calm', ['KubeHpaMaxedOut']],
  ])('%s', async (_name, target, alerts) => {
    const rows = await arrived(target, ...alerts);
    expect(rows.filter((r) => r.outcome === 'started')).toHaveLength(1);
  });

  it('nothing but these is a target: neither who told nor where it runs', async () => {
    // what a rule has summed by (namespace, pod) without honor_labels names kube-state-metrics alone: nobody could know better
    const lost = honorLabels ? [] : ['remediation/prod/monitoring/Pod/kube-state-metrics-6bb9c4f7c9-8r7tq'];
    if (honorLabels) await arrived('shop/Deployment/web', 'KubePodNotReady');
    const wanted = ['shop/Deployment/api', 'shop/Deployment/web', 'shop/Deployment/calm', '-/Node/flaky', 'shop/Job/reindex', 'shop/PersistentVolumeClaim/data', 'shop/ResourceQuota/claims'];
    const extra = [...receiving.get(mode)!.engine.state.open.keys()].filter((id) => !lost.includes(id) && !wanted.includes(id.replace('remediation/prod/', '')));
    expect(extra).toEqual([]);
  });
});

it('a repaired Deployment resolves every one of its problems, in both', async () => {
  const before = new Map(MODES.map(({ name }) => [name, [...receiving.get(name)!.memory.state.signals.values()].filter((r) => r.workflowId?.endsWith('/Deployment/api') && r.signal.status === 'firing')]));
  await place.patch('Deployment', 'api', templatePatch({ image: 'api:1' }));
  for (const { name } of MODES) {
    const told = () => receiving.get(name)!.engine.state.open.get('remediation/prod/shop/Deployment/api')!.signals;
    const fingerprints = before.get(name)!.map((r) => r.signal.fingerprint);
    expect(fingerprints.length).toBeGreaterThanOrEqual(5);
    await eventually(`the end of ${String(fingerprints.length)} problems`, async () => fingerprints.every((f) => told().includes(`resolved ${f}`)), PATIENCE_MS);
  }
  for (const { name } of MODES) {
    const alerts = await receiving.get(name)!.prometheus!.alerts();
    expect(alerts.filter((a) => a.state === 'firing' && (a.labels.deployment === 'api' || (a.labels.exported_pod ?? a.labels.pod ?? '').startsWith('api-')))).toEqual([]);
  }
});
