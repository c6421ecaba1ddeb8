import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlPlane, type ControlPlane } from '../../sandbox/launch/control-plane.js';
import { kubeClientOf, type KubeClient } from '../../sandbox/simulator/kube-client.js';
import { ensureServer } from '../../scripts/servers.mjs';
import { connectCluster, type ConnectedCluster } from '../../src/adapters/kubernetes/connect-cluster.js';
import { invert, type Change } from '../../src/domain/change.js';
import { isKubernautError } from '../../src/domain/errors.js';
import { conditionOf, type KubeObject, type World } from '../../src/domain/kube.js';
import { redactObject } from '../../src/domain/redact-object.js';
import type { ApplyOptions, ChangeOutcome } from '../../src/domain/ports.js';
import { shortHash } from '../../src/domain/target.js';
import { cutProxy } from '../support/cut-proxy.js';

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };
const VERSION = '9.9.9';

let dataDir: string;
let plane: ControlPlane;
let admin: KubeClient;
let cluster: ConnectedCluster;
let ns: string;
let serial = 0;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-cluster-'));
  const { path: binary } = await ensureServer('control-plane');
  plane = await startControlPlane({ dataDir, binary });
  admin = kubeClientOf(plane.kubeconfig);
  cluster = await connectCluster({ name: 'test', kubeconfig: plane.kubeconfig, userAgentVersion: VERSION });
}, 600_000);

afterAll(async () => {
  await cluster?.close();
  admin?.close();
  await plane?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

beforeEach(async () => {
  ns = `t${++serial}`;
  await admin.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns } });
});

const within = (ms: number) => AbortSignal.timeout(ms);
const refTo = (kind: { apiVersion: string; kind: string }, name: string) => ({ ...kind, namespace: ns, name });
const uidOf = (o: KubeObject) => o.metadata.uid!;

const podTemplate = (app: string, image = `${app}:1`) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'main', image, resources: { requests: { cpu: '0.5', memory: '1024Mi' } } }] },
});

const makeDeployment = (name: string, replicas = 2) =>
  admin.request<KubeObject>('POST', `/apis/apps/v1/namespaces/${ns}/deployments`, {
    ...DEPLOYMENT,
    metadata: { name, labels: { app: name } },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: podTemplate(name) },
  });

const makePod = (name: string, labels: Record<string, string> = {}) =>
  admin.request<KubeObject>('POST', `/api/v1/namespaces/${ns}/pods`, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, labels }, spec: { containers: [{ name: 'main', image: 'x:1' }] },
  });

const seen = (kind: string, name: string) => cluster.waitFor((w) => w.get(kind, ns, name), within(10_000));

interface AuditLine {
  verb: string;
  userAgent: string;
  requestURI: string;
  objectRef?: { resource: string; subresource?: string; name?: string };
  responseStatus?: { code: number };
}

/** Our own writes of one action, as the API server recorded them; events aside. */
async function ledger(actionId: string): Promise<AuditLine[]> {
  await sleep(300); // the audit backend writes in batches
  return readFileSync(plane.auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`action=${shortHash(actionId)}`))
    .map((line) => JSON.parse(line) as AuditLine)
    .filter((line) => line.userAgent === `kubernaut/${VERSION} action=${shortHash(actionId)}` && line.objectRef?.resource !== 'events');
}

/** As the activity does: the controllers write status at any moment, which moves the resourceVersion. */
async function applied(change: Change, options: ApplyOptions): Promise<ChangeOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await cluster.apply(change, options);
    } catch (error) {
      if (!isKubernautError(error, 'ConflictTransient') || attempt === 5) throw error;
    }
  }
}

const succeeded = (lines: AuditLine[]) => lines.filter((l) => (l.responseStatus?.code ?? 0) < 300);

const rejection = (code: string) => expect.objectContaining({ code });

