import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, redriven, talkTo, webhookOf, type Answer } from '../../test/support/gateway.js';
import type { GatewayDeps } from './deps.js';

let memory: ReturnType<typeof memoryStore>;
let engine: ReturnType<typeof memoryTemporal>;
let deps: GatewayDeps;
let talk: Awaited<ReturnType<typeof talkTo>>;
let nowMs: number;
let lookups: number;

const post = (...alerts: object[]) => talk.send('POST', '/alerts', webhookOf(...alerts));
const outcomes = (answer: Answer) => answer.body.results.map((r: any) => r.outcome);
const rows = () => [...memory.state.signals.values()].map((r) => `${r.signal.status} ${r.outcome}`);
const said = () => [...engine.state.open.values()].flatMap((r) => r.signals);
const at = (minute: number): string => new Date(Date.parse('2026-03-01T02:00:00Z') + minute * 60_000).toISOString();

const redrive = (): Promise<number> => redriven(deps);

beforeEach(async () => {
  memory = memoryStore();
  engine = memoryTemporal();
  nowMs = Date.parse(at(10));
  lookups = 0;
  deps = gatewayDeps({ ...memory, ...engine, now: () => new Date(nowMs).toISOString(), resolveTarget: () => void (lookups += 1) });
  talk = await talkTo(deps);
});
afterEach(() => talk.gateway.close());

describe('what is in the inbox', () => {
  it('goes on after an outage of Temporal, also when its sender never comes back', async () => {
    engine.state.isDown = true;
    const [first, second] = [alertOf(), alertOf()];
    expect((await post(first, second)).status).toBe(503);
    expect(rows()).toEqual(['firing received', 'firing received']);
    await expect(redrive()).rejects.toThrow('out of reach');
    engine.state.isDown = false;
    expect(await redrive()).toBe(2);
    expect(rows()).toEqual(['firing started', 'firing started']);
    expect(outcomes(await post(first, second))).toEqual(['duplicate', 'duplicate']);
    expect(said().sort()).toEqual([first.fingerprint, second.fingerprint].sort());
    expect(await redrive()).toBe(0);
  });

  it('keeps the order of a start and its end', async () => {
    engine.state.isDown = true;
    const alert = alertOf();
    await post(alert);
    await post({ ...alert, status: 'resolved', endsAt: at(5) });
    engine.state.isDown = false;
    await redrive();
    expect(said()).toEqual([alert.fingerprint, `resolved ${alert.fingerprint}`]);
    expect(rows()).toEqual(['firing started', 'resolved resolved']);
  });

  it('is not handed over a second time by the one that goes on after a crash', async () => {
    const alert = alertOf();
    await post(alert);
    const [row] = [...memory.state.signals.values()];
    Object.assign(row!, { outcome: 'received', remediationId: undefined });
    await redrive();
    expect([said(), rows()]).toEqual([[alert.fingerprint], ['firing started']]);
  });

  it('starts nothing when the remediation that it had joined is over by then', async () => {
    const [first, second] = [alertOf({ labels: { pod: 'both' } }), alertOf({ labels: { pod: 'both' } })];
    await post(first, second);
    const [one, other] = [...memory.state.signals.values()];
    const stored = memory.state.remediations.get(one!.remediationId!)!;
    stored.problems.push({ fingerprint: second.fingerprint, alert: 'A', status: 'firing', started_at: second.startsAt });
    engine.state.open.clear();
    Object.assign(other!, { outcome: 'received', remediationId: undefined });
    await redrive();
    expect([engine.state.open.size, rows()]).toEqual([0, ['firing started', 'firing joined']]);
  });

  it('lets an end wait for a start that another gateway has not handed over yet', async () => {
    const alert = alertOf();
    engine.state.isDown = true;
    await post(alert);
    engine.state.isDown = false;
    const answer = await post({ ...alert, status: 'resolved', endsAt: at(5) });
    expect([outcomes(answer), answer.body.results[0].reason]).toEqual([['joined'], 'its start is still on its way; it follows when that has arrived']);
    expect([rows(), said()]).toEqual([['firing received', 'resolved received'], []]);
    await redrive();
    expect(said()).toEqual([alert.fingerprint, `resolved ${alert.fingerprint}`]);
  });

  it('lets an end wait for its start, also when other alerts keep the workflow of the target open', async () => {
    const [first, second] = [alertOf({ labels: { pod: 'both' } }), alertOf({ labels: { pod: 'both' } })];
    await post(first);
    engine.state.isDown = true;
    await post(second);
    engine.state.isDown = false;
    expect(outcomes(await post({ ...second, status: 'resolved', endsAt: at(5) }))).toEqual(['joined']);
    expect(said()).toEqual([first.fingerprint]);
    await redrive();
    await redrive();
    expect(said()).toEqual([first.fingerprint, second.fingerprint, `resolved ${second.fingerprint}`]);
  });

  it('is refused with 503 when it cannot be kept, and Temporal hears nothing', async () => {
    memory.state.isReadOnly = true;
    expect((await post(alertOf())).status).toBe(503);
    expect(engine.state.calls).toBe(0);
  });
});

