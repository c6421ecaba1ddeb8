import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeAlertmanagerApi, listedAlert, sendJson, wellBehaved, type FakeApi } from '../../test/support/alertmanager-api.js';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, webhookOf } from '../../test/support/gateway.js';
import { alertManagersOf } from '../adapters/alertmanager/client.js';
import { createLogger } from '../adapters/telemetry/logger.js';
import { createFilters } from './filters.js';
import { createIntake, type Intake } from './intake.js';
import { reconcileAlerts, type Reconciled } from './reconcile-alerts.js';

const MINUTE_MS = 60_000;
let nowMs = 0;
const now = (): string => new Date(nowMs).toISOString();
let memory: ReturnType<typeof memoryStore>;
let engine: ReturnType<typeof memoryTemporal>;
let apis: FakeApi[];
let lines: string[];
const intakes: Intake[] = [];
const closing: (() => Promise<void>)[] = [];
const rows = () => [...memory.state.signals.values()].map((r) => `${r.signal.status} ${r.signal.labels.pod} ${r.outcome}`).sort();
const metricsOf = async (deps: { metrics: { registry: { metrics(): Promise<string> } } }) => (await deps.metrics.registry.metrics()).split('\n').filter((l) => l.startsWith('kubernaut_alertmanager_reconciled_total{') || l.includes('dependency="alertmanager"'));

/** A gateway process of its own over the same store and Temporal. */
function replica(more: Partial<Reconciled> = {}, apiCount = 1) {
  const logger = createLogger({ level: 'info', format: 'json', destination: { write: (line: string) => void lines.push(line) } });
  const deps = gatewayDeps({ ...memory, ...engine, now, logger });
  const intake = createIntake(deps, createFilters());
  intakes.push(intake);
  const what: Reconciled = {
    peers: alertManagersOf({ url: apis.slice(0, apiCount).map((a) => a.url), timeoutMs: 400 }), scope: { path: 'sources.alertmanager', clusters: [], namespaces: [] }, served: [],
    cluster: 'prod', clusters: ['prod', 'staging'], covers: ['prod'], warmUpMs: 5 * MINUTE_MS, resolvesGone: true, ...more,
  };
  return { ...reconcileAlerts(what, { ...deps, intake }), deps };
}

beforeEach(async () => {
  nowMs = Date.now();
  memory = memoryStore();
  engine = memoryTemporal();
  lines = [];
  apis = [await fakeAlertmanagerApi(), await fakeAlertmanagerApi()];
});
afterEach(async () => {
  intakes.splice(0).forEach((i) => i.close());
  for (const close of closing.splice(0)) await close();
  for (const api of apis) await api.close();
});