describe('the watch cache', () => {
  it('follows what happens, with indexes by namespace, uid and owner', async () => {
    const made = await makeDeployment('api', 2);
    const pods = await cluster.waitFor((w) => (w.list('Pod', ns).length === 2 ? w.list('Pod', ns) : undefined), within(15_000));
    const world = cluster.world();
    expect(world.byUid(uidOf(made))?.metadata.name).toBe('api');
    expect(world.topOwnerOf(pods[0]!)).toBe(world.get('Deployment', ns, 'api'));
    expect(world.ownedBy(uidOf(made)).map((o) => o.kind)).toEqual(['ReplicaSet']);
    const deployment = world.get('Deployment', ns, 'api')!;
    expect(typeof deployment.metadata.creationTimestamp).toBe('string');
    expect(deployment.metadata.managedFields!.some((f) => f.fieldsV1 !== undefined)).toBe(true);
    expect(pods.every((p) => (p.metadata.managedFields ?? []).every((f) => f.fieldsV1 === undefined))).toBe(true);

    await admin.request('DELETE', `/apis/apps/v1/namespaces/${ns}/deployments/api`);
    await cluster.waitFor((w) => (w.list('Pod', ns).length === 0 && !w.get('Deployment', ns, 'api') ? true : undefined), within(20_000));
    expect(world.byUid(uidOf(made))).toBeUndefined();
    expect(world.ownedBy(uidOf(made))).toEqual([]);
  }, 60_000);

  it('gives up waiting with the reason of the signal', async () => {
    await expect(cluster.waitFor(() => undefined, AbortSignal.abort(new Error('deadline')))).rejects.toThrow('deadline');
  });

  it('is healthy, costs nothing to read, and has no gaps for an administrator', async () => {
    expect(cluster.isHealthy()).toBe(true);
    expect(cluster.gaps()).toEqual([]);
    const before = cluster.requests();
    cluster.world().list('Pod');
    cluster.resolve([{ kind: 'Namespace', name: ns }]);
    cluster.events([{ kind: 'Pod', namespace: ns, name: 'x' }]);
    expect(cluster.requests()).toBe(before);
    expect(cluster.requestsByVerb().watch).toBeGreaterThan(15);
  });

  it('comes back by itself after the line was cut and has what happened meanwhile', async () => {
    const target = new URL(plane.server);
    const proxy = await cutProxy({ host: target.hostname, port: Number(target.port) });
    const path = join(dataDir, 'through-proxy.kubeconfig');
    writeFileSync(path, readFileSync(plane.kubeconfig, 'utf8').replaceAll(plane.server, `https://127.0.0.1:${proxy.port}`));
    const far = await connectCluster({ name: 'far', kubeconfig: path, userAgentVersion: VERSION, retryDelayMs: 50 });
    try {
      await makePod('before');
      await far.waitFor((w) => w.get('Pod', ns, 'before'), within(10_000));
      proxy.set('refuse');
      await makePod('meanwhile');
      await admin.request('DELETE', `/api/v1/namespaces/${ns}/pods/before?gracePeriodSeconds=0`);
      await expect(far.read({ apiVersion: 'v1', kind: 'Pod', namespace: ns, name: 'before' })).rejects.toEqual(rejection('K8sUnavailable'));
      await sleep(300);
      expect(far.isHealthy()).toBe(false);
      proxy.set('pass');
      await far.waitFor((w) => (w.get('Pod', ns, 'meanwhile') && !w.get('Pod', ns, 'before') ? true : undefined), within(20_000));
      while (!far.isHealthy()) await sleep(50);
    } finally {
      await far.close();
      await proxy.close();
    }
  }, 60_000);

  it('survives a restart of the API server', async () => {
    await makePod('kept');
    await seen('Pod', 'kept');
    const { path: binary } = await ensureServer('control-plane');
    await plane.stop();
    while (cluster.isHealthy()) await sleep(50);
    plane = await startControlPlane({ dataDir, binary });
    await admin.request('DELETE', `/api/v1/namespaces/${ns}/pods/kept?gracePeriodSeconds=0`);
    await makePod('later');
    await cluster.waitFor((w) => (w.get('Pod', ns, 'later') && !w.get('Pod', ns, 'kept') ? true : undefined), within(40_000));
    while (!cluster.isHealthy()) await sleep(50);
    expect(cluster.world().get('Namespace', undefined, ns)).toBeDefined();
  }, 90_000);

  it('says so when nobody answers at the start', async () => {
    const path = join(dataDir, 'nobody.kubeconfig');
    writeFileSync(path, readFileSync(plane.kubeconfig, 'utf8').replaceAll(plane.server, 'https://127.0.0.1:1'));
    await expect(connectCluster({ name: 'nobody', kubeconfig: path, userAgentVersion: VERSION, syncTimeoutMs: 500 })).rejects.toEqual(rejection('K8sUnavailable'));
    await expect(connectCluster({ name: 'nofile', kubeconfig: join(dataDir, 'absent'), userAgentVersion: VERSION })).rejects.toEqual(rejection('ConfigInvalid'));
    await expect(connectCluster({ name: 'unnamed', userAgentVersion: VERSION })).rejects.toEqual(rejection('ConfigInvalid'));
  });
});

