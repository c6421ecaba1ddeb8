import { describe, expect, it } from '@jest/globals';
import { artifactStore } from '../../test/support/artifact-store.js';
import { container, deployment, evidenceOf, NOW, object, pod } from '../../test/support/kube-objects.js';
import { memoryCluster, type MemoryCluster } from '../../test/support/memory-cluster.js';
import { KubernautError } from '../domain/errors.js';
import type { ToolCall, ToolEntry } from '../domain/investigation.js';
import { refOf, type KubeObject } from '../domain/kube.js';
import type { Cluster, Store } from '../domain/ports.js';
import { createInspect } from './inspect.js';

const { deployment: d, sets } = deployment('api', [{ available: 1 }, { podSpec: { containers: [container({ env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] }), container({ name: 'sidecar' })] } }]);
const good = pod(sets[0]!, { ready: true });
const bad = pod(sets[1]!, { waiting: { reason: 'CrashLoopBackOff' }, restarts: 2, last: { reason: 'Error', exitCode: 1 } });
const stranger = object('v1', 'Secret', 'other', { data: { password: 'aHVudGVyMg==' } });
const settings = object('v1', 'ConfigMap', 'settings', { data: { mode: '<redacted>', DB_HOST: 'db.shop.svc' } });
const evidence = evidenceOf(d, [sets, good, bad, settings]);

const callTo = (tool: string, o: KubeObject, args: object = {}): ToolCall => ({ tool, targetId: 't1', target: { ...refOf(o), uid: o.metadata.uid }, args: args as ToolCall['args'], summary: `${tool} x` });

function scene(change: (cluster: MemoryCluster) => Partial<Cluster> = () => ({}), store: Partial<Store> = {}) {
  const artifacts = artifactStore();
  const cluster = memoryCluster([d, ...sets, good, bad, stranger]);
  const asked: unknown[] = [];
  const logs: Cluster['logs'] = (p, options) => {
    asked.push([p.name, options.container, options.isPrevious]);
    return Promise.resolve('2026-01-01T12:00:00Z start\nGET /items/1 200\nGET /items/2 200\ntoken=abcdefgh12345678\nfatal: no such file\n');
  };
  const whole: Cluster = { ...cluster, logs, ...change(cluster) };
  const inspect = createInspect({
    cluster: () => whole, clock: { now: () => NOW }, embedder: { id: 'e', dimensions: 1, embed: () => Promise.resolve([1]) },
    vectors: { nearest: () => Promise.resolve([]) },
    store: { ...artifacts, pastActions: () => Promise.resolve([]), incidentsOf: () => Promise.resolve([]), ...store } as unknown as Store,
  });
  const look = async (call: ToolCall): Promise<ToolEntry & { reply: Awaited<ReturnType<typeof inspect>> }> => {
    const evidenceRef = await artifacts.putArtifact('evidence', evidence);
    const reply = await inspect({ remediationId: 'r-1', evidenceRef, call });
    return { ...(artifacts.kept(reply.ref) as ToolEntry), reply };
  };
  return { look, asked, artifacts, cluster };
}

