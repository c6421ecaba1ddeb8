import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePort } from '../../sandbox/launch/ports.js';
import { prometheus, type PrometheusOptions } from '../../src/adapters/prometheus/client.js';
import type { KubernautError } from '../../src/domain/errors.js';
import { METRIC_QUERIES, type MetricSubject } from '../../src/domain/metric-queries.js';
import type { MetricSeries, MetricsReader } from '../../src/domain/ports.js';
import { startPrometheus, type Prometheus } from '../support/prometheus-process.js';
import { deploymentOf, eventually, startSimulatedCluster, type Place, type SimulatedCluster } from '../support/simulated-cluster.js';

jest.setTimeout(90_000);

const PATIENCE_MS = 60_000;
const STEP_MS = 15_000;
const lately = (): { fromMs: number; toMs: number; stepMs: number } => ({ fromMs: Date.now() - 10 * 60_000, toMs: Date.now(), stepMs: STEP_MS });

describe('a real Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-metrics-'));
  const CLAIM = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
  let sandbox: SimulatedCluster;
  let place: Place;
  let server: Prometheus;
  let reader: MetricsReader;

  beforeAll(async () => {
    sandbox = await startSimulatedCluster();
    place = await sandbox.place('shop');
    await place.images('images: [{ image: "api:1", memory: 64Mi }, { image: "bad:1", exit: { code: 1, after: 0s } }]');
    await place.apply([deploymentOf({ image: 'api:1', resources: { requests: { memory: '64Mi' }, limits: { memory: '128Mi' } } }), JSON.stringify(CLAIM)].join('\n---\n'));
    const node = await eventually('a pod on a node', async () => (await place.pods('app'))[0]?.spec?.nodeName as string | undefined);
    const labels = { namespace: 'monitoring', service: 'kube-state-metrics', pod: 'kube-state-metrics-6bb9c4f7c9-8r7tq', container: 'kube-state-metrics' };
    const scrape = { url: sandbox.simulator.metricsUrl, honorLabels: true, labels };
    server = await startPrometheus({
      folder, rules: 'test/fixtures/prometheus/rules.yml', alertmanager: `http://127.0.0.1:${await freePort()}`,
      scrapes: [{ ...scrape, job: 'kube-state-metrics', keep: 'kube_.*' }, { ...scrape, job: 'kubelet', labels: { namespace: 'kube-system', service: 'kubelet', endpoint: 'https-metrics', node }, keep: '(kubelet|container)_.*' }],
    });
    reader = prometheus({ url: `${server.url}/` });
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await sandbox?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const subjectOf = (kind: string, name: string): MetricSubject => ({ kind, name, ...(kind === 'Node' ? {} : { namespace: 'shop' }) });
  const ask = (id: string, subject: MetricSubject): Promise<MetricSeries[]> => reader.range(METRIC_QUERIES.find((q) => q.id === id)!.expression(subject), lately());
  /** Once it was scraped. */
  const measured = (id: string, subject: MetricSubject) =>
    eventually(`${id} of ${subject.name}`, async () => {
      const series = await ask(id, subject);
      return series.some((s) => s.points.some(([, v]) => v !== null)) && series;
    }, PATIENCE_MS);

  it.each(METRIC_QUERIES.flatMap((q) => q.kinds.map((kind) => [q.id, kind] as const)))('takes our query %s of a %s, whatever its name', async (id, kind) => {
    await expect(ask(id, subjectOf(kind, 'a-b.c"\\{}$'))).resolves.toEqual([]);
  });

  it.each<[string, string, string]>([
    ['memory', 'Deployment', 'app'],
    ['memory_of_limit', 'Deployment', 'app'],
    ['restarts', 'Deployment', 'app'],
    ['available_replicas', 'Deployment', 'app'],
  ])('measures %s of a %s', async (id, kind, name) => {
    const series = await measured(id, subjectOf(kind, name));
    for (const { points } of series) for (const [at, value] of points) expect([Number.isInteger(at), value === null || Number.isFinite(value)]).toEqual([true, true]);
  });

  it('tells the pods of one workload apart, and has none of another', async () => {
    const series = await measured('memory', subjectOf('Deployment', 'app'));
    const pods = (await place.pods('app')).map((p) => p.metadata.name);
    expect(series.map((s) => s.labels.pod).sort()).toEqual(pods.sort());
    expect(await ask('memory', subjectOf('Deployment', 'ap'))).toEqual([]);
  });

  it('measures a node and what it carries', async () => {
    const [pod] = await place.pods('app');
    const node = subjectOf('Node', String(pod!.spec!.nodeName));
    expect((await measured('node_conditions', node)).map((s) => s.labels.condition)).toContain('Ready');
    expect((await measured('node_memory', node))[0]!.points.at(-1)![1]).toBeGreaterThan(0);
  });

  it('gives no sample for what is no number: zero by zero', async () => {
    const [series] = await reader.range('vector(0) / vector(0)', lately());
    expect(series!.points.length).toBeGreaterThan(1);
    expect(new Set(series!.points.map(([, v]) => v))).toEqual(new Set([null]));
  });

  it('refuses a query with a fault in it, which is not its own fault', async () => {
    await expect(reader.range('rate(', lately())).rejects.toMatchObject({ code: 'InvalidParams' });
  });
});