describe('resolving hints', () => {
  it('goes from a pod to its deployment, also when the pod is gone, and never makes one up', async () => {
    const made = await makeDeployment('web', 1);
    const pod = await cluster.waitFor((w) => w.list('Pod', ns)[0], within(15_000));
    const expected = { cluster: 'test', ...DEPLOYMENT, namespace: ns, name: 'web', uid: uidOf(made) };
    expect(cluster.resolve([{ kind: 'Pod', namespace: ns, name: pod.metadata.name }])).toEqual(expected);
    expect(cluster.resolve([{ kind: 'Pod', namespace: ns, name: 'web-7d9f8b6c5d-x2x4z' }])).toEqual(expected);
    expect(cluster.resolve([{ kind: 'Pod', namespace: ns, name: 'other-7d9f8b6c5d-x2x4z' }])).toBeUndefined();
    expect(cluster.resolve([{ kind: 'Pod', namespace: ns, name: 'gone' }, { kind: 'Namespace', name: ns }])?.kind).toBe('Namespace');
  }, 30_000);
});

describe('edit', () => {
  const edit = (uid: string, name: string, before: unknown, after: unknown): Change => ({
    op: 'edit', ref: refTo(DEPLOYMENT, name), uid, edits: [{ path: ['spec', 'template', 'spec', 'containers', '0', 'resources', 'limits'], before, after }],
  });

  it('writes once; repeating it finds everything done, also in the server’s own spelling', async () => {
    const uid = uidOf(await makeDeployment('edited', 0));
    const change = edit(uid, 'edited', undefined, { memory: '2048Mi' });
    const actionId = `w/${ns}/1`;
    const first = await applied(change, { actionId });
    expect(first.status).toBe('applied');
    expect(first.object!.metadata.annotations!['kubernaut.io/last-action']).toBe(actionId);
    expect(first.object!.metadata.managedFields!.some((f) => f.manager === 'kubernaut')).toBe(true);
    expect((await applied(change, { actionId })).status).toBe('already_applied');
    const respelled = edit(uid, 'edited', undefined, { memory: '2Gi' });
    expect((await applied(respelled, { actionId })).status).toBe('already_applied');
    const writes = succeeded(await ledger(actionId));
    expect(writes.map((l) => [l.verb, l.responseStatus?.code])).toEqual([['patch', 200]]);
    expect(writes[0]!.requestURI).toContain('fieldManager=kubernaut');
  });

  it('undoes exactly, unless somebody changed the value after us', async () => {
    const made = await makeDeployment('undone', 0);
    const change = edit(uidOf(made), 'undone', undefined, { memory: '2Gi' });
    await applied(change, { actionId: `w/${ns}/1` });
    const undone = await applied(invert(change)!, { actionId: `w/${ns}/1u`, isUndo: true });
    expect(undone.object!.spec).toEqual(made.spec);

    await applied(change, { actionId: `w/${ns}/2` });
    await admin.request('strategic', `/apis/apps/v1/namespaces/${ns}/deployments/undone`, {
      spec: { template: { spec: { containers: [{ name: 'main', resources: { limits: { memory: '3Gi' } } }] } } },
    });
    await expect(applied(invert(change)!, { actionId: `w/${ns}/2u`, isUndo: true })).rejects.toEqual(rejection('Drifted'));
    await expect(applied(edit(uidOf(made), 'undone', { memory: '2Gi' }, { memory: '4Gi' }), { actionId: `w/${ns}/3` })).rejects.toEqual(rejection('PreconditionChanged'));
    expect(await ledger(`w/${ns}/3`)).toEqual([]);
  });

  it('makes missing parents, leaves absent things absent, and holds guards', async () => {
    const uid = uidOf(await makeDeployment('parents', 0));
    const note = ['spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'];
    const change: Change = {
      op: 'edit', ref: refTo(DEPLOYMENT, 'parents'), uid,
      edits: [
        { path: ['spec', 'template', 'spec', 'containers', '0', 'name'], before: 'main', after: 'main' },
        { path: note, after: '2026-01-02T03:04:05Z' },
        { path: ['metadata', 'labels', 'absent'], before: undefined, after: undefined },
      ],
    };
    const { object } = await applied(change, { actionId: `w/${ns}/1` });
    expect(object!.spec.template.metadata.annotations).toEqual({ 'kubectl.kubernetes.io/restartedAt': '2026-01-02T03:04:05Z' });
    const wrongGuard: Change = { ...change, edits: [{ path: ['spec', 'template', 'spec', 'containers', '0', 'name'], before: 'other', after: 'other' }, { path: note, before: '2026-01-02T03:04:05Z', after: 'x' }] };
    await expect(applied(wrongGuard, { actionId: `w/${ns}/2` })).rejects.toEqual(rejection('PreconditionChanged'));
  });

  it('rolls back from a plan that carries masks instead of secrets, and forward again', async () => {
    const template = (image: string, password: string) => ({
      metadata: { labels: { app: 'masked' } },
      spec: { containers: [{ name: 'main', image, env: [{ name: 'DB_PASSWORD', value: password }] }] },
    });
    const revision = (w: World, image: string) =>
      w.list('ReplicaSet', ns).find((r) => r.spec.template.spec.containers[0].image === image);
    const made = await admin.request<KubeObject>('POST', `/apis/apps/v1/namespaces/${ns}/deployments`, {
      ...DEPLOYMENT, metadata: { name: 'masked' }, spec: { replicas: 0, selector: { matchLabels: { app: 'masked' } }, template: template('m:1', 'hunter1') },
    });
    const first = await cluster.waitFor((w) => revision(w, 'm:1'), within(10_000));
    await admin.request('strategic', `/apis/apps/v1/namespaces/${ns}/deployments/masked`, { spec: { template: template('m:2', 'hunter2') } });
    await cluster.waitFor((w) => revision(w, 'm:2'), within(10_000));
    const { spec } = (await cluster.read(refTo(DEPLOYMENT, 'masked')))!;
    const old = structuredClone(first.spec.template);
    delete old.metadata.labels['pod-template-hash'];
    const change: Change = {
      op: 'edit', ref: refTo(DEPLOYMENT, 'masked'), uid: uidOf(made),
      edits: [{ path: ['spec', 'template'], before: redactObject(spec).template, after: redactObject({ spec: { template: old } }).spec.template }],
    };
    expect(JSON.stringify(change)).not.toContain('hunter');
    expect((await applied(change, { actionId: `w/${ns}/1`, isDryRun: true })).status).toBe('dry_run');
    const { object } = await applied(change, { actionId: `w/${ns}/1` });
    expect(object!.spec.template.spec.containers[0]).toMatchObject({ image: 'm:1', env: [{ name: 'DB_PASSWORD', value: 'hunter1' }] });
    expect((await applied(change, { actionId: `w/${ns}/1` })).status).toBe('already_applied');
    const undone = await applied(invert(change)!, { actionId: `w/${ns}/1u`, isUndo: true });
    expect(undone.object!.spec).toEqual(spec);
  }, 30_000);

  it('dry run asks the server and writes nothing', async () => {
    const uid = uidOf(await makeDeployment('dry', 0));
    // The controller writes status a few times after a deployment is made; each is a race that costs two requests more.
    const isSettled = (d: KubeObject | undefined) => conditionOf(d, 'Progressing')?.reason === 'NewReplicaSetAvailable';
    await cluster.waitFor((w) => isSettled(w.get('Deployment', ns, 'dry')) || undefined, within(10_000));
    const before = cluster.requests();
    expect((await applied(edit(uid, 'dry', undefined, { memory: '2Gi' }), { actionId: `w/${ns}/1`, isDryRun: true })).status).toBe('dry_run');
    expect(cluster.requests() - before).toBeLessThanOrEqual(3); // 1 when the cache is in step with the controllers
    expect((await cluster.read(refTo(DEPLOYMENT, 'dry')))!.spec.template.spec.containers[0].resources.limits).toBeUndefined();
    await expect(
      applied(edit(uid, 'dry', undefined, { memory: '1Mi' }), { actionId: `w/${ns}/2`, isDryRun: true }),
    ).rejects.toEqual(rejection('AdmissionDenied'));
  });

  it('a replaced object is not touched, a missing one is named', async () => {
    await makeDeployment('here', 0);
    await expect(applied(edit('another-uid', 'here', undefined, {}), { actionId: 'a' })).rejects.toEqual(rejection('TargetReplaced'));
    await expect(applied(edit('any', 'nowhere', undefined, {}), { actionId: 'a' })).rejects.toEqual(rejection('TargetNotFound'));
  });

  it('of many at once exactly one writes, the others find it done or are told to retry', async () => {
    const uid = uidOf(await makeDeployment('race', 0));
    const race = async (): Promise<string[]> => {
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => cluster.apply(edit(uid, 'race', undefined, { memory: '2Gi' }), { actionId: `w/${ns}/race` })));
      return results.map((r) => (r.status === 'fulfilled' ? r.value.status : (r.reason as { code: string }).code));
    };
    const words: string[] = [];
    // The controller's own write of the status can make all eight lose: then they try again, as the activity would.
    while (!words.includes('applied') && words.length < 80) words.push(...(await race()));
    expect(words.filter((w) => w === 'applied')).toHaveLength(1);
    expect(words.every((w) => ['applied', 'already_applied', 'ConflictTransient'].includes(w))).toBe(true);
    expect(succeeded(await ledger(`w/${ns}/race`))).toHaveLength(1);
  });
});

