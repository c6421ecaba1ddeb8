import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from '@jest/globals';
import { memoryCluster, type MemoryCluster } from '../../test/support/memory-cluster.js';
import { ACTION_ID, daemonSetOf, deploymentOf, edited, factsOf, NOW, podOf, replicaSetOf, statefulSetOf } from '../../test/support/objects.js';
import type { Change } from '../domain/change.js';
import { KubernautError } from '../domain/errors.js';
import { conditionOf, worldOf, type KubeObject } from '../domain/kube.js';
import type { ExecuteContext } from './define.js';
import { rotateSecrets } from './rotate-secrets.js';
import { consumersOf, holdsOldValue } from './secret-consumers.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const APIS = ['external-secrets.io/v1/ExternalSecret', 'cert-manager.io/v1/Certificate'];
const READY = { type: 'Ready', status: 'True', reason: 'Ok', lastTransitionTime: '2026-02-01T00:00:00Z' };
const custom = (apiVersion: string, kind: string, name: string, annotations: Record<string, string>, spec: object, status: object): KubeObject => ({
  apiVersion, kind, metadata: { name, namespace: 'shop', uid: `uid-${kind.toLowerCase()}-${name}`, resourceVersion: '1', generation: 3, annotations }, spec, status,
});
const externalOf = (o: { annotations?: Record<string, string>; spec?: object; status?: object } = {}): KubeObject =>
  custom('external-secrets.io/v1', 'ExternalSecret', 'db', o.annotations ?? { 'kubernaut.io/rotation-overlap': 'true' }, { refreshInterval: '1h', target: { name: 'creds' }, ...o.spec }, o.status ?? { refreshTime: '2026-03-01T11:00:00Z', syncedResourceVersion: '3-a', conditions: [READY] });
const certificateOf = (o: { spec?: object; status?: object } = {}): KubeObject =>
  custom('cert-manager.io/v1', 'Certificate', 'web', {}, { secretName: 'creds', issuerRef: { name: 'ca' }, ...o.spec }, { revision: 4, conditions: [READY], ...o.status });

const env = { containers: [{ name: 'api', env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'creds', key: 'p' } } }] }] };
const api = deploymentOf('api', { pod: env });
const set = replicaSetOf(api, 1, { available: 2 });
const db = statefulSetOf('db', { pod: env });
const cluster = [api, set, podOf('api-1', { owner: set, pod: env }), db, podOf('db-0', { owner: db, pod: env })];

function plan(object: KubeObject, o: { objects?: KubeObject[]; params?: object; limits?: object; missing?: { what: string; why: string }[]; apis?: string[]; id?: string } = {}) {
  const params = { namespace: 'shop', ...(object.kind === 'Certificate' ? { certificate: 'web' } : { externalSecret: 'db' }), ...o.params };
  const facts = factsOf([object, ...(o.objects ?? cluster)], { apis: o.apis ?? APIS, limits: { ...o.limits } });
  facts.evidence.missing = o.missing ?? [];
  return { ...rotateSecrets.plan(object, params, facts), target: { ...rotateSecrets.targetOf(params), uid: object.metadata.uid! } };
}

