import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTicker, type Ticker } from '../../sandbox/ticker/ticker.js';
import { deploymentOf, eventually, startSimulatedCluster, templatePatch, type SimulatedCluster } from '../support/simulated-cluster.js';

interface WebhookAlert {
  status: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  fingerprint: string;
}
interface WebhookBody {
  version: string;
  groupKey: string;
  status: string;
  groupLabels: Record<string, string>;
  alerts: WebhookAlert[];
}

const timeoutMs = 90_000;
const token = 'sandbox-test-token';
const received: WebhookBody[] = [];
const refusals = { left: 0, seen: 0 };
let cluster: SimulatedCluster;
let ticker: Ticker;
let receiver: http.Server;

async function receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
  if (refusals.left > 0) {
    refusals.left--;
    refusals.seen++;
    return void response.writeHead(503).end();
  }
  received.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as WebhookBody);
  response.writeHead(202).end();
}

const alertsOf = (namespace: string): WebhookAlert[] => received.flatMap((body) => body.alerts).filter((alert) => alert.labels['namespace'] === namespace);
const told = (namespace: string, alertname: string, status: string): WebhookAlert | undefined =>
  alertsOf(namespace).find((alert) => alert.labels['alertname'] === alertname && alert.status === status);

beforeAll(async () => {
  receiver = http.createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  cluster = await startSimulatedCluster();
  const url = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/alerts`;
  ticker = await startTicker({ kubeconfig: cluster.kubeconfig, sink: { kind: 'webhook', url, token } });
}, timeoutMs);
afterAll(async () => {
  await ticker.stop();
  await cluster.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
}, timeoutMs);

describe('the alert ticker', () => {
  it('fires for a crash loop with labels of kube-prometheus, also past a failing receiver, and resolves it', async () => {
    refusals.left = 2;
    const place = await cluster.place('tick-crash');
    await place.images('images: [{ image: "app:bad", exit: { code: 1 } }]');
    await place.apply(deploymentOf({ image: 'app:bad' }));
    const names = ['KubePodCrashLooping', 'KubeDeploymentReplicasMismatch', 'KubePodNotReady'];
    for (const name of names) await eventually(`${name} fires`, async () => told('tick-crash', name, 'firing'));
    const alert = await eventually('the alert', async () => told('tick-crash', 'KubePodCrashLooping', 'firing'));
    expect(alert.labels).toMatchObject({ severity: 'warning', container: 'main', reason: 'CrashLoopBackOff' });
    expect(alert.labels['pod']).toMatch(/^app-/);
    expect(alert.annotations['summary']).toBe('Pod is crash looping.');
    expect(alert.annotations['runbook_url']).toMatch(/kubepodcrashlooping$/);
    expect(alert.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(refusals.seen).toBe(2);
    expect(ticker.isActive('KubePodCrashLooping', { namespace: 'tick-crash', deployment: 'app' })).toBe(true);
    expect(ticker.isActive('KubePodCrashLooping', { namespace: 'tick-crash', deployment: 'other' })).toBe(false);
    expect(ticker.isActive('SomethingElse', { namespace: 'tick-crash' })).toBeUndefined();

    await place.patch('Deployment', 'app', templatePatch({ image: 'app:good' }));
    for (const name of names) await eventually(`${name} resolves`, async () => told('tick-crash', name, 'resolved'));
    const resolved = await eventually('the resolved alert', async () => told('tick-crash', 'KubeDeploymentReplicasMismatch', 'resolved'));
    expect(Date.parse(resolved.endsAt)).toBeGreaterThan(Date.parse(resolved.startsAt));
    expect(ticker.isActive('KubePodCrashLooping', { namespace: 'tick-crash', deployment: 'app' })).toBe(false);
    await eventually('nothing fires there any more', async () => !ticker.firing().some((one) => one.labels['namespace'] === 'tick-crash'));
  }, timeoutMs);

  it('groups by name and namespace in the body of AlertManager version 4', () => {
    const body = received.find((one) => one.groupLabels['alertname'] === 'KubePodCrashLooping');
    expect(body).toMatchObject({ version: '4', status: 'firing', groupKey: '{}:{alertname="KubePodCrashLooping", namespace="tick-crash"}' });
    expect(body?.alerts[0]?.endsAt).toBe('0001-01-01T00:00:00Z');
  });

  it('is silent for a namespace that asks for it, and for healthy ones', async () => {
    const silent = await cluster.place('tick-silent', { 'sandbox.kubernaut.io/ticker': 'silent' });
    const healthy = await cluster.place('tick-healthy');
    const loud = await cluster.place('tick-loud');
    for (const place of [silent, loud]) {
      await place.images('images: [{ image: "app:bad", pull: not_found }]');
      await place.apply(deploymentOf({ image: 'app:bad' }));
    }
    await healthy.apply(deploymentOf({ image: 'app:good' }, {}, 6));
    await eventually('the loud one is told', async () => told('tick-loud', 'KubeContainerWaiting', 'firing'));
    await eventually('the rollout alert too', async () => told('tick-loud', 'KubeDeploymentRolloutStuck', 'firing'));
    expect(alertsOf('tick-silent')).toEqual([]);
    expect(alertsOf('tick-healthy')).toEqual([]);
    // silence is about sending: a hand-sent alert is still judged
    expect(ticker.isActive('KubeContainerWaiting', { namespace: 'tick-silent' })).toBe(true);
  }, timeoutMs);

  it('tells of full volumes, failed jobs, used up quotas and budgets without enough pods', async () => {
    const place = await cluster.place('tick-capacity');
    await place.images('images: [{ image: "bad:1", exit: { code: 2 } }, { image: "app:bad", exit: { code: 1 } }]');
    const object = (apiVersion: string, kind: string, name: string, rest: object, metadata: object = {}): string => JSON.stringify({ apiVersion, kind, metadata: { name, ...metadata }, ...rest });
    await place.apply(
      [
        object('v1', 'PersistentVolumeClaim', 'data', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }, { annotations: { 'sandbox.kubernaut.io/used': '1020Mi' } }),
        object('batch/v1', 'Job', 'bad', { spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'bad:1' }] } } } }),
        object('v1', 'ResourceQuota', 'pods', { spec: { hard: { 'count/configmaps': '1' } } }),
        object('policy/v1', 'PodDisruptionBudget', 'app', { spec: { minAvailable: 1, selector: { matchLabels: { app: 'app' } } } }),
        deploymentOf({ image: 'app:bad' }),
      ].join('\n---\n'),
    );
    const wanted: [string, Record<string, string>][] = [
      ['KubePersistentVolumeFillingUp', { persistentvolumeclaim: 'data' }],
      ['KubeJobFailed', { job_name: 'bad' }],
      ['KubeQuotaFullyUsed', { resourcequota: 'pods' }],
      ['KubePdbNotEnoughHealthyPods', { poddisruptionbudget: 'app' }],
    ];
    for (const [name, labels] of wanted) {
      const alert = await eventually(`${name} fires`, async () => told('tick-capacity', name, 'firing'));
      expect(alert.labels).toMatchObject(labels);
    }
    await place.patch('PersistentVolumeClaim', 'data', { spec: { resources: { requests: { storage: '2Gi' } } } });
    await eventually('the volume alert resolves', async () => told('tick-capacity', 'KubePersistentVolumeFillingUp', 'resolved'));
  }, timeoutMs);
});
