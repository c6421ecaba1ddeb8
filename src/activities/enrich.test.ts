import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLine, Evidence, Problem } from '../domain/evidence.js';
import { KubernautError } from '../domain/errors.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import type { Cluster } from '../domain/ports.js';
import { meshOf } from '../../test/support/mesh-objects.js';
import { createCollect, createEnrich, type EnrichDeps } from './enrich.js';

const NOW = '2026-01-02T12:00:00.000Z';
const owner = (o: KubeObject) => [{ apiVersion: o.apiVersion, kind: o.kind, name: o.metadata.name, uid: o.metadata.uid!, controller: true }];
const make = (kind: string, namespace: string | undefined, name: string, more: Partial<KubeObject> = {}, by?: KubeObject): KubeObject => ({
  apiVersion: 'v1', kind, ...more,
  metadata: { name, ...(namespace ? { namespace } : {}), uid: `${namespace ?? ''}/${kind}/${name}`, ...(by ? { ownerReferences: owner(by) } : {}), ...more.metadata },
});
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: {} } }] };
const crashing = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }], containerStatuses: [{ name: 'main', ready: false, restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } }] };
const template = (app: string, env: { name: string; value: string }[] = []) => ({ metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image: `${app}:1`, env }] } });

function workload(namespace: string, name: string, { env = [], status = ready, pods = 1 }: { env?: { name: string; value: string }[]; status?: unknown; pods?: number } = {}): KubeObject[] {
  const deployment = make('Deployment', namespace, name, { spec: { replicas: pods, template: template(name, env) }, status: { availableReplicas: pods } });
  const set = make('ReplicaSet', namespace, `${name}-1`, { spec: { template: template(name, env) }, status: { replicas: pods } }, deployment);
  const own = Array.from({ length: pods }, (_, i) => make('Pod', namespace, `${name}-1-${i}`, { spec: { nodeName: 'n1', ...template(name, env).spec }, status }, set));
  return [deployment, set, ...own];
}

const namespace = (name: string) => make('Namespace', undefined, name);
const service = (ns: string, name: string, more = {}) => make('Service', ns, name, { spec: { selector: { app: name }, clusterIP: '10.96.0.7', ...more } });
const node = make('Node', undefined, 'n1', { status: { conditions: [{ type: 'Ready', status: 'True' }], images: [{ names: ['x'] }] } });
const problem: Problem = { fingerprint: 'f', alert: 'KubePodCrashLooping', severity: 'critical', status: 'firing', startedAt: NOW, refires: 0, labels: { url: 'http://a:hunter2@x' }, annotations: { summary: 'crash' } };

let logRequests: string[];
let artifacts: Map<string, unknown>;
let logAnswer: () => Promise<string>;

beforeEach(() => {
  logRequests = [];
  artifacts = new Map();
  logAnswer = async () => 'starting\npanic: DB_PASSWORD=hunter2 refused by db.data:5432\n';
});

function deps(objects: KubeObject[], events: EventLine[] = []): EnrichDeps {
  const cluster = {
    name: 'c',
    isHealthy: () => true,
    world: () => worldOf(objects),
    events: (about: readonly { kind: string; name: string }[]) => events.filter((e) => about.some((o) => o.kind === e.object.kind && o.name === e.object.name)),
    logs: (pod: { name: string }, o: { container: string; isPrevious: boolean }) => {
      logRequests.push(`${pod.name}/${o.container}${o.isPrevious ? ' previous' : ''}`);
      return logAnswer();
    },
  } as unknown as Cluster;
  return {
    cluster: () => cluster,
    store: {
      async putArtifact(kind, content) {
        const ref = `${kind}-${artifacts.size}`;
        artifacts.set(ref, content);
        return ref;
      },
      pastActions: async () => [],
      incidentsOf: async () => [],
    },
    embedder: { id: 'e', dimensions: 1, embed: async () => [1] },
    vectors: { nearest: async () => [] },
    clock: { now: () => NOW },
  };
}

const target = (kind: string, name: string, ns = 'shop') => ({ cluster: 'c', apiVersion: 'apps/v1', kind, name, ...(ns ? { namespace: ns } : {}) });

async function evidenceOf(objects: KubeObject[], about = target('Deployment', 'api'), events: EventLine[] = []): Promise<Evidence> {
  const { evidenceRef } = await createEnrich(deps(objects, events))({ target: about, problems: [problem] });
  return artifacts.get(evidenceRef) as Evidence;
}