describe('who holds an old value', () => {
  const uses = { env: [{ valueFrom: { secretKeyRef: { name: 'creds' } } }] };
  const part = (volume: object, mount: object) => ({ containers: [{ volumeMounts: [{ name: 'v', mountPath: '/x', ...mount }] }], volumes: [{ name: 'v', ...volume }] });
  it.each<[string, object, boolean]>([
    ['an environment variable', { containers: [uses] }, true],
    ['one of an init container', { initContainers: [uses] }, true],
    ['the whole environment', { containers: [{ envFrom: [{ secretRef: { name: 'creds' } }] }] }, true],
    ['a subPath mount', part({ secret: { secretName: 'creds' } }, { subPath: 'p' }), true],
    ['a subPathExpr mount of a projected volume', part({ projected: { sources: [{ secret: { name: 'creds' } }] } }, { subPathExpr: '$(X)' }), true],
    ['a pull secret', { imagePullSecrets: [{ name: 'creds' }] }, true],
    ['a plain mount, which the kubelet refreshes', part({ secret: { secretName: 'creds' } }, {}), false],
    ['a config map of the same name', { containers: [{ envFrom: [{ configMapRef: { name: 'creds' } }] }] }, false],
    ['another secret', { containers: [{ envFrom: [{ secretRef: { name: 'creds-2' } }] }] }, false],
    ['nothing', {}, false],
  ])('%s', (_what, spec, expected) => {
    expect(holdsOldValue(spec, 'creds')).toBe(expected);
  });

  it('are workloads of the namespace alone, in a stable order', () => {
    const world = worldOf([daemonSetOf('b', { pod: env }), deploymentOf('z', { pod: env }), deploymentOf('a', { pod: env }), deploymentOf('far', { pod: env, namespace: 'other' }), deploymentOf('none')]);
    expect(consumersOf(world, 'shop', 'creds').map((o) => o.metadata.name)).toEqual(['a', 'z', 'b']);
  });
});

