import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, webhookOf } from '../../test/support/gateway.js';
import { resolveHints } from '../adapters/kubernetes/resolve.js';
import { worldOf, type KubeObject } from '../domain/kube.js';

const SECRET = 'a-secret-of-the-event-exporter';
const event = JSON.parse(readFileSync(new URL('../../test/fixtures/kubernetes/failed-mount.json', import.meta.url), 'utf8')) as object;

const owned = (kind: string, name: string, owner?: KubeObject): KubeObject => ({
  apiVersion: 'apps/v1', kind,
  metadata: { name, namespace: 'shop', uid: name, ...(owner ? { ownerReferences: [{ apiVersion: 'apps/v1', kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid!, controller: true }] } : {}) },
});
const deployment = owned('Deployment', 'api');
const replicaSet = owned('ReplicaSet', 'api-7d9f8b6c5d', deployment);
const pods = ['x2x9z', 'b2b2b', 'c3c3c', 'd4d4d', 'e5e5e'].map((suffix) => owned('Pod', `${replicaSet.metadata.name}-${suffix}`, replicaSet));
const WORLD = worldOf([deployment, replicaSet, ...pods]);

const memory = memoryStore();
const engine = memoryTemporal();
let talk: Awaited<ReturnType<typeof talkTo>>;

beforeAll(async () => {
  talk = await talkTo(gatewayDeps({ ...memory, ...engine, world: () => WORLD, resolveTarget: (hints, cluster) => resolveHints(WORLD, cluster, hints) }, { 'sources.kubernetes.tokens': [SECRET] }));
});
afterAll(() => talk.gateway.close());

it('five pods and an event on one Deployment are one remediation with a problem each, and two faults of it stay two', async () => {
  const crashes = pods.map((p) => alertOf({ labels: { alertname: 'KubePodCrashLooping', pod: p.metadata.name } }));
  const other = alertOf({ labels: { alertname: 'KubeContainerOOMKilled', pod: pods[0]!.metadata.name } });
  const answers = [
    await talk.send('POST', '/alerts', webhookOf(...crashes)),
    await talk.send('POST', '/api/v1/signals/kubernetes', event, { authorization: `Bearer ${SECRET}` }),
    await talk.send('POST', '/alerts', webhookOf(other)),
  ];
  const results = answers.flatMap((a) => a.body.results as { outcome: string; remediation_id: string; fingerprint: string }[]);
  expect(results.map((r) => r.outcome).sort()).toEqual(['joined', 'joined', 'joined', 'joined', 'joined', 'joined', 'started']);
  expect(new Set(results.map((r) => r.remediation_id)).size).toBe(1);
  expect([...engine.state.open.keys()]).toEqual(['remediation/prod/shop/Deployment/api']);
  expect(engine.state.open.get('remediation/prod/shop/Deployment/api')!.signals.toSorted()).toEqual(results.map((r) => r.fingerprint).sort());
});