describe('a Prometheus that fails', () => {
  let behave: (reply: ServerResponse) => void;
  const seen: { method?: string; url?: string; authorization?: string }[] = [];
  const server = createServer((request, reply) => {
    seen.push({ method: request.method, url: request.url, authorization: request.headers.authorization });
    request.resume().on('end', () => behave(reply));
  });
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const send = (text: string, status = 200, headers: Record<string, string> = {}) => (reply: ServerResponse): void => void reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  const ask = (more: Partial<PrometheusOptions> = {}, signal?: AbortSignal) => prometheus({ url, token: 's3cret', timeoutMs: 5000, ...more }).range('up', lately(), signal);
  const matrix = (result: unknown): string => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });

  it.each<[string, (reply: ServerResponse) => void, string, RegExp]>([
    ['400', send('{"status":"error","error":"s3cret"}', 400), 'InvalidParams', /cannot evaluate/],
    ['422', send('{"status":"error"}', 422), 'InvalidParams', /cannot evaluate/],
    ['401', send('', 401), 'Unauthorized', /prometheus\.token/],
    ['403', send('', 403), 'Unauthorized', /prometheus\.token/],
    ['404', send('not here', 404), 'DependencyMissing', /404.*prometheus\.url/],
    ['429', send('', 429), 'DependencyMissing', /429/],
    ['500', send('s3cret', 500), 'DependencyMissing', /500/],
    ['503', send('', 503), 'DependencyMissing', /503/],
    ['a redirect, which would take the token elsewhere', send('', 302, { location: 'http://127.0.0.1:9/' }), 'DependencyMissing', /out of reach/],
    ['a page', send('<html>'), 'DependencyMissing', /not JSON/],
    ['nothing', send(''), 'DependencyMissing', /not JSON/],
    ['null', send('null'), 'DependencyMissing', /no matrix/],
    ['an error with status 200', send('{"status":"error"}'), 'DependencyMissing', /no matrix/],
    ['a vector', send('{"status":"success","data":{"resultType":"vector","result":[]}}'), 'DependencyMissing', /no matrix/],
    ['a result that is no list', send(matrix({})), 'DependencyMissing', /no matrix/],
    ['series that are none', send(matrix([null, 3])), 'DependencyMissing', /no matrix/],
    ['samples that are none', send(matrix([{ metric: {}, values: [null, 'x'] }])), 'DependencyMissing', /no matrix/],
    ['far too much', send(`"${'x'.repeat(5 * 1024 * 1024)}"`), 'DependencyMissing', /longer than 4096 KiB/],
    ['a reset', (reply) => void reply.socket?.destroy(), 'DependencyMissing', /out of reach/],
    ['a reset in the middle', (reply) => void reply.writeHead(200, { 'content-length': '100' }).write('{', () => reply.socket?.destroy()), 'DependencyMissing', /out of reach/],
  ])('%s', async (_name, behaviour, code, message) => {
    behave = behaviour;
    seen.length = 0;
    const error = (await ask().then(() => 'answered', (e: unknown) => e)) as KubernautError;
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(JSON.stringify([error.message, error.details])).not.toContain('s3cret');
    expect(seen).toEqual([{ method: 'POST', url: '/api/v1/query_range', authorization: 'Bearer s3cret' }]);
  });

  it('silence, and an answer that never ends, are over in time', async () => {
    for (const behaviour of [() => undefined, (reply: ServerResponse) => void reply.writeHead(200).write('{')]) {
      behave = behaviour;
      await expect(ask({ timeoutMs: 200 })).rejects.toMatchObject({ code: 'DependencyMissing', message: expect.stringContaining('does not answer within 0.2 s') });
    }
  });

  it('a cancellation ends it at once', async () => {
    const stop = new AbortController();
    behave = () => stop.abort();
    await expect(ask({ timeoutMs: 60_000 }, stop.signal)).rejects.toMatchObject({ code: 'DependencyMissing' });
  });

  it('nobody there', async () => {
    await expect(ask({ url: `http://127.0.0.1:${await freePort()}` })).rejects.toMatchObject({ code: 'DependencyMissing', message: expect.stringContaining('out of reach') });
  });

  it('NaN and infinities are no samples; of too many series the first 200 are read', async () => {
    behave = send(matrix([{ metric: { pod: 'a' }, values: [[1, 'NaN'], [2.5, '+Inf'], [3, '-Inf'], [4, '1e3']] }]));
    expect(await ask({ url: `${url}/prefix/` })).toEqual([{ labels: { pod: 'a' }, points: [[1000, null], [2500, null], [3000, null], [4000, 1000]] }]);
    expect(seen.at(-1)!.url).toBe('/prefix/api/v1/query_range');
    behave = send(matrix(Array.from({ length: 300 }, () => ({ metric: {}, values: [] }))));
    expect(await ask()).toHaveLength(200);
  });
});
