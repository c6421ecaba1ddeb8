import { describe, expect, it } from '@jest/globals';
import { artifactStore } from '../../../test/support/artifact-store.js';
import { container, deployment, event, evidenceOf, node, NOW, object, pod, service } from '../../../test/support/kube-objects.js';
import { memoryCluster } from '../../../test/support/memory-cluster.js';
import { KubernautError } from '../../domain/errors.js';
import type { PastAction } from '../../domain/evidence.js';
import { refOf, type KubeObject } from '../../domain/kube.js';
import type { MetricsReader } from '../../domain/ports.js';
import type { ToolContext } from './define.js';
import { offeredTools, tools, type ToolId } from './index.js';

const { deployment: d, sets } = deployment('api', [
  { podSpec: { containers: [container({ env: [{ name: 'DB_HOST', value: 'db.shop.svc:5432' }, { name: 'DB_PASSWORD', value: 'one' }] })] }, available: 1 },
  { podSpec: { containers: [container({ image: 'shop/api:2', env: [{ name: 'DB_HOST', value: 'db.shop.svc:5432' }, { name: 'DB_PASSWORD', value: 'two' }, { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'mode' } } }] })] } },
]);
const bad = pod(sets[1]!, { waiting: { reason: 'CrashLoopBackOff' }, restarts: 2 });
const db = service('db');
const front = service('api');
const { deployment: web } = deployment('web', [{ podSpec: { containers: [container({ env: [{ name: 'API', value: 'http://api.shop.svc' }] })] } }]);
const world = [d, ...sets, bad, db, front, web, node('node-1', { ready: false })];

const past = (more: Partial<PastAction>): PastAction => ({ remediationId: 'r', action: 'restart_pod', target: { cluster: 'test', ...refOf(d) }, at: NOW, wasUndone: false, wrote: [], ...more });

function run(id: ToolId, args: object, on: KubeObject = d, more: Partial<ToolContext> = {}) {
  const cluster = memoryCluster(world);
  cluster.events = (about) => [event(bad, 'BackOff', 'restarting'), event(d, 'ScalingReplicaSet', 'up', 'Normal'), event(web, 'Other', 'else')].filter((e) => about.some((o) => o.kind === e.object.kind && o.name === e.object.name));
  const store = { ...artifactStore(), pastActions: () => Promise.resolve([past({ result: 'effective' }), past({ result: 'harmful', wasUndone: true })]), incidentsOf: () => Promise.resolve([]) };
  const memory = { store, embedder: { id: 'e', dimensions: 1, embed: () => Promise.resolve([1]) }, vectors: { nearest: () => Promise.resolve([]) } } as ToolContext['memory'];
  const context: ToolContext = { cluster, world: cluster.world(), store: store as ToolContext['store'], memory, evidence: evidenceOf(d, world.slice(1)), object: on, ref: { ...refOf(on), uid: on.metadata.uid }, nowMs: Date.parse(NOW), ...more };
  return Promise.resolve().then(() => tools.get(id).run(args as never, context));
}

describe('events', () => {
  it('of the object and its pods', async () => {
    expect((await run('events', {})).result).toMatchObject([{ reason: 'BackOff' }, { reason: 'ScalingReplicaSet' }]);
    expect((await run('events', { warnings: true })).found).toBe('1 events, the last: BackOff restarting');
  });
});

describe('rollout_diff', () => {
  it('names what differs, by the names of containers and variables, and no secret', async () => {
    const { found, result } = await run('rollout_diff', {});
    expect(result).toMatchObject({ from: 1, to: 2, revisions: [2, 1] });
    const { differences } = result as { differences: { path: string; from?: unknown; to?: unknown }[] };
    expect(differences.map((x) => x.path)).toEqual(['spec.containers.app.image', 'spec.containers.app.env.DB_PASSWORD.value', 'spec.containers.app.env.MODE']);
    expect(differences[1]!.from).toMatch(/^<redacted:\w{3}>$/);
    expect(differences[1]!.from).not.toBe(differences[1]!.to);
    expect(found).toContain('spec.containers.app.image');
  });

  it.each(['StatefulSet', 'DaemonSet'])('compares ControllerRevisions of a %s, without what controllers stamp on them', async (kind) => {
    const workload = object('apps/v1', kind, 'db', { spec: {} });
    const owner = [{ apiVersion: 'apps/v1', kind, name: 'db', uid: workload.metadata.uid!, controller: true }];
    const revision = (number: number, image: string): KubeObject => object('apps/v1', 'ControllerRevision', `db-${number}`, {
      revision: number, data: { spec: { template: { $patch: 'replace', metadata: { labels: { 'controller-revision-hash': `h${number}` } }, spec: { containers: [container({ image })] } } } },
    }, { ownerReferences: owner });
    const cluster = memoryCluster([workload, revision(1, 'db:1'), revision(3, 'db:3'), revision(2, 'db:2')]);
    const { result } = await run('rollout_diff', {}, workload, { world: cluster.world() });
    expect(result).toEqual({ from: 2, to: 3, revisions: [3, 2, 1], differences: [{ path: 'spec.containers.app.image', from: 'db:2', to: 'db:3' }] });
  });

  it('says which revisions there are when one is not', async () => {
    await expect(run('rollout_diff', { from: 7 })).rejects.toThrow('there is no revision 7; there are 2, 1');
  });
});

