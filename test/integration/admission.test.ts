import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kubeClientOf, KubeRequestError, type KubeClient } from '../../sandbox/simulator/kube-client.js';
import type { KubeObject } from '../../src/domain/kube.js';
import { openStage, type Stage } from '../support/actions/stage.js';
import { byGateway, byReader, deployments, nodes, operators, otherWorkloads, ours, pods, policies, rights, walls, type Request } from '../support/permissions/forbidden.js';
import { forbiddenScene, type ForbiddenScene } from '../support/permissions/scene.js';

let stage: Stage;
let scene: ForbiddenScene;
const clients: Partial<Record<'executor' | 'reader' | 'gateway', KubeClient>> = {};

beforeAll(async () => {
  stage = await openStage();
  scene = await forbiddenScene(stage);
  await stage.person('/api/v1/nodes/sandbox-2', { spec: { unschedulable: true } });
  for (const who of ['executor', 'reader', 'gateway'] as const) clients[who] = kubeClientOf(stage.identities[who]);
}, 300_000);

afterAll(async () => {
  for (const client of Object.values(clients)) client.close();
  await stage?.stop();
}, 60_000);

/** The object a request is about: below it are subresources, behind it the query. */
const subjectOf = (path: string): string =>
  path.replace(/\?.*$/, '').replace(/\/(status|scale|eviction|binding|exec|attach|portforward|log|resize|ephemeralcontainers|token)$/, '').replace(/\/proxy\/.*$/, '');

/** What of an object a forbidden request could have changed; controllers and kubelets move the rest. */
async function picture(path: string): Promise<unknown> {
  const object = await stage.admin.request<KubeObject & { items?: KubeObject[] }>('GET', subjectOf(path)).catch((error: unknown) => {
    if (error instanceof KubeRequestError && [404, 405].includes(error.status)) return undefined;
    throw error;
  });
  if (object?.items) return object.items.map((o) => [o.metadata.name, o.metadata.uid]).sort();
  const { uid, labels, annotations, finalizers, ownerReferences, deletionTimestamp } = object?.metadata ?? {};
  return { uid, labels, annotations, finalizers, ownerReferences, deletionTimestamp, spec: object?.spec, data: object?.data, rules: object?.rules, targetPrimary: object?.status?.targetPrimary };
}

type Outcome = { what: string; status: number; by: string; isUnchanged: boolean };

const wallOf = (message: string): string => /ValidatingAdmissionPolicy '([^']+)'/.exec(message)?.[1] ?? (/ cannot /.test(message) ? 'RBAC' : message.slice(0, 200));

async function ask(client: KubeClient, [what, method, path, body]: Request): Promise<Outcome> {
  const before = await picture(path);
  const answer = await client.request(method, path, body).then(
    () => ({ status: 200, by: 'nobody' }),
    (error: unknown) => (error instanceof KubeRequestError ? { status: error.status, by: wallOf(error.message) } : Promise.reject(error as Error)),
  );
  const isUnchanged = JSON.stringify(await picture(path)) === JSON.stringify(before);
  return { what, ...answer, isUnchanged };
}

const FAMILIES = { deployments, 'other workloads': otherWorkloads, nodes, pods, 'what we make': ours, 'operators\' objects': operators, 'ways to more rights': walls, 'what is hidden': rights, 'the policies themselves': policies };
/** What admission can see. */
const JUDGED = ['deployments', 'other workloads', 'nodes', 'pods', 'what we make', 'operators\' objects', 'ways to more rights'] as const;

/** One row per request, so that a failure names all that got through. */
async function askAll(client: KubeClient, requests: readonly Request[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const request of requests) outcomes.push(await ask(client, request));
  return outcomes;
}

const through = (outcomes: readonly Outcome[]): Outcome[] => outcomes.filter((o) => o.status !== 403 || !o.isUnchanged);

describe('the executor under its roles', () => {
  it.each(Object.entries(FAMILIES))('gets 403 for every forbidden request: %s', async (_family, rows) => {
    const outcomes = await askAll(clients.executor!, rows(scene));
    expect(through(outcomes)).toEqual([]);
  }, 120_000);

  it('cannot come as somebody else', async () => {
    const config = JSON.parse(readFileSync(stage.identities.executor, 'utf8')) as { users: { user: Record<string, unknown> }[] };
    for (const as of ['kubernaut-sandbox-admin', 'system:admin', 'system:serviceaccount:kubernaut-system:kubernaut-reader']) {
      const file = join(stage.plane.pkiDir, 'impersonating.kubeconfig');
      writeFileSync(file, JSON.stringify({ ...config, users: config.users.map((u) => ({ ...u, user: { ...u.user, as } })) }), { mode: 0o600 });
      const client = kubeClientOf(file);
      await expect(client.request('GET', '/api/v1/nodes')).rejects.toMatchObject({ status: 403, message: expect.stringContaining('impersonate') });
      client.close();
    }
  });

  it('is stopped by the policies, not by luck: RBAC alone would let most of these through', async () => {
    const outcomes = [...(await askAll(clients.executor!, deployments(scene))), ...(await askAll(clients.executor!, ours(scene)))];
    const byPolicy = outcomes.filter((o) => o.by.startsWith('kubernaut-executor'));
    expect(byPolicy.length / outcomes.length).toBeGreaterThan(0.8);
  }, 120_000);
});

describe.each([['reader', byReader], ['gateway', byGateway]] as const)('the %s', (who, rows) => {
  it('gets 403 for every forbidden request', async () => {
    expect(through(await askAll(clients[who]!, rows(scene)))).toEqual([]);
  }, 120_000);
});

describe('the executor, bound to cluster-admin by mistake', () => {
  const binding = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

  beforeAll(async () => {
    await stage.admin.request('POST', binding, {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'mistake' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'kubernaut-executor', namespace: 'kubernaut-system' }],
    });
    for (let n = 0; n < 50; n++) {
      if (await clients.executor!.request('GET', `/api/v1/namespaces/${scene.ns}/secrets`).then(() => true, () => false)) return;
      await sleep(100);
    }
  }, 30_000);

  afterAll(() => stage.admin.request('DELETE', `${binding}/mistake`));

  it.each(JUDGED)('still gets 403 for every forbidden write: %s', async (family) => {
    const requests = FAMILIES[family](scene).filter(([, method, path]) => method !== 'GET' || /\/(exec|attach|portforward|proxy)/.test(path));
    expect(through(await askAll(clients.executor!, requests))).toEqual([]);
  }, 120_000);
});

it('counts at least sixty forbidden requests', () => {
  const count = [...Object.values(FAMILIES), byReader, byGateway].reduce((sum, rows) => sum + rows(scene).length, 0);
  expect(count).toBeGreaterThanOrEqual(60);
});