it('answers when all is safe, where Temporal takes its time', async () => {
  await talk.gateway.close();
  talk = await talkTo({ ...deps, config: { ...deps.config, gateway: { ...deps.config.gateway, answerWithin: '30ms' } } });
  let goOn!: () => void;
  engine.state.onDispatch = () => new Promise<void>((resolve) => (goOn = resolve));
  const answer = await post(alertOf());
  expect([answer.status, outcomes(answer), answer.body.results[0].reason]).toEqual([202, ['joined'], 'kept in the inbox; it is handed over in a moment']);
  expect(rows()).toEqual(['firing received']);
  goOn();
  while (rows()[0] !== 'firing started') await new Promise((resolve) => setTimeout(resolve, 5));
});

describe('a repeat', () => {
  it('of anything costs no call to Temporal and no look at the cluster', async () => {
    const [fires, ends, alone] = [alertOf(), alertOf(), alertOf({ status: 'resolved' })];
    const all = [fires, ends, { ...ends, status: 'resolved', endsAt: at(5) }, alone];
    await post(...all);
    Object.assign(engine.state, { calls: 0 });
    lookups = 0;
    expect(outcomes(await post(...all))).toEqual(['duplicate', 'duplicate', 'duplicate', 'duplicate']);
    expect([engine.state.calls, lookups]).toEqual([0, 0]);
  });

  it('says why the first came to nothing', async () => {
    const alone = alertOf({ status: 'resolved' });
    await post(alone);
    expect((await post(alone)).body.results[0].reason).toBe('this was received before: resolved, and nothing is open for it');
  });
});

describe('an alert whose end is known', () => {
  it('is ignored when its start arrives after it', async () => {
    const alert = alertOf({ startsAt: at(0) });
    await post({ ...alert, status: 'resolved', endsAt: at(5) });
    const late = await post(alert);
    expect([late.status, outcomes(late), late.body.results[0].reason]).toEqual([200, ['suppressed'], `it ended at ${at(5)}, before this arrived`]);
    expect([engine.state.open.size, rows()]).toEqual([0, ['resolved suppressed', 'firing suppressed']]);
  });

  it('has started again when it fires under the same start a while later, and ends again', async () => {
    const alert = alertOf({ startsAt: at(0) });
    await post(alert);
    await post({ ...alert, status: 'resolved', endsAt: at(5) });
    nowMs += 2 * 60_000;
    expect(outcomes(await post(alert))).toEqual(['joined']);
    expect(outcomes(await post(alert))).toEqual(['duplicate']);
    expect([...memory.state.signals.values()].map((r) => r.signal.startsAt)).toEqual([at(0), at(0), at(5)]);
    expect(outcomes(await post({ ...alert, status: 'resolved', endsAt: at(11) }))).toEqual(['joined']);
    expect(said()).toEqual([alert.fingerprint, `resolved ${alert.fingerprint}`, alert.fingerprint, `resolved ${alert.fingerprint}`]);
  });

  it('is a new occurrence with a later start', async () => {
    const alert = alertOf({ startsAt: at(0) });
    await post(alert);
    await post({ ...alert, status: 'resolved', endsAt: at(5) });
    expect(outcomes(await post({ ...alert, startsAt: at(6) }))).toEqual(['joined']);
  });
});