describe('rotate_secrets', () => {
  it('annotates an ExternalSecret with the id of the action, then restarts the consumers', () => {
    const planned = plan(externalOf());
    expect(planned.changes).toEqual([
      expect.objectContaining({ op: 'edit', uid: 'uid-externalsecret-db', edits: [{ path: ['metadata', 'annotations', 'force-sync'], before: undefined, after: ACTION_ID }] }),
      expect.objectContaining({ op: 'edit', uid: 'uid-deployment-api', edits: [expect.objectContaining({ after: { 'kubectl.kubernetes.io/restartedAt': '2026-03-01T12:00:00Z' } })] }),
      expect.objectContaining({ op: 'edit', uid: 'uid-statefulset-db' }),
    ]);
    expect(planned.summary).toBe('rotate secret shop/creds through externalsecret db, then restart deployment/api, statefulset/db');
    expect(planned.parameters).toMatchObject({ since: { refreshTime: '2026-03-01T11:00:00Z', synced: '3-a' }, consumers: [{ kind: 'Deployment', name: 'api' }, { kind: 'StatefulSet', name: 'db' }], deadlineS: 1560 });
  });

  it('asks cert-manager as `cmctl renew` does: a condition beside the others, guarded by the revision', () => {
    const issuing = { type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: expect.any(String), lastTransitionTime: '2026-03-01T12:00:00Z', observedGeneration: 3 };
    expect(plan(certificateOf()).changes[0]).toMatchObject({
      subresource: 'status', edits: [{ path: ['status', 'conditions', '1'], after: issuing }, { path: ['status', 'revision'], before: 4, after: 4 }],
    });
    const failed = { type: 'Issuing', status: 'False', reason: 'Failed' };
    expect(plan(certificateOf({ status: { conditions: [failed, READY] } })).changes[0]).toMatchObject({ edits: [{ path: ['status', 'conditions', '0'], before: failed, after: issuing }, {}] });
  });

  it('needs no consumers', () => {
    expect(plan(externalOf(), { objects: [] })).toMatchObject({ changes: [{ op: 'edit' }], summary: expect.stringContaining('no workload holds its old value') });
  });

  it.each<[string, KubeObject, Parameters<typeof plan>[1]]>([
    ['the policy declares the overlap', externalOf({ annotations: {} }), { limits: { overlap: true } }],
    ['it refreshes when it changes', externalOf({ spec: { refreshPolicy: 'OnChange', refreshInterval: '0' } }), {}],
    ['a Job uses it, whose next run reads the new value', externalOf(), { objects: [podOf('job-1', { pod: env, owner: { ...api, apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'job', uid: 'uid-job' } } })] }],
    ['a finished pod used it', externalOf(), { objects: [podOf('bare', { pod: env, phase: 'Succeeded' })] }],
    ['something else was left out of the evidence', externalOf(), { missing: [{ what: 'Services of namespace shop', why: 'size' }, { what: 'Deployments of namespace other', why: 'size' }] }],
  ])('goes ahead when %s', (_why, object, o) => {
    expect(plan(object, o).changes.length).toBeGreaterThan(0);
  });

  it.each<[string, KubeObject, Parameters<typeof plan>[1], string]>([
    ['both are named', externalOf(), { params: { certificate: 'web' } }, 'InvalidParams'],
    ['none is named', externalOf(), { params: { externalSecret: undefined } }, 'InvalidParams'],
    ['External Secrets is not installed', externalOf(), { apis: [APIS[1]!] }, 'Unsupported'],
    ['cert-manager is not installed', certificateOf(), { apis: [APIS[0]!] }, 'Unsupported'],
    ['nobody declared the overlap', externalOf({ annotations: {} }), {}, 'PolicyDenied'],
    ['the overlap is declared by another word', externalOf({ annotations: { 'kubernaut.io/rotation-overlap': 'yes' } }), {}, 'PolicyDenied'],
    ['its interval is zero', externalOf({ spec: { refreshInterval: '0h0m0s' } }), {}, 'PreconditionChanged'],
    ['it is made once', externalOf({ spec: { refreshPolicy: 'CreatedOnce' } }), {}, 'PreconditionChanged'],
    ['its Secret is immutable', externalOf({ spec: { target: { name: 'creds', immutable: true } } }), {}, 'PreconditionChanged'],
    ['its Secret is a bootstrap token', externalOf({ spec: { target: { name: 'bootstrap-token-abcdef' } } }), {}, 'PolicyDenied'],
    ['it was never synced', externalOf({ status: { conditions: [] } }), {}, 'PreconditionChanged'],
    ['it is an authority', certificateOf({ spec: { isCA: true } }), {}, 'PolicyDenied'],
    ['it is being issued', certificateOf({ status: { conditions: [{ type: 'Issuing', status: 'True' }] } }), {}, 'PreconditionChanged'],
    ['it was never issued', certificateOf({ status: { revision: undefined } }), {}, 'PreconditionChanged'],
    ['it is in a namespace of ours', { ...externalOf(), metadata: { ...externalOf().metadata, namespace: 'kubernaut-system' } }, {}, 'PolicyDenied'],
    ['pods were left out of the evidence', externalOf(), { missing: [{ what: 'pods of namespace shop', why: '1 of 301 left out for size' }] }, 'PreconditionChanged'],
    ['Deployments cannot be read', externalOf(), { missing: [{ what: 'Deployments', why: 'forbidden' }] }, 'PreconditionChanged'],
    ['a bare pod uses it', externalOf(), { objects: [podOf('bare', { pod: env })] }, 'PreconditionChanged'],
    ['an operator\'s pod uses it', externalOf(), { objects: [podOf('pg-1', { pod: env, owner: { ...api, apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { name: 'pg', uid: 'uid-pg' } } })] }, 'PreconditionChanged'],
    ['a consumer restarts only by hand', externalOf(), { objects: [daemonSetOf('agent', { pod: env, spec: { updateStrategy: { type: 'OnDelete' } } })] }, 'PreconditionChanged'],
    ['too many use it', externalOf(), { limits: { maxConsumers: 1 } }, 'PolicyDenied'],
  ])('refuses when %s', (_why, object, o, expected) => {
    expect(() => plan(object, o)).toThrow(code(expected));
  });

  it('does not apply to our own', () => {
    const ours = externalOf();
    ours.metadata.labels = { 'app.kubernetes.io/part-of': 'kubernaut' };
    expect(rotateSecrets.applies(ours, factsOf([ours]))).toMatch(/Kubernaut/);
    expect(rotateSecrets.applies(externalOf(), factsOf([externalOf()]))).toBe(true);
  });

  it.each(['', '*', 'Db', 'db,web', 'db\n', '../db', 7, ['db'], 'a'.repeat(254)])('takes no name like %j', (name) => {
    expect(Value.Check(rotateSecrets.params, { namespace: 'shop', externalSecret: name })).toBe(false);
    expect(Value.Check(rotateSecrets.params, { namespace: 'shop', certificate: name })).toBe(false);
  });
});

