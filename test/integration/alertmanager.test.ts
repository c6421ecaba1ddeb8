import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { GatewayDeps } from '../../src/gateway/deps.js';
import { firingPod, startAlertmanagerProcess, type AlertManagerProcess, type AlertManagerSetup } from '../support/alertmanager-process.js';
import { gatewayDeps, memoryStore, memoryTemporal, talkTo } from '../support/gateway.js';
import { eventually } from '../support/simulated-cluster.js';

jest.setTimeout(120_000);

const PATIENCE_MS = 60_000;
const MINUTE_MS = 60_000;
let memory: ReturnType<typeof memoryStore>;
let engine: ReturnType<typeof memoryTemporal>;
const closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  memory = memoryStore();
  engine = memoryTemporal();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Pods `api-…` are of Deployment api. */
const resolveTarget: GatewayDeps['resolveTarget'] = ([hint]) =>
  hint?.name.startsWith('api-') ? { cluster: 'prod', apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' } : undefined;

async function gateway(flags: Record<string, unknown> = {}, more: Partial<GatewayDeps> = {}) {
  const deps = gatewayDeps({ ...memory, ...engine, resolveTarget, ...more }, flags);
  const { gateway: running, send } = await talkTo(deps);
  closing.push(() => running.close());
  const metric = async (start: string): Promise<number> =>
    (await deps.metrics.registry.metrics()).split('\n').filter((l) => l.startsWith(start)).reduce((sum, l) => sum + Number(l.slice(l.lastIndexOf(' '))), 0);
  return { url: running.url, close: () => running.close(), metric, issues: async () => (await send('GET', '/ready')).body.issues as string[] };
}

async function alertmanager(setup: AlertManagerSetup): Promise<AlertManagerProcess> {
  const started = await startAlertmanagerProcess(setup);
  closing.push(() => started.stop());
  return started;
}

/** Asks about every second; believes at once who has just started. */
const asking = (...peers: AlertManagerProcess[]) => ({ 'sources.alertmanager.url': peers.map((p) => p.url), 'sources.alertmanager.reconcileEvery': '1s', 'sources.alertmanager.warmUp': '0s' });
/** Lets no webhook out. */
const MUTE = { group_wait: '1h', group_interval: '1h' };
/** So much later that nothing is too young for a comparison. */
const later = { now: () => new Date(Date.now() + 2 * MINUTE_MS).toISOString() };

const rowsOf = (status: string, pod: string) => [...memory.state.signals.values()].filter((r) => r.signal.status === status && r.signal.labels.pod === pod);
const rowOf = (status: string, pod: string) => eventually(`${pod} is ${status}`, async () => rowsOf(status, pod).find((r) => r.outcome !== 'received'), PATIENCE_MS);
const pods = (status = 'firing') => [...memory.state.signals.values()].filter((r) => r.signal.status === status && r.outcome !== 'received').map((r) => r.signal.labels.pod).sort();

/** Every comparison that began before this was called is over when it is: an alert that came after them is taken. */
async function compared(from: AlertManagerProcess, name: string): Promise<void> {
  for (const pod of [`${name}-0`, `${name}-1`]) {
    await from.post(firingPod(pod));
    await rowOf('firing', pod);
  }
}

describe('what a real AlertManager sends with the printed configuration', () => {
  it('is taken: firing and resolved', async () => {
    const { url } = await gateway();
    const sender = await alertmanager({ gateway: url });
    const alert = firingPod('other-0', { labels: { constructor: 'a legal label' } });
    await sender.post(alert);
    const firing = await rowOf('firing', 'other-0');
    expect(firing).toMatchObject({ outcome: 'started', signal: { alert: 'KubePodCrashLooping', severity: 'critical', startsAt: alert.startsAt, source: 'alertmanager', cluster: 'prod', hints: [{ kind: 'Pod', namespace: 'shop', name: 'other-0' }] } });
    expect(firing.signal.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    await sender.post({ ...alert, endsAt: new Date(Date.now() - 1000).toISOString() });
    expect(await rowOf('resolved', 'other-0')).toMatchObject({ outcome: 'resolved', remediationId: firing.remediationId, workflowId: firing.workflowId, signal: { fingerprint: firing.signal.fingerprint, startsAt: alert.startsAt } });
  });

  it('comes grouped: five pods of one Deployment are one delivery and one remediation', async () => {
    const { url, metric } = await gateway();
    const sender = await alertmanager({ gateway: url });
    await sender.post(...[0, 1, 2, 3, 4].map((i) => firingPod(`api-${i}`)));
    for (const i of [0, 1, 2, 3, 4]) await rowOf('firing', `api-${i}`);
    await eventually('it is answered', async () => (await metric('kubernaut_webhook_requests_total')) > 0, PATIENCE_MS);
    expect([...memory.state.signals.values()].map((r) => r.outcome).sort()).toEqual(['joined', 'joined', 'joined', 'joined', 'started']);
    expect([engine.state.open.size, [...engine.state.open.values()][0]!.signals.length, await metric('kubernaut_webhook_requests_total')]).toEqual([1, 5, 1]);
  });

  it('is a duplicate when it comes again, with a new alert of the group or by itself, and costs Temporal nothing', async () => {
    const { url, metric } = await gateway();
    const sender = await alertmanager({ gateway: url, route: { repeat_interval: '1s' } });
    await sender.post(firingPod('one-0'));
    await rowOf('firing', 'one-0');
    const duplicates = () => metric('kubernaut_alerts_processed_total{status="duplicate"');
    await eventually('it is repeated', async () => (await duplicates()) >= 2, PATIENCE_MS);
    await sender.post(firingPod('two-0'));
    await rowOf('firing', 'two-0');
    const dispatched = [...engine.state.open.values()].map((o) => o.signals.length);
    expect([dispatched, memory.state.signals.size]).toEqual([[1, 1], 2]);
  });

  it('ends by itself when nobody repeats it', async () => {
    const { url } = await gateway();
    const sender = await alertmanager({ gateway: url, global: { resolve_timeout: '2s' } });
    await sender.post(firingPod('timeout-0'));
    await rowOf('firing', 'timeout-0');
    expect(await rowOf('resolved', 'timeout-0')).toMatchObject({ outcome: 'resolved' });
  });

  it.each([
    ['Temporal was', () => engine.state],
    ['the store was', () => memory.state],
  ])('is delivered again after %s down, each alert to one remediation, none lost', async (_what, broken) => {
    const { url, metric } = await gateway();
    const sender = await alertmanager({ gateway: url });
    broken().isDown = true;
    const names = Array.from({ length: 20 }, (_, i) => `later-${i}`);
    await sender.post(...names.map((n) => firingPod(n)));
    await eventually('it was refused', async () => (await metric('kubernaut_webhook_requests_total{status="503"')) >= 2, PATIENCE_MS);
    expect(engine.state.open.size).toBe(0);
    broken().isDown = false;
    for (const name of names) expect(await rowOf('firing', name)).toMatchObject({ outcome: 'started' });
    expect([engine.state.open.size, [...engine.state.open.values()].every((o) => o.signals.length === 1), memory.state.signals.size, memory.state.remediations.size]).toEqual([20, true, 20, 20]);
  });
});

describe('what AlertManager’s API says', () => {
  it('is what its webhook says: same fingerprint, same start, however exact, so that nothing is taken twice', async () => {
    const first = await gateway();
    const sender = await alertmanager({ gateway: first.url });
    await sender.post(firingPod('exact-0', { startsAt: new Date(Date.now() - 60_000).toISOString().replace('Z', '917364Z') }));
    await rowOf('firing', 'exact-0');
    await gateway(asking(sender));
    await compared(sender, 'marker');
    expect([rowsOf('firing', 'exact-0').length, engine.state.open.size]).toEqual([1, 3]);
  });

  it('fetches what max_alerts left out, at once, and says so', async () => {
    const early = await alertmanager({ gateway: 'http://127.0.0.1:1', route: MUTE });
    const { url, issues, metric } = await comparedAtItsStart(early);
    const sender = await alertmanager({ gateway: url, webhook: { max_alerts: 2 } });
    const all = Array.from({ length: 7 }, (_, i) => firingPod(`cut-${i}`));
    await early.post(...all);
    await sender.post(...all);
    await eventually('all are there', async () => pods().filter((p) => p!.startsWith('cut-')).length === 7, PATIENCE_MS);
    expect(await metric('kubernaut_truncated_alerts_total')).toBe(5);
    await eventually('five are counted', async () => (await metric('kubernaut_alertmanager_reconciled_total{change="taken"}')) >= 5, PATIENCE_MS);
    expect(await issues()).toEqual([expect.stringMatching(/^receiver kubernaut of alertmanager left 5 alerts out of a group .*; they are fetched from its API; set its max_alerts to 0$/)]);
  });

  it('tells a gateway that was away what began meanwhile, and what ended', async () => {
    const first = await gateway();
    const sender = await alertmanager({ gateway: first.url });
    const gone = firingPod('gone-0');
    await sender.post(gone, firingPod('stays-0'));
    await rowOf('firing', 'gone-0');
    await rowOf('firing', 'stays-0');
    await first.close();
    await sender.post({ ...gone, endsAt: new Date().toISOString() }, firingPod('new-0'));
    // On a port of its own: no webhook finds it.
    const { metric } = await gateway(asking(sender), later);
    expect(await rowOf('firing', 'new-0')).toMatchObject({ outcome: 'started' });
    expect(await rowOf('resolved', 'gone-0')).toMatchObject({ outcome: 'resolved', signal: { startsAt: gone.startsAt } });
    await compared(sender, 'marker');
    expect([pods('resolved'), rowsOf('firing', 'stays-0').length, await metric('kubernaut_webhook_requests_total')]).toEqual([['gone-0'], 1, 0]);
  });

  it('is asked again after an outage of ours', async () => {
    const sender = await alertmanager({ gateway: 'http://127.0.0.1:1', route: MUTE });
    const { issues } = await comparedAtItsStart(sender);
    engine.state.isDown = true;
    await eventually('the outage is seen', async () => (await issues()).length > 0, PATIENCE_MS);
    // Longer than one look of the loop: it must have seen it, too.
    const { calls } = engine.state;
    await eventually('it is seen by the loop', async () => engine.state.calls >= calls + 2, PATIENCE_MS);
    await sender.post(firingPod('missed-0'));
    engine.state.isDown = false;
    expect(await rowOf('firing', 'missed-0')).toMatchObject({ outcome: 'started' });
  });

  it('ends nothing that is silenced, and begins nothing that is', async () => {
    const first = await gateway();
    const sender = await alertmanager({ gateway: first.url });
    await sender.post(firingPod('quiet-0'));
    await rowOf('firing', 'quiet-0');
    await first.close();
    await sender.silence('pod', 'quiet-0');
    await sender.silence('pod', 'quiet-1');
    await sender.post(firingPod('quiet-1'));
    await eventually('both are silenced', async () => (await sender.listed()).join() === 'quiet-0 suppressed,quiet-1 suppressed', PATIENCE_MS);
    await gateway(asking(sender), later);
    await compared(sender, 'marker');
    expect([pods(), pods('resolved')]).toEqual([['marker-0', 'marker-1', 'quiet-0'], []]);
  });

  it('ends nothing while it has just started, after which it does', async () => {
    const first = await gateway();
    const before = await alertmanager({ gateway: first.url });
    await before.post(firingPod('old-0'));
    await rowOf('firing', 'old-0');
    await first.close();
    await before.stop();
    // AlertManager keeps no alerts over a restart.
    const after = await alertmanager({ gateway: 'http://127.0.0.1:1', route: MUTE });
    const young = await gateway({ ...asking(after), 'sources.alertmanager.warmUp': '5m' }, later);
    await compared(after, 'marker');
    expect(pods('resolved')).toEqual([]);
    await young.close();
    await gateway(asking(after), later);
    expect(await rowOf('resolved', 'old-0')).toMatchObject({ outcome: 'resolved' });
  });

  it('ends nothing as long as one of several AlertManagers fires it, or cannot be asked', async () => {
    const first = await gateway();
    const [one, two] = [await alertmanager({ gateway: first.url }), await alertmanager({ gateway: 'http://127.0.0.1:1', route: MUTE })];
    const alert = firingPod('both-0');
    await one.post(alert);
    await two.post(alert);
    await rowOf('firing', 'both-0');
    await first.close();
    await one.post({ ...alert, endsAt: new Date().toISOString() });
    const { issues, close } = await gateway(asking(one, two), later);
    await compared(one, 'first');
    expect([pods('resolved'), await issues()]).toEqual([[], []]);
    await two.stop();
    await compared(one, 'second');
    expect([pods('resolved'), await issues()]).toEqual([[], [expect.stringContaining('AlertManager 2 of 2 cannot be asked what fires: ECONNREFUSED')]]);
    await close();
    await gateway(asking(one), later);
    await rowOf('resolved', 'both-0');
  });
});

/** A gateway whose comparison at its start is over, and whose next one by the clock is far away. */
async function comparedAtItsStart(peer: AlertManagerProcess): ReturnType<typeof gateway> {
  await peer.post(firingPod('start-0'));
  const started = await gateway({ ...asking(peer), 'sources.alertmanager.reconcileEvery': '1h' });
  await rowOf('firing', 'start-0');
  return started;
}