describe('scale', () => {
  it('sets an absolute count once, leaves an event, and undoes exactly', async () => {
    const uid = uidOf(await makeDeployment('scaled', 0));
    const change: Change = { op: 'scale', ref: refTo(DEPLOYMENT, 'scaled'), uid, before: 0, after: 3 };
    const actionId = `w/${ns}/1`;
    expect((await applied(change, { actionId, isDryRun: true })).status).toBe('dry_run');
    expect((await applied(change, { actionId })).status).toBe('applied');
    expect((await applied(change, { actionId })).status).toBe('already_applied');
    const writes = succeeded(await ledger(actionId)).filter((l) => !l.requestURI.includes('dryRun'));
    expect(writes.map((l) => [l.verb, l.objectRef?.subresource, l.responseStatus?.code])).toEqual([['update', 'scale', 200]]);
    const event = await seen('Event', `kubernaut.${shortHash(actionId)}`);
    expect(event.involvedObject).toMatchObject({ kind: 'Deployment', name: 'scaled', uid });
    expect(cluster.events([refTo(DEPLOYMENT, 'scaled')]).map((e) => e.reason)).toContain('Scaled');

    await applied(invert(change)!, { actionId: `w/${ns}/1u`, isUndo: true });
    expect((await cluster.read(refTo(DEPLOYMENT, 'scaled')))!.spec.replicas).toBe(0);
    await admin.request('merge', `/apis/apps/v1/namespaces/${ns}/deployments/scaled`, { spec: { replicas: 7 } });
    await expect(applied(change, { actionId: `w/${ns}/2` })).rejects.toEqual(rejection('PreconditionChanged'));
    await expect(applied(invert(change)!, { actionId: `w/${ns}/3`, isUndo: true })).rejects.toEqual(rejection('Drifted'));
  });
});