describe('comparing with AlertManager', () => {
  it('takes what fires there, once, and resolves what is gone, once', async () => {
    const one = replica();
    apis[0]!.fires(listedAlert('a'), listedAlert('b'), listedAlert('quiet', { state: 'suppressed', silencedBy: ['x'] }));
    expect(await one.reconcile()).toEqual({ isAnswered: true });
    await one.reconcile();
    expect(rows()).toEqual(['firing a started', 'firing b started']);
    nowMs += 2 * MINUTE_MS;
    apis[0]!.fires(listedAlert('b'));
    engine.state.calls = 0;
    await one.reconcile();
    await one.reconcile();
    expect([rows(), engine.state.calls]).toEqual([['firing a started', 'firing b started', 'resolved a resolved'], 1]);
    const end = [...memory.state.signals.values()].find((r) => r.signal.status === 'resolved')!.signal;
    expect([end.startsAt, end.endsAt]).toEqual(['2026-03-01T02:14:03.482Z', now()]);
    expect(await metricsOf(one.deps)).toEqual(expect.arrayContaining(['kubernaut_alertmanager_reconciled_total{change="taken"} 2', 'kubernaut_alertmanager_reconciled_total{change="resolved"} 1', 'kubernaut_service_dependency_status{dependency="alertmanager"} 1']));
    expect(lines.filter((l) => l.includes('compared')).map((l) => JSON.parse(l))).toEqual([expect.objectContaining({ taken: 2, resolved: 0 }), expect.objectContaining({ taken: 0, resolved: 1 })]);
  });

  it('takes an alert under the fingerprint and start of its webhook: that comes as a duplicate afterwards', async () => {
    const alert = listedAlert('a', { startsAt: '2026-03-01T02:14:03.482Z' });
    apis[0]!.fires(alert);
    const { gateway, send } = await talkTo(gatewayDeps({ ...memory, ...engine, now }));
    closing.push(() => gateway.close());
    await replica().reconcile();
    const answer = await send('POST', '/alerts', webhookOf(alertOf({ fingerprint: alert.fingerprint, startsAt: '2026-03-01T02:14:03.482917364Z', labels: alert.labels })));
    expect(answer.body.results).toEqual([expect.objectContaining({ fingerprint: alert.fingerprint, outcome: 'duplicate' })]);
  });

  it('is harmless in two gateways at the same moment', async () => {
    const [one, two] = [replica(), replica()];
    apis[0]!.fires(listedAlert('a'));
    await Promise.all([one.reconcile(), two.reconcile()]);
    nowMs += 2 * MINUTE_MS;
    apis[0]!.fires();
    await Promise.all([one.reconcile(), two.reconcile()]);
    expect([memory.state.signals.size, engine.state.open.size, rows().at(-1)]).toEqual([2, 1, 'resolved a resolved']);
  });

  it('resolves what fires here and is gone there, not what came a moment ago', async () => {
    apis[0]!.fires(listedAlert('a'));
    await replica().reconcile();
    apis[0]!.fires();
    nowMs += 30_000;
    await replica().reconcile();
    expect(rows()).toEqual(['firing a started']);
    nowMs += 31_000;
    await replica().reconcile();
    expect(rows()).toEqual(['firing a started', 'resolved a resolved']);
  });

  it('does not take what ended a moment ago, from another who does not know it yet', async () => {
    apis[0]!.fires(listedAlert('a'));
    await replica().reconcile();
    nowMs += 2 * MINUTE_MS;
    apis[0]!.fires();
    await replica().reconcile();
    apis[0]!.fires(listedAlert('a'));
    nowMs += 2 * MINUTE_MS;
    await replica().reconcile();
    expect(rows()).toEqual(['firing a started', 'resolved a resolved']);
    // It has not ended after all: the trouble is taken up again, and its next end ends that.
    nowMs += 9 * MINUTE_MS;
    await replica().reconcile();
    expect(rows()).toEqual(['firing a joined', 'firing a started', 'resolved a resolved']);
    nowMs += 2 * MINUTE_MS;
    apis[0]!.fires();
    await replica().reconcile();
    await replica().reconcile();
    expect(rows()).toEqual(['firing a joined', 'firing a started', 'resolved a resolved', 'resolved a resolved']);
  });

  it('believes nobody who has just started about what is gone', async () => {
    apis[0]!.fires(listedAlert('a'));
    await replica().reconcile();
    nowMs += 2 * MINUTE_MS;
    apis[0]!.answer = wellBehaved([listedAlert('b')], 4 * MINUTE_MS);
    await replica().reconcile();
    expect(rows()).toEqual(['firing a started', 'firing b started']);
    apis[0]!.answer = wellBehaved([listedAlert('b')], 6 * MINUTE_MS);
    await replica().reconcile();
    expect(rows()).toEqual(['firing a started', 'firing b started', 'resolved a resolved']);
  });

  it('leaves what another cluster’s own AlertManager may have sent, unless it is told to cover it', async () => {
    const other = listedAlert('c', { labels: { cluster: 'staging' } });
    apis[0]!.fires(listedAlert('a', { labels: { cluster: 'staging' } }), listedAlert('b', { labels: { cluster: 'elsewhere' } }), other);
    await replica().reconcile();
    await replica().reconcile();
    nowMs += 2 * MINUTE_MS;
    apis[0]!.fires(other);
    await replica().reconcile();
    expect(rows()).toEqual(['firing a started', 'firing c started']);
    await replica({ covers: ['staging'] }).reconcile();
    expect(rows()).toEqual(['firing a started', 'firing c started', 'resolved a resolved']);
  });

  it('takes only what its source may speak of, and what is routed to us', async () => {
    apis[0]!.fires(listedAlert('a'), listedAlert('b', { labels: { namespace: 'bank' } }), listedAlert('c', { labels: { cluster: 'staging' } }), listedAlert('d', { receivers: ['people', 'night'] }));
    await replica({ served: ['shop'], scope: { path: 'x', clusters: ['prod'], namespaces: ['shop'] }, receiver: 'kubernaut' }).reconcile();
    expect(rows()).toEqual(['firing a started']);
  });

  it('only takes when nothing is to be resolved', async () => {
    apis[0]!.fires(listedAlert('a'));
    await replica().reconcile();
    nowMs += 2 * MINUTE_MS;
    apis[0]!.fires(listedAlert('b'));
    await replica({ resolvesGone: false }).reconcile();
    await replica().reconcile({ takesOnly: true });
    expect(rows()).toEqual(['firing a started', 'firing b started']);
  });

  it('is tried again where it could not be handed over', async () => {
    apis[0]!.fires(listedAlert('a'));
    const one = replica();
    engine.state.isDown = true;
    await expect(one.reconcile()).rejects.toMatchObject({ code: 'TemporalUnavailable' });
    engine.state.isDown = false;
    memory.state.isDown = true;
    await expect(one.reconcile()).rejects.toMatchObject({ code: 'StoreUnavailable' });
    memory.state.isDown = false;
    memory.state.signals.clear();
    await one.reconcile();
    expect(rows()).toEqual(['firing a started']);
  });
});