describe('dependency_map', () => {
  it('tells what it needs, what needs it, and how each fares', async () => {
    const { found, result } = await run('dependency_map', {});
    expect(result).toEqual({
      depends_on: [
        { via: 'named in env, args or command', object: 'service shop/db', state: '0 of 0 pods ready' },
        { via: 'env', object: 'configmap shop/settings', state: 'missing' },
        { via: 'runs on', object: 'node node-1', state: 'not ready' },
      ],
      depended_on_by: [
        { via: 'selector', object: 'service shop/api', state: '0 of 1 pods ready' },
        { via: 'names its Service', object: 'deployment shop/web', state: 'no pods' },
      ],
    });
    expect(found).toBe('depends on 3 (in trouble: service shop/db, configmap shop/settings, node node-1), 2 depend on it');
  });
});

describe('memory', () => {
  it('history tells what was done here and whether it helped', async () => {
    const { found, result } = await run('history', {});
    expect(found).toBe('2 actions within 30 days, 1 of them helped');
    expect(result).toMatchObject([{ result: 'effective' }, { result: 'harmful', undone: true }]);
  });

  it('similar_incidents says when there are none, and when it cannot know', async () => {
    expect((await run('similar_incidents', {})).found).toBe('none');
    const down = { embedder: { id: 'e', dimensions: 1, embed: () => Promise.reject(new KubernautError('DependencyMissing', 'the embedder is down')) } } as unknown as ToolContext['memory'];
    await expect(run('similar_incidents', {}, d, { memory: { ...down, store: { pastActions: () => Promise.resolve([]), incidentsOf: () => Promise.resolve([]) }, vectors: { nearest: () => Promise.resolve([]) } } })).rejects.toThrow('the embedder is down');
  });
});

describe('metrics', () => {
  const asked: string[] = [];
  const metrics: MetricsReader = { range: (expression) => (asked.push(expression), Promise.resolve([{ labels: { pod: 'a' }, points: [[0, 1], [60_000, null], [120_000, 3.14159265]] }])) };

  it('asks one of the listed queries about this object, and tells it in few numbers', async () => {
    const { found, result } = await run('metrics', { query: 'memory', minutes: 30 }, d, { metrics });
    expect(asked.at(-1)).toBe('sum by (pod, container) (container_memory_working_set_bytes{namespace="shop",pod=~"api-[a-z0-9]+-[a-z0-9]+",container!=""})');
    expect(found).toBe('memory of 1 series within 30 min: at most 3.142 bytes, last 3.142');
    expect(result).toMatchObject({ series: [{ smallest: 1, largest: 3.142, last: 3.142, points: [['00:00:00', 1], ['00:01:00', null], ['00:02:00', 3.142]] }] });
  });

  it('names of objects cannot change the query', async () => {
    const odd = object('v1', 'Pod', 'a"} or up{x=".*');
    await run('metrics', { query: 'cpu' }, odd, { metrics });
    expect(asked.at(-1)).toContain(String.raw`pod=~"a\"\\} or up\\{x=\"\\.\\*"`);
  });

  it('refuses what is not measured of that kind, and is not offered without a server', async () => {
    await expect(run('metrics', { query: 'node_cpu' }, d, { metrics })).rejects.toMatchObject({ code: 'InvalidParams' });
    expect(offeredTools({ metrics: false }).map((t) => t.id)).not.toContain('metrics');
    expect(offeredTools({ metrics: true })).toHaveLength(tools.members.length);
  });
});