const names = (e: Evidence) => e.objects.map((o) => `${o.kind} ${o.metadata.namespace ? `${o.metadata.namespace}/` : ''}${o.metadata.name}`);

describe('what is read', () => {
  it('a healthy target costs no request', async () => {
    const reply = await createEnrich(deps([...workload('shop', 'api'), node, namespace('shop')]))({ target: target('Deployment', 'api'), problems: [] });
    expect(reply).toMatchObject({ hasObject: true, summary: { pods: 1, readyPods: 1, logs: 0, missing: 0 } });
    expect(logRequests).toEqual([]);
  });

  it('takes owners, dependents, what bounds and serves, and the rest of the namespace', async () => {
    const objects = [
      ...workload('shop', 'api'), ...workload('shop', 'other'), ...workload('far', 'away'), node, namespace('shop'), namespace('far'),
      service('shop', 'api'), make('EndpointSlice', 'shop', 'api-1', { metadata: { name: 'api-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'api' } } }),
      make('ResourceQuota', 'shop', 'q'), make('LimitRange', 'shop', 'l'), make('PodDisruptionBudget', 'shop', 'b'), make('HorizontalPodAutoscaler', 'shop', 'h'), make('NetworkPolicy', 'shop', 'n'),
    ];
    const evidence = await evidenceOf(objects);
    expect(names(evidence)).toEqual(expect.arrayContaining([
      'Deployment shop/api', 'ReplicaSet shop/api-1', 'Pod shop/api-1-0', 'Deployment shop/other', 'Pod shop/other-1-0', 'Node n1', 'Service shop/api', 'EndpointSlice shop/api-1',
      'ResourceQuota shop/q', 'LimitRange shop/l', 'PodDisruptionBudget shop/b', 'HorizontalPodAutoscaler shop/h', 'NetworkPolicy shop/n', 'Namespace shop',
    ]));
    expect(names(evidence)).not.toContain('Deployment far/away');
    expect(evidence.objects.find((o) => o.kind === 'Node')!.status.images).toBeUndefined();
  });

  it('takes who injects sidecars, wherever the target is', async () => {
    const evidence = await evidenceOf([...workload('shop', 'api'), ...meshOf(), namespace('istio-system')]);
    expect(names(evidence)).toEqual(expect.arrayContaining(['Service istio-system/istiod', 'EndpointSlice istio-system/istiod-x', 'Deployment istio-system/istiod', 'Certificate istio-system/istio-ca']));
    expect(names(evidence)).not.toContain('ReplicaSet istio-system/istiod-hash1');
  });

  it('counts what other pods ask of the nodes without making them targets', async () => {
    const evidence = await evidenceOf([...workload('shop', 'api'), ...workload('far', 'away'), node]);
    const far = evidence.objects.find((o) => o.metadata.name === 'away-1-0')!;
    expect(far.metadata.uid).toBeUndefined();
    expect(far.spec).toEqual({ nodeName: 'n1', containers: [{ name: 'main' }] });
  });

  it.each<[string, string, KubeObject[]]>([
    ['a URL in the environment', 'postgres://u:p@db.data:5432/x', []],
    ['a full service name', 'http://db.data.svc.cluster.local', []],
    ['a pod of a headless service', 'db-0.db.data.svc:5432', []],
    ['a cluster address', '10.96.0.7:5432', []],
    ['an ExternalName of its own namespace', 'pg.shop:5432', [service('shop', 'pg', { type: 'ExternalName', externalName: 'db.data.svc.cluster.local', clusterIP: undefined })]],
  ])('follows %s to the dependency and all that runs beside it', async (_name, value, extra) => {
    const objects = [...workload('shop', 'api', { env: [{ name: 'DATABASE_URL', value }] }), ...workload('data', 'db'), service('data', 'db'), namespace('shop'), namespace('data'), ...extra];
    expect(names(await evidenceOf(objects))).toEqual(expect.arrayContaining(['Service data/db', 'Deployment data/db', 'Pod data/db-1-0']));
  });

  it('finds the namespace of a service that is gone, and the host that only a log names', async () => {
    const objects = [...workload('shop', 'api', { status: crashing }), ...workload('data', 'db'), namespace('shop'), namespace('data')];
    expect(names(await evidenceOf(objects))).toContain('Deployment data/db');
  });

  it('reads everything on a node that is the target', async () => {
    const evidence = await evidenceOf([...workload('shop', 'api'), ...workload('far', 'away'), node], target('Node', 'n1', ''));
    expect(evidence.objects.find((o) => o.metadata.name === 'away-1-0')!.metadata.uid).toBeDefined();
    expect(names(evidence)).toContain('Deployment far/away');
  });

  it('says what is missing when the target is gone', async () => {
    const evidence = await evidenceOf([namespace('shop')]);
    expect(evidence.object).toBeUndefined();
    expect(evidence.missing).toEqual([{ what: 'deployment shop/api', why: 'it does not exist (any more)' }]);
  });
});

describe('logs', () => {
  it('come from one pod per revision, redacted, by reference', async () => {
    const evidence = await evidenceOf(workload('shop', 'api', { status: crashing, pods: 3 }));
    expect(logRequests).toHaveLength(1);
    expect(evidence.logs[0]!.lines[0]).toBe('starting');
    expect(JSON.stringify([...artifacts.values()])).not.toContain('hunter2');
    expect(artifacts.get(evidence.logs[0]!.ref!)).toContain('panic');
  });

  it('of a container that runs again also its previous life; of one that never ran none', async () => {
    const restarted = { ...crashing, containerStatuses: [{ name: 'main', ready: false, restartCount: 2, state: { running: {} } }] };
    await evidenceOf(workload('shop', 'api', { status: restarted }));
    expect(logRequests).toEqual(['api-1-0/main', 'api-1-0/main previous']);
    logRequests = [];
    const pulling = { ...crashing, containerStatuses: [{ name: 'main', ready: false, restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff' } } }] };
    await evidenceOf(workload('shop', 'api', { status: pulling }));
    expect(logRequests).toEqual([]);
  });

  it('that cannot be read are listed as missing; a broken store is not', async () => {
    logAnswer = async () => { throw new KubernautError('K8sUnavailable', 'kubelet out of reach'); };
    const evidence = await evidenceOf(workload('shop', 'api', { status: crashing }));
    expect(evidence.missing).toEqual([{ what: 'log of pod shop/api-1-0 main', why: 'kubelet out of reach' }]);
    logAnswer = async () => { throw new KubernautError('StoreUnavailable', 'down'); };
    await expect(evidenceOf(workload('shop', 'api', { status: crashing }))).rejects.toEqual(expect.objectContaining({ code: 'StoreUnavailable' }));
  });

  it('are not read for assessments', async () => {
    const evidence = await createCollect(deps(workload('shop', 'api', { status: crashing })))({ target: target('Deployment', 'api'), problems: [] }, { hasLogs: false });
    expect(evidence.logs).toEqual([]);
    expect(logRequests).toEqual([]);
    expect(artifacts.size).toBe(1);
  });
});

it('keeps events of the last hour about what was read, redacted, and alert labels redacted', async () => {
  const event = (at: string, message: string, name = 'api-1-0'): EventLine => ({ at, type: 'Warning', reason: 'BackOff', message, object: { kind: 'Pod', namespace: 'shop', name }, count: 1 });
  const evidence = await evidenceOf(workload('shop', 'api'), undefined, [event('2026-01-02T10:00:00Z', 'old'), event('2026-01-02T11:30:00Z', 'token=abcdef'), event('2026-01-02T11:30:00Z', 'else', 'stranger')]);
  expect(evidence.events.map((e) => e.message)).toEqual(['token=<redacted>']);
  expect(evidence.problems[0]!.labels.url).toBe('http://<redacted>@x');
});

it('goes on without memory when the embedder fails', async () => {
  const d = deps(workload('shop', 'api'));
  d.embedder.embed = async () => { throw new Error('no model'); };
  const reply = await createEnrich(d)({ target: target('Deployment', 'api'), problems: [] });
  expect(reply.summary.missing).toBe(1);
});

it('is fast on a big namespace', async () => {
  const objects = Array.from({ length: 100 }, (_, i) => workload('shop', `w${i}`, { pods: 3 })).flat();
  const enrich = createEnrich(deps([...objects, ...workload('shop', 'api')]));
  const started = performance.now();
  await enrich({ target: target('Deployment', 'api'), problems: [] });
  expect(performance.now() - started).toBeLessThan(2_000);
});