describe('with several AlertManagers', () => {
  it('an alert is gone when all have said so', async () => {
    apis.forEach((api) => api.fires(listedAlert('a')));
    const one = replica({}, 2);
    await one.reconcile();
    nowMs += 2 * MINUTE_MS;
    apis[0]!.fires();
    await one.reconcile();
    apis[1]!.answer = (_name, response) => void response.writeHead(503).end();
    expect(await one.reconcile()).toEqual({ isAnswered: false });
    expect(rows()).toEqual(['firing a started']);
    apis[1]!.fires();
    await one.reconcile();
    expect(rows()).toEqual(['firing a started', 'resolved a resolved']);
  });

  it('what any of them fires is taken; who cannot be asked is named by number, and logged once', async () => {
    apis[0]!.fires(listedAlert('a'));
    await apis[1]!.close();
    const one = replica({}, 2);
    await one.reconcile();
    await one.reconcile();
    expect(rows()).toEqual(['firing a started']);
    expect(one.issues()).toEqual([expect.stringMatching(/^AlertManager 2 of 2 cannot be asked what fires: ECONNREFUSED; /)]);
    expect(one.issues()[0]).not.toContain('127.0.0.1');
    expect(lines.filter((l) => l.includes('cannot be asked'))).toEqual([expect.stringContaining(apis[1]!.url)]);
    expect(await metricsOf(one.deps)).toContain('kubernaut_service_dependency_status{dependency="alertmanager"} 0');
  });
});

describe('an answer that cannot be read', () => {
  const good = listedAlert('good');
  it.each<[string, unknown]>([
    ['has an alert that is none', 'pwned'],
    ['has an alert that is null', null],
    ['has an alert without a start', { ...good, startsAt: undefined }],
    ['has an alert that starts at no time', { ...good, fingerprint: 'ff', startsAt: 'soon' }],
    ['has an alert of an unknown state', { ...good, status: { state: 'resting' } }],
    ['has an alert with labels that are no texts', { ...good, labels: { pod: { deep: [] } } }],
    ['has an alert without a fingerprint', { ...good, fingerprint: '' }],
  ])('in part (%s) is good for taking and resolves nothing', async (_what, bad) => {
    const one = replica();
    apis[0]!.fires(listedAlert('old'));
    await one.reconcile();
    nowMs += 2 * MINUTE_MS;
    apis[0]!.fires(good, bad as object);
    await one.reconcile();
    expect(rows()).toEqual(['firing good started', 'firing old started']);
  });

  it.each<[string, FakeApi['answer']]>([
    ['never comes', () => undefined],
    ['is HTML', (_name, response) => response.end('<html>')],
    ['is a map', (_name, response) => sendJson(response, { data: [] })],
    ['says nothing of its start', (name, response) => sendJson(response, name === 'status' ? {} : [])],
    ['comes for one question of two', (name, response) => (name === 'status' ? wellBehaved()(name, response, undefined as never) : void response.writeHead(500).end())],
  ])('at all (it %s) changes nothing, and is an issue until the next good one', async (_what, answer) => {
    const one = replica();
    apis[0]!.fires(listedAlert('a'));
    await one.reconcile();
    nowMs += 2 * MINUTE_MS;
    apis[0]!.answer = answer;
    expect(await one.reconcile()).toEqual({ isAnswered: false });
    expect([rows(), one.issues()]).toEqual([['firing a started'], [expect.stringContaining('AlertManager cannot be asked what fires')]]);
    apis[0]!.fires(listedAlert('a'));
    await one.reconcile();
    expect(one.issues()).toEqual([]);
  });

  it('with labels named like members of Object.prototype is read like any other', async () => {
    apis[0]!.answer = (name, response) =>
      name === 'alerts' ? void response.end(JSON.stringify([listedAlert('a')]).replace('"labels":{', '"labels":{"__proto__":"x","constructor":"y",')) : wellBehaved()(name, response, undefined as never);
    await replica().reconcile();
    expect(Object.entries([...memory.state.signals.values()][0]!.signal.labels)).toEqual(expect.arrayContaining([['__proto__', 'x'], ['constructor', 'y']]));
  });
});
