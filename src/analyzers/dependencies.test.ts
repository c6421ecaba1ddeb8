import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../domain/kube.js';
import { container, deployment, event, evidenceOf, log, NS, object, pod, service, type PodState } from '../../test/support/kube-objects.js';
import { diagnoseAll } from './index.js';

const unready: PodState = {};
const refused = 'cannot connect to db:5432: dial tcp db:5432: connect: connection refused';
const timeout = 'cannot connect to db:5432: dial tcp db:5432: i/o timeout';
const dbPort = { ports: [{ port: 5432, targetPort: 5432 }] };
const dbSpec = { podSpec: { containers: [container({ image: 'db:1', ports: [{ containerPort: 5432 }] })] } };

/** An application that says this, beside a database in that state. */
function app(lines: string[], others: (KubeObject | KubeObject[])[], podSpec: object = {}) {
  const { deployment: d, sets } = deployment('api', [{ podSpec: { containers: [container(podSpec)] } }], { completed: true });
  const p = pod(sets[0]!, unready);
  return evidenceOf(d, [sets, p, ...others], { logs: lines.length > 0 ? [log(p, lines)] : [] });
}

function database(state: PodState | undefined, more: { replicas?: number; revisions?: Parameters<typeof deployment>[1]; completed?: boolean } = {}) {
  const { deployment: d, sets } = deployment('db', more.revisions ?? [{ ...dbSpec, available: state?.ready ? 1 : 0 }], { replicas: more.replicas ?? 1, completed: more.completed ?? true });
  return { d, objects: [d, ...sets, ...(state ? [pod(sets.at(-1)!, state)] : [])] };
}

describe('root over symptom', () => {
  it('the database that was rolled out badly is rolled back, not the application that waits', () => {
    const broken = { podSpec: { containers: [container({ image: 'db:typo', ports: [{ containerPort: 5432 }] })] } };
    const db = database({ waiting: { reason: 'ImagePullBackOff', message: 'db:typo: not found' } }, { revisions: [dbSpec, broken], completed: false });
    const [first] = diagnoseAll(app([refused], [db.objects, service('db', dbPort)]));
    expect(first).toMatchObject({ cause: 'bad_rollout.image', target: { kind: 'Deployment', name: 'db' } });
    expect(first?.proposals[0]).toMatchObject({ action: 'rollback_deployment', parameters: { name: 'db', revision: 1 } });
    expect(first?.summary).toContain('deployment shop/api waits for shop/db');
  });

  it('a chain is followed to its end', () => {
    const lost = database({ waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, last: { reason: 'OOMKilled', exitCode: 137 } }, { revisions: [{ podSpec: { containers: [container({ image: 'db:1', resources: { limits: { memory: '64Mi' } } })] } }] });
    const { deployment: mid, sets } = deployment('mid', [{ podSpec: { containers: [container({ env: [{ name: 'DB', value: 'db:5432' }] })] } }], { completed: true });
    const midPod = pod(sets[0]!, unready);
    const evidence = app(['dial tcp: lookup mid: connection refused'], [mid, sets, midPod, service('mid'), lost.objects, service('db', dbPort)]);
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'oom.growth', target: { name: 'db' } });
  });

  it('a database scaled to zero: a person decides, and gets the command', () => {
    const db = database(undefined, { replicas: 0 });
    expect(diagnoseAll(app([refused], [db.objects, service('db', dbPort)]))[0]).toMatchObject({
      cause: 'scaled_down.zero', conclusion: 'needs_person', target: { name: 'db' }, edit: 'kubectl scale deployment/db -n shop --replicas=1',
    });
  });

  it('a database scaled to zero that somebody waits for comes back as it was', () => {
    const db = database(undefined, { replicas: 0 });
    const evidence = app([refused], [db.objects, service('db', dbPort)]);
    evidence.events.push(event(db.d, 'ScalingReplicaSet', 'Scaled down replica set db-hash1 from 1 to 0', 'Normal'));
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'scaled_down.zero', target: { name: 'db' }, proposals: [{ action: 'scale_deployment', parameters: { name: 'db', replicas: 1 } }] });
    const alone = evidenceOf(db.d, [db.objects, service('db', dbPort)], { events: evidence.events });
    expect(diagnoseAll(alone)[0]).toMatchObject({ cause: 'scaled_down.zero', conclusion: 'needs_person' });
  });

  it('a database scaled to zero against its disruption budget is scaled up again', () => {
    const db = database(undefined, { replicas: 0 });
    const budget = object('policy/v1', 'PodDisruptionBudget', 'db', { spec: { minAvailable: 1, selector: { matchLabels: { app: 'db' } } } });
    expect(diagnoseAll(app([refused], [db.objects, budget, service('db', dbPort)]))[0]?.proposals[0]).toMatchObject({ action: 'scale_deployment', parameters: { name: 'db', replicas: 1 } });
  });

  it('an init container that waits for a Service without endpoints', () => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: { initContainers: [container({ name: 'wait', args: ['until nc -z db 5432; do sleep 1; done'] })] } }], { completed: true });
    const p = pod(sets[0]!, { init: true, phase: 'Pending' });
    const db = database(undefined, { replicas: 0 });
    expect(diagnoseAll(evidenceOf(d, [sets, p, db.objects, service('db', dbPort)]))[0]).toMatchObject({ cause: 'scaled_down.zero', target: { name: 'db' } });
  });
});

