import { describe, expect, it } from '@jest/globals';
import { denyAll } from '../../test/support/actions/update-network-policy.js';
import { serviceOf } from '../../test/support/actions/quarantine-pod.js';
import { ACTION_ID, deploymentOf, factsOf, podOf, replicaSetOf, statefulSetOf } from '../../test/support/objects.js';
import { memoryCluster } from '../../test/support/memory-cluster.js';
import type { Change } from '../domain/change.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { policiesAgainst } from '../domain/network-policy.js';
import { shortHash } from '../domain/target.js';
import type { ExecuteContext } from './define.js';
import { witnessOf } from './flow-evidence.js';
import { updateNetworkPolicy } from './update-network-policy.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const hash = shortHash(ACTION_ID);
const apiWith = (env: object[], namespace = 'shop') => deploymentOf('api', { namespace, pod: { containers: [{ name: 'api', image: 'api:1', env }] } });
const api = apiWith([{ name: 'DB', value: 'db:5432' }]);
const set = replicaSetOf(api, 1, { replicas: 2 });
const db = statefulSetOf('db', { replicas: 1 });
const dbPod = podOf('db-0', { owner: db, status: { podIP: '10.0.0.9', conditions: [{ type: 'Ready', status: 'True' }] } });
const sick = ['api-1', 'api-2'].map((name) => podOf(name, { owner: set, isReady: false }));
const well = ['api-1', 'api-2'].map((name) => podOf(name, { owner: set }));
const all = [api, set, db, dbPod, serviceOf('shop', 'db', 5432)];
const params = { namespace: 'shop', from: 'Deployment/api', to: 'StatefulSet/db', port: 5432, protocol: 'TCP' as const, ttl: '2h' };

const policy = (name: string, spec: object, namespace = 'shop'): KubeObject => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec });
const named = (name: string, labels: object) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } }, podSelector: { matchLabels: labels } });
const port = { port: 5432, protocol: 'TCP' };
const createdBy = (changes: readonly Change[]) => changes.flatMap((c) => (c.op === 'create' ? [c.object] : []));

const plan = (objects: KubeObject[], o: { target?: KubeObject; params?: object; more?: Parameters<typeof factsOf>[1] } = {}) =>
  updateNetworkPolicy.plan(o.target ?? db, { ...params, ...o.params }, factsOf(objects, o.more));