describe('evict, delete, create', () => {
  const POD = { apiVersion: 'v1', kind: 'Pod' };

  it('evicts the pinned pod once; gone or replaced counts as done', async () => {
    const pod = await makePod('victim');
    const change: Change = { op: 'evict', ref: refTo(POD, 'victim'), uid: uidOf(pod) };
    const actionId = `w/${ns}/1`;
    expect((await applied(change, { actionId, isDryRun: true })).status).toBe('dry_run');
    expect(await cluster.read(refTo(POD, 'victim'))).toBeDefined();
    expect((await applied(change, { actionId })).status).toBe('applied');
    await makePodWhenGone('victim');
    expect((await applied(change, { actionId })).status).toBe('already_applied');
    expect(await cluster.read(refTo(POD, 'victim'))).toBeDefined();
    const writes = succeeded(await ledger(actionId)).filter((l) => !l.requestURI.includes('dryRun'));
    expect(writes.map((l) => [l.verb, l.objectRef?.subresource, l.responseStatus?.code])).toEqual([['create', 'eviction', 201]]);
  }, 20_000);

  async function makePodWhenGone(name: string): Promise<void> {
    for (let i = 0; i < 100 && (await cluster.read(refTo(POD, name))); i++) await sleep(50);
    await makePod(name);
  }

  it('a budget that does not allow it is PdbBlocked, several budgets are Unsupported', async () => {
    const pod = await makePod('kept', { app: 'kept' });
    await admin.request('merge', `/api/v1/namespaces/${ns}/pods/kept/status`, { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } });
    const budget = (name: string) =>
      admin.request('POST', `/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets`, {
        apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'kept' } } },
      });
    await budget('one');
    const change: Change = { op: 'evict', ref: refTo(POD, 'kept'), uid: uidOf(pod) };
    await expect(applied(change, { actionId: 'a' })).rejects.toEqual(rejection('PdbBlocked'));
    await budget('two');
    await expect(applied(change, { actionId: 'a' })).rejects.toEqual(rejection('Unsupported'));
  });

  it('deletes what carries an edit only while that edit is as it was written', async () => {
    const pod = await makePod('marked', { app: 'old' });
    const ref = refTo(POD, 'marked');
    const label = (app: string) => admin.request('merge', `/api/v1/namespaces/${ns}/pods/marked`, { metadata: { labels: { app } } });
    const removal: Change = { op: 'delete', ref, uid: uidOf(pod), edited: [{ path: ['metadata', 'labels', 'app'], before: 'old', after: 'ours' }] };
    expect((await applied(removal, { actionId: 'a', isUndo: true })).status).toBe('already_applied');
    await label('theirs');
    await expect(applied(removal, { actionId: 'a', isUndo: true })).rejects.toEqual(rejection('Drifted'));
    expect(await cluster.read(ref)).toBeDefined();
    await label('ours');
    expect((await applied(removal, { actionId: 'a', isUndo: true })).status).toBe('applied');
    expect((await applied(removal, { actionId: 'a', isUndo: true })).status).toBe('already_applied');
  });

  it('creates once, adopts its own, refuses what somebody else made, deletes by uid', async () => {
    const object = (name: string): KubeObject => ({
      apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: ns }, spec: { podSelector: { matchLabels: { app: 'x' } }, policyTypes: ['Ingress'] },
    });
    const actionId = `w/${ns}/1`;
    const change: Change = { op: 'create', object: object('kb-1') };
    expect((await applied(change, { actionId, isDryRun: true })).status).toBe('dry_run');
    const first = await applied(change, { actionId });
    expect(first).toMatchObject({ status: 'applied', object: { metadata: { annotations: { 'kubernaut.io/last-action': actionId } } } });
    expect((await applied(change, { actionId })).status).toBe('already_applied');
    expect(succeeded(await ledger(actionId)).filter((l) => !l.requestURI.includes('dryRun'))).toHaveLength(1);
    await expect(applied(change, { actionId: 'other' })).rejects.toEqual(rejection('PreconditionChanged'));

    const ref = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: ns, name: 'kb-1' };
    const removal: Change = { op: 'delete', ref, uid: uidOf(first.object!) };
    expect((await applied({ ...removal, uid: 'another' }, { actionId })).status).toBe('already_applied');
    expect(await cluster.read(ref)).toBeDefined();
    expect((await applied(removal, { actionId: `w/${ns}/2` })).status).toBe('applied');
    expect((await applied(removal, { actionId: `w/${ns}/2` })).status).toBe('already_applied');
    expect(await cluster.read(ref)).toBeUndefined();
  });
});