describe('the database is found however it is named', () => {
  const broken = { podSpec: { containers: [container({ image: 'db:typo', ports: [{ containerPort: 5432 }] })] } };
  const down = () => database({ waiting: { reason: 'ImagePullBackOff', message: 'db:typo: not found' } }, { revisions: [dbSpec, broken], completed: false }).objects;
  const inNamespace = (objects: KubeObject[], namespace: string) => objects.map((o) => ({ ...o, metadata: { ...o.metadata, namespace } }));
  const config = (data: object) => object('v1', 'ConfigMap', 'cfg', { data });
  const variable = (key: string) => ({ env: [{ name: key, valueFrom: { configMapKeyRef: { name: 'cfg', key } } }] });
  const namespace = (name: string) => object('v1', 'Namespace', name, {}, { namespace: undefined });

  it.each([
    ['in a variable, by name and port', [service('db', dbPort)], { env: [{ name: 'DB', value: 'db:5432' }] }],
    ['in a variable that holds a bare host', [service('db', dbPort)], { env: [{ name: 'DB_HOST', value: 'db' }] }],
    ['in a key of a ConfigMap', [service('db', dbPort), config({ DB_URL: 'db:5432' })], variable('DB_URL')],
    ['in a ConfigMap that is taken whole', [service('db', dbPort), config({ DB_HOST: 'db', OTHER: '<redacted>' })], { envFrom: [{ configMapRef: { name: 'cfg' } }] }],
    ['through an ExternalName', [service('db', dbPort), service('store', { type: 'ExternalName', externalName: 'db.shop.svc.cluster.local', selector: undefined })], { env: [{ name: 'DB', value: 'store:5432' }] }],
    ['through a headless Service', [service('db', { ...dbPort, clusterIP: 'None' })], { env: [{ name: 'DB', value: 'db.shop.svc:5432' }] }],
    ['as one pod of a headless Service', [service('db', { ...dbPort, clusterIP: 'None' })], { env: [{ name: 'DB', value: 'db-0.db.shop.svc.cluster.local:5432' }] }],
  ])('%s', (_how, objects, podSpec) => {
    expect(diagnoseAll(app([], [down(), ...objects], podSpec))[0]).toMatchObject({ cause: 'bad_rollout.image', target: { kind: 'Deployment', name: 'db' }, proposals: [{ action: 'rollback_deployment' }] });
  });

  it('in another namespace, named only by a ConfigMap', () => {
    const there = inNamespace([...down(), service('db', dbPort)], 'data');
    const evidence = app([], [there, namespace('data'), config({ DB_HOST: 'db.data:5432' })], variable('DB_HOST'));
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'bad_rollout.image', target: { namespace: 'data', name: 'db' } });
  });

  it('an ExternalName to a Service that is gone says which one', () => {
    const evidence = app([], [namespace('data'), service('store', { type: 'ExternalName', externalName: 'db.data.svc.cluster.local', selector: undefined })], { env: [{ name: 'DB', value: 'store:5432' }] });
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'service.missing', target: { kind: 'Service', namespace: 'data', name: 'db' } });
  });

  it('web → api → db leads to db, from web and from api alike, without a word in any log', () => {
    const { deployment: web, sets: webSets } = deployment('web', [{ podSpec: { containers: [container({ env: [{ name: 'API', value: 'http://api' }] })] } }], { completed: true });
    const fromApi = app([], [down(), service('db', dbPort), service('api'), web, webSets, pod(webSets[0]!, unready)], { env: [{ name: 'DB', value: 'db:5432' }] });
    const fromWeb = { ...fromApi, object: web, target: { ...fromApi.target, name: 'web', uid: web.metadata.uid } };
    for (const evidence of [fromApi, fromWeb]) expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'bad_rollout.image', target: { name: 'db' } });
  });
});