describe('update_network_policy', () => {
  it('opens one port from one workload to the other, on the side that is cut, for a while', () => {
    const planned = plan([...all, ...sick, denyAll('shop')]);
    expect(planned.changes).toEqual([
      {
        op: 'create',
        object: {
          apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy',
          metadata: { namespace: 'shop', name: `kb-${hash}-allow`, labels: { 'app.kubernetes.io/managed-by': 'kubernaut' }, annotations: { 'kubernaut.io/expires-at': '2026-03-01T14:00:00.000Z' } },
          spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ingress: [{ from: [named('shop', { app: 'api' })], ports: [port] }] },
        },
      },
    ]);
    expect(planned).toMatchObject({ expiresInS: 7200, parameters: { witness: 'template: db:5432', sides: ['Ingress'] } });
    expect(planned.summary).toBe('allow deployment shop/api to TCP 5432 of statefulset shop/db (ingress) for 2h, cut by NetworkPolicy deny-all');
    expect(planned.needsApproval).toBeUndefined();
  });

  it('what it adds is what was missing, and nothing for anybody else', () => {
    const objects = [...all, ...sick, denyAll('shop')];
    const world = worldOf([...objects, ...createdBy(plan(objects).changes)]);
    const flow = (from: KubeObject, number = 5432, protocol = 'TCP') => policiesAgainst(world, { from, to: dbPod, port: number, protocol });
    expect(flow(sick[0]!)).toEqual([]);
    expect(flow(sick[0]!, 5433)).not.toEqual([]);
    expect(flow(sick[0]!, 5432, 'UDP')).not.toEqual([]);
    expect(flow(podOf('web-1'))).not.toEqual([]);
    expect(flow(podOf('api-9', { namespace: 'other' }))).not.toEqual([]);
  });

  it('opens the egress of the source where that is cut', () => {
    const planned = plan([...all, ...sick, denyAll('shop', ['Egress'])], { target: api });
    expect(createdBy(planned.changes)).toMatchObject([{ metadata: { name: `kb-${hash}-allow` }, spec: { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Egress'], egress: [{ to: [named('shop', { app: 'db' })], ports: [port] }] } }]);
  });

  it('opens both sides with two policies where both are cut', () => {
    const planned = plan([...all, ...sick, denyAll('shop', ['Ingress', 'Egress'])]);
    expect(createdBy(planned.changes).map((o) => [o.metadata.name, o.spec.policyTypes])).toEqual([[`kb-${hash}-allow-egress`, ['Egress']], [`kb-${hash}-allow-ingress`, ['Ingress']]]);
  });

  const far = apiWith([{ name: 'DB', value: 'db.shop:5432' }], 'front');
  const farSet = replicaSetOf(far, 1, { replicas: 1, namespace: 'front' });
  const distant = [far, farSet, podOf('api-1', { owner: farSet, namespace: 'front', isReady: false }), db, dbPod, serviceOf('shop', 'db', 5432)];

  it('needs a person between two namespaces', () => {
    const planned = plan([...distant, denyAll('shop')], { params: { fromNamespace: 'front' } });
    expect(planned.needsApproval).toContain('front and shop');
    expect(createdBy(planned.changes)[0]?.spec.ingress[0].from).toEqual([named('front', { app: 'api' })]);
  });

  it('is proposed for the workload whose namespace is opened', () => {
    const objects = [...distant, denyAll('front', ['Egress'])];
    expect(() => plan(objects, { params: { fromNamespace: 'front' } })).toThrow(code('InvalidParams'));
    expect(createdBy(plan(objects, { target: far, params: { fromNamespace: 'front' } }).changes)[0]?.metadata.namespace).toBe('front');
    expect(updateNetworkPolicy.targetOf({ ...params, fromNamespace: 'front' }, { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'front', name: 'api' })).toMatchObject({ namespace: 'front', name: 'api' });
    expect(updateNetworkPolicy.targetOf(params, { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'other' })).toMatchObject({ kind: 'StatefulSet', name: 'db' });
  });

  it('adds nothing where nothing is in the way', () => {
    expect(plan([...all, ...sick]).changes).toEqual([]);
    expect(plan([...all, ...sick, denyAll('shop'), policy('ok', { podSelector: {}, ingress: [{ ports: [{ port: 5000, endPort: 6000 }] }] })]).changes).toEqual([]);
  });

  const calm = [apiWith([]), set, ...well, db, dbPod, serviceOf('shop', 'db', 5432), denyAll('shop')];
  it.each<[string, KubeObject[], Parameters<typeof plan>[1], string]>([
    ['nobody misses the flow', calm, {}, 'PreconditionChanged'],
    ['the source is well, though its template names it', [...all, ...well, denyAll('shop')], {}, 'PreconditionChanged'],
    ['the template names another port', [...all, ...sick, denyAll('shop')], { params: { port: 9000 } }, 'PreconditionChanged'],
    ['one of its pods is not isolated', [...all, podOf('db-1', { owner: db }), ...sick, policy('one', { podSelector: { matchLabels: { one: 'yes' } } }), { ...dbPod, metadata: { ...dbPod.metadata, uid: 'x', name: 'db-2', labels: { app: 'db', one: 'yes' } } }], {}, 'PreconditionChanged'],
    ['the ttl is over a day', [...all, ...sick, denyAll('shop')], { params: { ttl: '25h' } }, 'InvalidParams'],
    ['a quarantined pod was of one of them', [...all, ...sick, denyAll('shop'), podOf('held', { labels: { app: '', 'kubernaut.io/quarantine': 'x' }, annotations: { 'kubernaut.io/quarantined-from': 'Deployment/api' } })], {}, 'PolicyDenied'],
  ])('refuses when %s', (_why, objects, o, expected) => {
    expect(() => plan(objects, o)).toThrow(code(expected));
  });
});

describe('the witness of a missed flow', () => {
  const flow = { from: apiWith([]), to: db, port: 5432, protocol: 'TCP' };
  const service = { ...serviceOf('shop', 'db', 15432), spec: { selector: { app: 'db' }, clusterIP: '10.96.0.7', ports: [{ port: 15_432, targetPort: 5432 }, { port: 9000, targetPort: 9000 }] } };
  const objects = [flow.from, set, ...well, db, dbPod, service];
  const heard = (line: string, o: { pod?: string; as?: 'event' } = {}) => {
    const facts = factsOf(objects);
    if (o.as === 'event') facts.evidence.events.push({ at: '', type: 'Warning', reason: 'Unhealthy', message: line, object: { kind: 'Pod', namespace: 'shop', name: o.pod ?? 'api-1' }, count: 1 });
    else facts.evidence.logs.push({ pod: o.pod ?? 'api-1', container: 'api', isPrevious: false, lines: [line] });
    return witnessOf(flow, facts) !== undefined;
  };
  it.each([
    ['dial tcp: db:15432: i/o timeout', true],
    ['dial tcp 10.96.0.7:15432: i/o timeout', true],
    ['dial tcp 10.0.0.9:5432: connect: connection refused', true],
    ['could not connect to db.shop.svc.cluster.local', true],
    ['could not connect to db.', true],
    ['waiting for http://db.shop/', true],
    ['dial tcp: db:9000: i/o timeout', false],
    ['dial tcp: db-2:15432: i/o timeout', false],
    ['dial tcp: mydb:15432: i/o timeout', false],
    ['dial tcp: db.other:15432: i/o timeout', false],
    ['dial tcp 110.0.0.9:5432: i/o timeout', false],
    ['connected to db:15432', false],
  ])('%s: %s', (line, expected) => {
    expect(heard(line)).toBe(expected);
    expect(heard(line, { as: 'event' })).toBe(expected);
  });

  it('does not listen to pods of others', () => {
    expect(heard('dial tcp: db:15432: i/o timeout', { pod: 'web-1' })).toBe(false);
    expect(heard('dial tcp: db:15432: i/o timeout', { pod: 'web-1', as: 'event' })).toBe(false);
  });
});

describe('right before the write', () => {
  const before = [...all, ...sick, denyAll('shop')];
  const planned = plan(before);
  const run = (objects: KubeObject[]) => {
    const cluster = memoryCluster(objects);
    const asked: Change[] = [];
    const apply = (change: Change) => Promise.resolve(void asked.push(change)).then(() => ({ status: 'applied' as const }));
    const context: ExecuteContext = { cluster: { ...cluster, apply }, actionId: ACTION_ID, signal: new AbortController().signal, heartbeat: () => undefined, lastHeartbeat: undefined, isDryRun: false };
    return updateNetworkPolicy.execute!(planned.changes, context, planned.parameters as never).then(() => asked);
  };

  it('writes where the flow is still cut', async () => {
    await expect(run(before)).resolves.toEqual(planned.changes);
  });

  it('writes nothing where the flow has opened by itself', async () => {
    await expect(run([...all, ...sick])).rejects.toEqual(code('AlreadyRemediated'));
  });

  it('writes nothing where its policy would be the only one left on that side', async () => {
    await expect(run([...all, ...sick, denyAll('shop', ['Egress'])])).rejects.toEqual(code('PreconditionChanged'));
  });

  it('goes on with its own after a crash', async () => {
    await expect(run([...before, ...createdBy(planned.changes)])).resolves.toEqual(planned.changes);
  });

  it.each<[string, KubeObject[], string]>([
    ['waits for the policy', before, 'waiting'],
    ['waits while another side is cut', [...before, ...createdBy(planned.changes), denyAll('shop', ['Ingress', 'Egress'])], 'waiting'],
    ['fails when those it stands beside are gone', [...all, ...sick, ...createdBy(planned.changes)], 'failed'],
    ['waits for the source', [...before, ...createdBy(planned.changes)], 'waiting'],
    ['is reached when the source is Ready again', [...all, ...well, denyAll('shop'), ...createdBy(planned.changes)], 'reached'],
  ])('%s', (_what, objects, state) => {
    const target = updateNetworkPolicy.targetOf(params);
    expect(updateNetworkPolicy.verify(worldOf(objects), planned.parameters as never, target, planned).state).toBe(state);
  });
});