describe('rotate_secrets, while it runs', () => {
  type Plan = ReturnType<typeof plan>;
  const beats: unknown[] = [];
  const contextOf = (on: MemoryCluster, lastHeartbeat?: unknown, signal = AbortSignal.timeout(5000)): ExecuteContext => ({ cluster: on, actionId: ACTION_ID, signal, heartbeat: (d) => void beats.push(structuredClone(d)), lastHeartbeat, isDryRun: false });
  const run = (p: Plan, context: ExecuteContext) => rotateSecrets.execute!(p.changes, context, p.parameters as never);
  const order = (on: MemoryCluster) => on.asked.map(({ change }) => ('uid' in change ? change.uid : change.op));
  const verify = (p: Plan, on: MemoryCluster) => rotateSecrets.verify(on.world(), p.parameters as never, p.target, { changes: p.changes });

  /** The operator and the workload controllers, at once: what they do after a write is in the world with it. */
  function reacting(objects: KubeObject[], react: (o: KubeObject, change: Change) => void): MemoryCluster {
    const on = memoryCluster(objects);
    const apply = on.apply.bind(on);
    on.apply = async (change, options) => {
      const outcome = await apply(change, options);
      if (outcome.status === 'applied') on.set(on.objects.map((o) => ('uid' in change && o.metadata.uid === change.uid ? changed(o, change) : o)));
      return outcome;
    };
    const changed = (o: KubeObject, change: Change): KubeObject => {
      const copy = structuredClone(o);
      react(copy, change);
      return copy;
    };
    return on;
  }
  const refreshes = (o: KubeObject): void => void (o.kind === 'ExternalSecret' && Object.assign(o.status, { refreshTime: '2026-03-01T12:00:01Z', syncedResourceVersion: '3-b' }));
  const issues = (o: KubeObject): void => void (o.kind === 'Certificate' && Object.assign(o.status, { revision: 5, conditions: [READY] }));

  it('restarts each consumer after the refresh was seen, and once', async () => {
    const p = plan(externalOf());
    const on = reacting([externalOf(), ...cluster], refreshes);
    await run(p, contextOf(on));
    expect(order(on)).toEqual(['uid-externalsecret-db', 'uid-deployment-api', 'uid-statefulset-db']);
    expect(verify(p, on)).toEqual({ state: 'reached', detail: 'refreshed at 2026-03-01T12:00:01Z, 2 consumers restarted' });
    const before = structuredClone(on.objects);
    await run(p, contextOf(on));
    expect(on.objects).toEqual(before);
  });

  it('knows a refresh within the same second by the state it saw', async () => {
    const p = plan(externalOf());
    const on = reacting([externalOf(), ...cluster], (o) => void (o.kind === 'ExternalSecret' && (o.status.syncedResourceVersion = '3-b')));
    await run(p, contextOf(on));
    expect(verify(p, on).state).toBe('reached');
  });

  it('touches no consumer while the value is not published, and says so at its deadline', async () => {
    const p = plan(externalOf());
    const on = memoryCluster([externalOf(), ...cluster]);
    const late = new AbortController();
    const running = run(p, contextOf(on, undefined, late.signal));
    setTimeout(() => late.abort(new KubernautError('ConvergeFailed', 'not done within 1 s')), 50);
    await expect(running).rejects.toThrow(/not done within 1 s: externalsecret shop\/db got no new value, its consumers were not restarted: not refreshed yet/);
    expect(order(on)).toEqual(['uid-externalsecret-db']);
    expect(verify(p, on)).toEqual({ state: 'waiting', detail: 'not refreshed yet' });
  });

  it.each<[string, KubeObject, (o: KubeObject) => void, RegExp]>([
    ['the provider fails', externalOf(), (o) => void (o.status.conditions = [{ ...READY, status: 'False', reason: 'SecretSyncedError', message: 'token=hunter2hunter2', lastTransitionTime: NOW }]), /SecretSyncedError \(token=<redacted>\)/],
    ['the issuer fails', certificateOf(), (o) => void (o.status.conditions = [READY, { type: 'Issuing', status: 'False', reason: 'Failed', lastTransitionTime: NOW }]), /the issuer refused: Failed/],
  ])('stops before the consumers when %s', async (_what, object, fail, message) => {
    const p = plan(object);
    const on = reacting([object, ...cluster], fail);
    await expect(run(p, contextOf(on))).rejects.toThrow(message);
    expect(order(on)).toHaveLength(1);
    expect(verify(p, on).state).toBe('failed');
  });

  it('stops at the first consumer that does not come up', async () => {
    const p = plan(externalOf());
    const on = reacting([externalOf(), ...cluster], (o) => {
      refreshes(o);
      if (o.kind === 'Deployment') o.status.conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', lastUpdateTime: NOW }];
    });
    await expect(run(p, contextOf(on))).rejects.toThrow(/deployment shop\/api does not come up with it; consumers after it were not restarted/);
    expect(order(on)).toEqual(['uid-externalsecret-db', 'uid-deployment-api']);
    expect(verify(p, on)).toMatchObject({ state: 'failed', detail: expect.stringContaining('deployment api') });
  });

  it('goes on where an earlier attempt was killed after the certificate was issued', async () => {
    const p = plan(certificateOf());
    const on = memoryCluster([certificateOf({ status: { revision: 5 } }), ...cluster]);
    await run(p, contextOf(on));
    // the first is refused, the second is a guard that writes nothing
    expect(order(on)).toEqual(['uid-certificate-web', 'uid-certificate-web', 'uid-deployment-api', 'uid-statefulset-db']);
    expect(conditionOf(on.world().get('Certificate', 'shop', 'web'), 'Issuing')).toBeUndefined();
    expect(on.world().get('Certificate', 'shop', 'web')!.status.revision).toBe(5);
  });

  it('does not repeat a consumer that an earlier attempt finished, whoever touched it since', async () => {
    const p = plan(certificateOf());
    const touched = edited(api, [{ path: ['spec', 'template', 'metadata', 'annotations'], after: { 'kubectl.kubernetes.io/restartedAt': 'a person' } }]);
    const on = memoryCluster([certificateOf({ status: { revision: 5 } }), touched, ...cluster.slice(1)]);
    await run(p, contextOf(on, { since: { revision: 4 }, done: ['uid-deployment-api'] }));
    expect(order(on)).not.toContain('uid-deployment-api');
    await expect(run(p, contextOf(on))).rejects.toEqual(code('PreconditionChanged'));
  });

  it('never writes over a sync that somebody else asked for', async () => {
    const p = plan(externalOf());
    const on = memoryCluster([externalOf({ annotations: { 'force-sync': 'theirs' } }), ...cluster]);
    await expect(run(p, contextOf(on))).rejects.toEqual(code('PreconditionChanged'));
  });

  it('waits for an issuance that it asked for, and no longer', async () => {
    const p = plan(certificateOf());
    const on = reacting([certificateOf(), ...cluster], issues);
    await run(p, contextOf(on));
    expect(order(on)).toEqual(['uid-certificate-web', 'uid-deployment-api', 'uid-statefulset-db']);
    expect(verify(p, on).detail).toBe('revision 5 issued, 2 consumers restarted');
    expect(rotateSecrets.verify(worldOf([]), p.parameters as never, p.target, p).state).toBe('failed');
  });

  it('has nothing to put back', () => {
    expect(rotateSecrets.undo).toEqual({ irreversible: expect.stringContaining('nothing was revoked') });
  });
});
