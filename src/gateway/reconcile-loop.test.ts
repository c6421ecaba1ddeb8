import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { fakeAlertmanagerApi, listedAlert } from '../../test/support/alertmanager-api.js';
import { gatewayDeps, memoryStore, memoryTemporal, talkTo, webhookOf, alertOf } from '../../test/support/gateway.js';
import { eventually } from '../../test/support/simulated-cluster.js';
import { KubernautError } from '../domain/errors.js';
import { reconcileLoop, type ReconcileLoop } from './reconcile-loop.js';

jest.setTimeout(30_000);

const MINUTE_MS = 60_000;
let loop: ReconcileLoop | undefined;
afterEach(() => loop?.stop());

function started(everyMs = 5 * MINUTE_MS) {
  const state = { nowMs: 1_000_000, isAble: true, looks: 0, isAnswered: true, fails: false, did: [] as string[], underWay: 0, most: 0 };
  loop = reconcileLoop({
    reconciliation: {
      async reconcile({ takesOnly = false } = {}) {
        state.underWay += 1;
        state.most = Math.max(state.most, state.underWay);
        await new Promise((resolve) => setTimeout(resolve, 2));
        state.underWay -= 1;
        state.did.push(takesOnly ? 'take' : 'compare');
        if (state.fails) throw new KubernautError('TemporalUnavailable', 'down');
        return { isAnswered: state.isAnswered };
      },
      issues: () => [],
    },
    isAble: async () => ((state.looks += 1), state.isAble),
    everyMs, tickMs: 2, soonMs: 5, nowMs: () => state.nowMs, logger: { warn: () => undefined } as never,
  });
  loop.start();
  const times = (count: number) => eventually(`${count} comparisons`, async () => state.did.length === count);
  /** Some looks at the clock later. */
  const looked = async () => {
    const from = state.looks;
    await eventually('looks at the clock', async () => state.looks > from + 3);
  };
  return { state, times, looked };
}

describe('comparing again and again', () => {
  it('begins at the start and goes on in its time', async () => {
    const { state, times, looked } = started();
    await times(1);
    state.nowMs += 5 * MINUTE_MS - 1;
    await looked();
    expect(state.did).toEqual(['compare']);
    state.nowMs += 1;
    await times(2);
  });

  it('waits for Temporal and the store, and begins when they are back', async () => {
    const { state, times, looked } = started();
    await times(1);
    state.isAble = false;
    state.nowMs += 60 * MINUTE_MS;
    await looked();
    expect(state.did).toEqual(['compare']);
    state.isAble = true;
    await times(2);
    state.isAble = false;
    await looked();
    state.isAble = true;
    await times(3);
  });

  it('asks again soon whoever did not answer', async () => {
    const { state, times, looked } = started();
    state.isAnswered = false;
    await times(1);
    state.nowMs += 29_000;
    await looked();
    expect(state.did).toHaveLength(1);
    state.nowMs += 1_000;
    state.isAnswered = true;
    await times(2);
    state.nowMs += MINUTE_MS;
    await looked();
    expect(state.did).toHaveLength(2);
  });

  it('tries at once again what could not be handed over', async () => {
    const { state } = started();
    state.fails = true;
    await eventually('three tries', async () => state.did.length >= 3);
    state.fails = false;
    expect(state.most).toBe(1);
  });

  it('fetches what was left out of many deliveries once, beside nothing else', async () => {
    const { state, times } = started();
    await times(1);
    for (let i = 0; i < 100; i++) loop!.takeSoon();
    await times(2);
    expect([state.did, state.most]).toEqual([['compare', 'take'], 1]);
    loop!.takeSoon();
    await times(3);
  });

  it('ends when it is stopped', async () => {
    const { state, times } = started();
    await times(1);
    loop!.takeSoon();
    await loop!.stop();
    state.nowMs += 60 * MINUTE_MS;
    loop!.takeSoon();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(state.did).toEqual(['compare']);
  });
});

describe('a gateway', () => {
  const gatewayOver = async (flags: Record<string, unknown>) => {
    const memory = memoryStore();
    const talk = await talkTo(gatewayDeps({ ...memory, ...memoryTemporal() }, flags));
    const pods = () => [...memory.state.signals.values()].map((r) => r.signal.labels.pod).sort();
    const issues = async () => (await talk.send('GET', '/ready')).body.issues as string[];
    return { ...talk, pods, issues };
  };

  it('with sources.alertmanager.url compares at its start, and shows on /ready and on the port for probes while it cannot', async () => {
    const api = await fakeAlertmanagerApi();
    api.fires(listedAlert('a'));
    const { gateway, pods, issues, send } = await gatewayOver({ 'sources.alertmanager.url': api.url, 'sources.alertmanager.reconcileEvery': '1s' });
    await eventually('the alert is taken', async () => pods().includes('a'));
    expect((await send('GET', '/ready')).body.status).toBe('healthy');
    api.answer = (_name, response) => void response.writeHead(500).end();
    expect(await eventually('the issue is shown', async () => (await issues()).length > 0 && (await issues()))).toEqual([expect.stringContaining('AlertManager cannot be asked what fires: it answers 500')]);
    const ready = await send('GET', '/ready');
    expect([ready.status, ready.body.status]).toEqual([200, 'degraded']);
    await gateway.close();
    await api.close();
  });

  it('fetches what a delivery left out', async () => {
    const api = await fakeAlertmanagerApi();
    const { gateway, pods, send } = await gatewayOver({ 'sources.alertmanager.url': [api.url] });
    await eventually('the comparison of its start', async () => api.seen.length === 2);
    api.fires(listedAlert('rest'));
    await send('POST', '/alerts', { ...webhookOf(alertOf({ labels: { pod: 'first' } })), truncatedAlerts: 1 });
    await eventually('the rest is taken', async () => pods().join() === 'first,rest');
    await gateway.close();
    await api.close();
  });

  it('does not start with credentials that contradict each other', async () => {
    await expect(gatewayOver({ 'sources.alertmanager.url': 'http://127.0.0.1:1', 'sources.alertmanager.token': 'a', 'sources.alertmanager.username': 'b' })).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});