describe('a look', () => {
  it('describes the object as it is now, masked', async () => {
    const { look, artifacts } = scene();
    const entry = await look(callTo('describe', d));
    expect(entry).toMatchObject({ kind: 'tool', at: NOW, result: { kind: 'Deployment', metadata: { name: 'api' } }, reply: { isError: false } });
    expect([...artifacts.texts.values()].slice(1).join()).not.toContain('hunter2');
  });

  it('tells of a ConfigMap, which is not watched, its keys as they were read and no value', async () => {
    const { look } = scene();
    const { result } = await look(callTo('describe', settings));
    expect(result).toMatchObject({ kind: 'ConfigMap', keys: ['DB_HOST', 'mode'], metadata: { name: 'settings' } });
    expect(JSON.stringify(result)).not.toContain('db.shop.svc');
  });

  it('reads the log of the unhealthiest pod of a workload, of the container in trouble, with alike lines as one', async () => {
    const { look, asked } = scene();
    const { result, found } = await look(callTo('logs', d, { previous: true }));
    expect(asked).toEqual([[bad.metadata.name, 'app', true]]);
    expect(result).toMatchObject({ lines_read: 5, lines: ['<time> start', 'GET /items/<n> <n> (×2)', 'token=<redacted>', 'fatal: no such file'] });
    expect(found).toContain('the last: fatal: no such file');
  });

  it('filters by plain text, after masking: a filter cannot be used to guess a secret', async () => {
    const { look } = scene();
    expect((await look(callTo('logs', bad, { contains: 'fatal' }))).result).toMatchObject({ lines_that_fit: 1, lines: ['fatal: no such file'] });
    expect((await look(callTo('logs', bad, { contains: 'abcdefgh' }))).result).toMatchObject({ lines_that_fit: 0, lines: [] });
    expect((await look(callTo('logs', bad, { contains: '.*' }))).result).toMatchObject({ lines_that_fit: 0 });
  });

  it('says what it left out', async () => {
    const words = Array.from({ length: 900 }, (_, i) => `line ${'abcdefghij'[i % 10]}${'klmnopqrst'[Math.trunc(i / 10) % 10]}${'uvwxyzABCD'[Math.trunc(i / 100)]} ${'z'.repeat(200)}`);
    const { look } = scene(() => ({ logs: () => Promise.resolve(words.join('\n')) }));
    const { result, truncated, reply } = await look(callTo('logs', bad, { lines: 200 }));
    expect(JSON.stringify(result).length).toBeLessThan(10_000);
    expect((result as any).lines.at(-1)).toContain(words.at(-1)!.slice(0, 8));
    expect(truncated).toMatch(/older kinds of lines/);
    expect(reply.isTruncated).toBe(true);
    const wide = object('v1', 'Pod', bad.metadata.name, { spec: { containers: [], big: Array.from({ length: 3000 }, (_, i) => ({ i, text: 'x'.repeat(50) })) } }, { uid: bad.metadata.uid });
    const cut = scene();
    cut.cluster.set([wide]);
    const big = await cut.look(callTo('describe', bad));
    expect(JSON.stringify(big.result).length).toBeLessThanOrEqual(10_000);
    expect(big.truncated).toContain('marked with …');
  });
});

describe('an error is an answer', () => {
  it.each<[string, ToolCall, Partial<Cluster>, string]>([
    ['an object that this remediation did not read', callTo('describe', stranger), {}, 'NotGrounded'],
    ['the same name under another uid', callTo('describe', { ...d, metadata: { ...d.metadata, uid: 'other' } }), {}, 'NotGrounded'],
    ['a container that is not there', callTo('logs', bad, { container: 'nope' }), {}, 'InvalidParams'],
    ['an argument that does not fit', callTo('logs', bad, { lines: 5000 }), {}, 'InvalidParams'],
    ['an argument that is not known', callTo('logs', bad, { namespace: 'kube-system' }), {}, 'InvalidParams'],
    ['a tool that is not known', callTo('exec', bad), {}, 'NotFound'],
    ['a log that is refused', callTo('logs', bad), { logs: () => Promise.reject(new KubernautError('Forbidden', 'RBAC says no to password=hunter2hunter2')) }, 'Forbidden'],
  ])('%s', async (_name, call, change, code) => {
    const { look } = scene(() => change);
    const { error, found, reply } = await look(call);
    expect(error).toMatchObject({ code });
    expect(reply).toMatchObject({ isError: true });
    expect(found).not.toContain('hunter2');
  });

  it('an object that is gone meanwhile', async () => {
    const { look, cluster } = scene();
    cluster.set([]);
    expect((await look(callTo('describe', d))).error?.code).toBe('TargetNotFound');
  });

  it('but our own store is not: that is tried again', async () => {
    const { look } = scene(() => ({}), { putArtifact: () => Promise.reject(new KubernautError('StoreUnavailable', 'down')) });
    await expect(look(callTo('logs', bad))).rejects.toMatchObject({ code: 'StoreUnavailable' });
  });
});

it('a look whose worker died after it was kept is not made again', async () => {
  const { look, asked } = scene();
  const first = await look(callTo('logs', bad));
  const second = await look(callTo('logs', bad));
  expect(second.reply).toEqual(first.reply);
  expect(asked).toHaveLength(1);
});