describe('permissions', () => {
  it('are asked of the server, once a minute per question', async () => {
    const question = { verb: 'patch', group: 'apps', resource: 'deployments', namespace: ns };
    expect(await cluster.isAllowed(question)).toBe(true);
    const before = cluster.requests();
    expect(await cluster.isAllowed(question)).toBe(true);
    expect(cluster.requests()).toBe(before);
  });

  it('missing ones make gaps, not failures, and writes Forbidden', async () => {
    const weak = await connectAs('reader', [
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
    ]);
    try {
      const uid = uidOf(await makeDeployment('guarded', 0));
      await weak.waitFor((w) => w.get('Deployment', ns, 'guarded'), within(10_000));
      expect(weak.gaps().map((g) => g.kind)).toContain('Node');
      expect(weak.gaps().map((g) => g.kind)).not.toContain('Pod');
      expect(weak.isHealthy()).toBe(true);
      expect(await weak.isAllowed({ verb: 'patch', group: 'apps', resource: 'deployments', namespace: ns })).toBe(false);
      const change: Change = { op: 'edit', ref: refTo(DEPLOYMENT, 'guarded'), uid, edits: [{ path: ['spec', 'paused'], after: true }] };
      await expect(weak.apply(change, { actionId: 'a' })).rejects.toEqual(rejection('Forbidden'));
    } finally {
      await weak.close();
    }
  }, 30_000);

  async function connectAs(name: string, rules: unknown[]): Promise<ConnectedCluster> {
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await admin.request('POST', `/api/v1/namespaces/${ns}/serviceaccounts`, { metadata: { name } });
    await admin.request('POST', `${rbac}/clusterroles`, { metadata: { name: `${ns}-${name}` }, rules });
    await admin.request('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name: `${ns}-${name}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `${ns}-${name}` },
      subjects: [{ kind: 'ServiceAccount', name, namespace: ns }],
    });
    const { status } = await admin.request<{ status: { token: string } }>('POST', `/api/v1/namespaces/${ns}/serviceaccounts/${name}/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
    const kubeconfig = join(dataDir, `${ns}-${name}.kubeconfig`);
    const ca = join(plane.pkiDir, 'ca.crt');
    writeFileSync(kubeconfig, JSON.stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: plane.server, 'certificate-authority': ca } }],
      users: [{ name: 'u', user: { token: status.token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    }));
    return connectCluster({ name: 'weak', kubeconfig, userAgentVersion: VERSION });
  }
});