describe('what stands between two healthy workloads', () => {
  const ready = database({ ready: true });

  it.each([
    ['a missing Service', [ready.objects], 'dial tcp: lookup db: no such host', 'service.missing', 'kubectl expose deployment db -n shop --name=db --port=5432'],
    ['an edited selector', [ready.objects, service('db', { ...dbPort, selector: { app: 'database' } })], refused, 'service.selector_mismatch', `kubectl patch service db -n shop --type=json -p '[{"op":"replace","path":"/spec/selector","value":{"app":"db"}}]'`],
    ['a wrong targetPort', [ready.objects, service('db', { ports: [{ port: 5432, targetPort: 1234 }] })], refused, 'service.target_port', `kubectl patch service db -n shop --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":5432}]'`],
    ['a named targetPort that no pod has', [ready.objects, service('db', { ports: [{ port: 5432, targetPort: 'pg' }] })], refused, 'service.target_port', `kubectl patch service db -n shop --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":5432}]'`],
    ['a port that the Service does not have', [ready.objects, service('db', { ports: [{ port: 5433, targetPort: 5432 }] })], refused, 'service.port_missing', `kubectl patch service db -n shop --type=json -p '[{"op":"replace","path":"/spec/ports/0/port","value":5432}]'`],
  ])('%s goes to a person with the exact edit', (_name, objects, line, cause, edit) => {
    expect(diagnoseAll(app([line], objects))[0]).toMatchObject({ cause, conclusion: 'needs_person', proposals: [], edit });
  });

  it.each([
    ['the database', ['Ingress'], 'db', '"podSelector":{"matchLabels":{"app":"db"}},"policyTypes":["Ingress"]'],
    ['the application', ['Egress'], 'api', '"podSelector":{"matchLabels":{"app":"api"}},"policyTypes":["Egress"]'],
    ['both', ['Ingress', 'Egress'], 'db', '}\n---\n{'],
  ])('a policy that isolates %s is the root: a narrow allowance for a day is proposed for the isolated side, and shown as an edit', (_what, policyTypes, name, edit) => {
    const policy = object('networking.k8s.io/v1', 'NetworkPolicy', 'deny', { spec: { podSelector: {}, policyTypes } });
    const [first] = diagnoseAll(app([timeout], [ready.objects, service('db', dbPort), policy]));
    expect(first).toMatchObject({
      cause: 'network_policy.blocks', target: { kind: 'NetworkPolicy', name: 'deny' },
      proposals: [{ action: 'update_network_policy', target: { kind: 'Deployment', name }, parameters: { namespace: 'shop', from: 'Deployment/api', to: 'Deployment/db', port: 5432, protocol: 'TCP', ttl: '24h' } }],
    });
    expect(first?.conclusion).toBeUndefined();
    expect(first?.edit).toContain(edit);
    expect(first?.edit).toContain('"ports":[{"port":5432,"protocol":"TCP"}]');
  });

  it('a policy that lets this flow through is not blamed', () => {
    const policy = object('networking.k8s.io/v1', 'NetworkPolicy', 'some', {
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ port: 5432 }] }] },
    });
    expect(diagnoseAll(app([timeout], [ready.objects, service('db', dbPort), policy]))[0]?.cause).toBe('dependency.refused');
  });

  it('labels that the last rollout changed under a Service are rolled back', () => {
    const { deployment: d, sets } = deployment('web', [{ labels: { tier: 'front' } }, { labels: { tier: 'edge' }, available: 1 }], { replicas: 1, completed: true });
    const evidence = evidenceOf(d, [sets, pod(sets[1]!, { ready: true }), service('web', { selector: { app: 'web', tier: 'front' } })]);
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'bad_rollout.labels', proposals: [{ action: 'rollback_deployment', parameters: { revision: 1 } }] });
  });
});

describe('what is not the dependency', () => {
  it('a new revision that talks to a Service that never was', () => {
    const { deployment: d, sets } = deployment('api', [{ available: 1 }, { podSpec: { containers: [container({ env: [{ name: 'CACHE_ADDR', value: 'cache-new:6379' }] })] } }]);
    const p = pod(sets[1]!, unready);
    const evidence = evidenceOf(d, [sets, p, pod(sets[0]!, { ready: true })], { logs: [log(p, ['dial tcp: lookup cache-new: no such host'])] });
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'bad_rollout.dependency', proposals: [{ parameters: { revision: 1 } }] });
  });

  it('a broken database beside an application that is well', () => {
    const { deployment: d, sets } = deployment('api', [{ available: 1, podSpec: { containers: [container({ env: [{ name: 'DB', value: 'db:5432' }] })] } }], { replicas: 1, completed: true });
    const db = database(undefined, { replicas: 0 });
    expect(diagnoseAll(evidenceOf(d, [sets, pod(sets[0]!, { ready: true }), db.objects, service('db', dbPort)]))[0]).toMatchObject({ cause: 'healthy', conclusion: 'no_action_needed' });
  });

  it('a host outside of what was read', () => {
    const [first] = diagnoseAll(app(['dial tcp: lookup db.elsewhere: no such host'], []));
    expect(first).toMatchObject({ cause: 'dependency.outside', conclusion: 'needs_person' });
  });

  it('a right that the service account lacks', () => {
    const line = '403 Forbidden: configmaps is forbidden: User "system:serviceaccount:shop:default" cannot get resource "configmaps" in API group "" in the namespace "shop"';
    expect(diagnoseAll(app([line], []))[0]).toMatchObject({
      cause: 'access.denied', conclusion: 'needs_person',
      edit: `kubectl create role default-get-configmaps -n ${NS} --verb=get --resource=configmaps && kubectl create rolebinding default-get-configmaps -n ${NS} --role=default-get-configmaps --serviceaccount=${NS}:default`,
    });
  });
});

describe('words in a complaint that are no hosts', () => {
  it.each(['waiting for connections', 'no such host: retry in 5s', 'main.go:42: dial tcp 10.0.0.5:5432: connect: connection refused', 'host unreachable, giving up'])('%s', (line) => {
    expect(diagnoseAll(app([line], [])).map((f) => f.cause)).not.toContain('service.missing');
  });
});
