import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, webhookOf, type Answer } from '../../test/support/gateway.js';
import { watchFilters, type FilterWatch } from '../config/watch-filters.js';
import { createFilters } from './filters.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-gateway-filters-'));
const file = join(folder, 'filters.yaml');
const RULES = `
rules:
  - name: lab
    when: labels.room == "lab"
    drop: { reason: nobody is called for the lab }
  - name: moving
    when: labels.team == "movers"
    suppress: { owner: ana, reason: the database moves, expires: 2026-03-01T12:00:00Z }
  - name: production
    when: labels.tier == "gold"
    set: { severity: critical, environment: production, priority: 1 }
    route: { to: night-shift }
  - name: slow
    when: alert == "SlowBurn"
    delay: { for: 10m }
  - name: three
    when: alert == "Restarts"
    atLeast: { count: 3, within: 10m, by: labels.deployment }
  - name: broken
    when: int(labels.number) > 1
    drop: { reason: never }
`;

const memory = memoryStore();
const engine = memoryTemporal();
let now = '2026-03-01T09:00:00.000Z';
let watch: FilterWatch;
let talk: Awaited<ReturnType<typeof talkTo>>;

const post = (...alerts: object[]): Promise<Answer> => talk.send('POST', '/alerts', webhookOf(...alerts));
const results = (answer: Answer) => answer.body.results as { outcome: string; reason?: string; remediation_id?: string }[];
const outcomes = (answer: Answer) => results(answer).map((r) => r.outcome);
const why = async (alert: { fingerprint: string }) => (await talk.send('GET', `/api/v1/signals/${alert.fingerprint}`)).body.items;
const resolved = <T extends object>(alert: T): T => ({ ...alert, status: 'resolved', endsAt: '2026-03-01T09:30:00Z' });
const restart = (deployment: string, minute: number) => alertOf({ startsAt: `2026-03-01T08:${String(minute).padStart(2, '0')}:00Z`, labels: { alertname: 'Restarts', deployment, pod: '' } });

beforeAll(async () => {
  writeFileSync(file, RULES);
  watch = watchFilters(file);
  const filters = createFilters(watch);
  talk = await talkTo(gatewayDeps({ ...memory, ...engine, filters, policyIssues: () => filters.issues(), now: () => now }, { 'gateway.rateLimit.requests': 5000 }));
});
afterAll(async () => {
  watch.stop();
  await talk.gateway.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  now = '2026-03-01T09:00:00.000Z';
  writeFileSync(file, RULES);
  watch.check();
  Object.assign(memory.state, { isDown: false, isReadOnly: false });
  Object.assign(engine.state, { isDown: false, calls: 0, failAfter: Infinity });
});

describe('a signal that a rule ends', () => {
  it('is answered 2xx with the rule as reason, costs no request to Temporal, and is recorded', async () => {
    const alert = alertOf({ labels: { room: 'lab' } });
    const answer = await post(alert);
    expect([answer.status, results(answer)]).toEqual([200, [{ fingerprint: alert.fingerprint, outcome: 'suppressed', reason: 'filter rule lab drops it: nobody is called for the lab' }]]);
    expect(engine.state.calls).toBe(0);
    expect(await why(alert)).toMatchObject([{ outcome: 'suppressed', reason: 'filter rule lab drops it: nobody is called for the lab', rules: ['lab'] }]);
  });

  it.each(['Watchdog', 'InfoInhibitor'])('may be %s: shipped', async (alertname) => expect(outcomes(await post(alertOf({ labels: { alertname } })))).toEqual(['suppressed']));

  it('does not stop the others of its batch', async () => {
    const answer = await post(alertOf({ labels: { room: 'lab' } }), alertOf());
    expect([answer.status, outcomes(answer)]).toEqual([202, ['suppressed', 'started']]);
  });

  it('is taken when the rule has expired', async () => {
    const alert = alertOf({ labels: { team: 'movers' } });
    expect(results(await post(alert))[0]!.reason).toBe('filter rule moving suppresses it until 2026-03-01T12:00:00Z: the database moves (ana)');
    now = '2026-03-01T12:00:00.000Z';
    expect(outcomes(await post(alert))).toEqual(['started']);
  });

  it('ends without a word to Temporal, too', async () => {
    const alert = alertOf({ labels: { room: 'lab' } });
    await post(alert);
    expect(results(await post(resolved(alert)))).toMatchObject([{ outcome: 'suppressed', reason: 'filter rule lab drops it: nobody is called for the lab' }]);
    expect(engine.state.calls).toBe(0);
  });

  it('does not hide the end of what a remediation was started for', async () => {
    const alert = alertOf({ labels: { area: 'x' } });
    await post(alert);
    writeFileSync(file, 'rules:\n  - { name: all, when: "true", drop: { reason: quiet } }\n');
    watch.check();
    expect(outcomes(await post(resolved(alert)))).toEqual(['joined']);
  });

  it('is refused with 503 while it cannot be recorded', async () => {
    memory.state.isReadOnly = true;
    expect((await post(alertOf({ labels: { room: 'lab' } }))).status).toBe(503);
  });
});

describe('a signal that rules classify', () => {
  it('goes on with what they set, and first', async () => {
    const plain = alertOf({ labels: { pod: 'gold', severity: 'high' } });
    const gold = alertOf({ labels: { pod: 'gold', tier: 'gold', severity: 'info' } });
    expect(outcomes(await post(plain, gold))).toEqual(['joined', 'started']);
    const [kept] = await why(gold);
    expect(kept).toMatchObject({ severity: 'critical', priority: 1, environment: 'production', route: 'night-shift', rules: ['production'] });
    expect([...memory.state.remediations.values()].at(-1)).toMatchObject({ severity: 'critical' });
  });
});

describe('a rule that fails', () => {
  it('is not one that asks for a label which is not there', async () => {
    await post(alertOf());
    expect((await talk.send('GET', '/ready')).body.issues).toEqual([]);
  });

  it('is passed over, and shown', async () => {
    const alert = alertOf({ labels: { number: 'many' } });
    expect(outcomes(await post(alert))).toEqual(['started']);
    const ready = (await talk.send('GET', '/ready')).body;
    expect([ready.healthy, ready.status, ready.issues]).toEqual([true, 'degraded', [expect.stringMatching(/^filter rule broken was passed over for 1 signals, the last time because: .*int\(\)/)]]);
    const { items } = (await talk.send('GET', '/api/v1/filters')).body;
    expect(items.find((r: any) => r.name === 'broken')).toMatchObject({ state: 'failing', errors: 1, last_error: expect.stringContaining('int()') });
  });
});

describe('a delayed signal', () => {
  const slow = (startsAt: string) => alertOf({ startsAt, labels: { alertname: 'SlowBurn' } });

  it('starts a remediation that Temporal holds back until it has fired for so long', async () => {
    const alert = slow('2026-03-01T08:56:00Z');
    const answer = await post(alert);
    expect(results(answer)).toMatchObject([{ outcome: 'started', reason: 'filter rule slow holds it back until 2026-03-01T09:06:00.000Z' }]);
    expect(engine.state.delays.get(alert.fingerprint)).toBe(6 * 60_000);
    expect(await why(alert)).toMatchObject([{ held_until: '2026-03-01T09:06:00.000Z', rules: ['slow'] }]);
    const { body } = await talk.send('GET', `/api/v1/remediations/${results(answer)[0]!.remediation_id}`);
    expect(body.timeline[0].text).toContain('holds it back until');
  });

  it('is held once: a repeat is a repeat', async () => {
    const alert = slow('2026-03-01T08:56:00Z');
    await post(alert);
    engine.state.calls = 0;
    expect([outcomes(await post(alert)), engine.state.calls]).toEqual([['duplicate'], 0]);
  });

  it('is not held when it has fired for long enough', async () => {
    const alert = slow('2026-03-01T08:00:00Z');
    expect(results(await post(alert))[0]).not.toHaveProperty('reason');
    expect(engine.state.delays.get(alert.fingerprint)).toBeUndefined();
  });

  it('tells what is held when it ends', async () => {
    const alert = slow('2026-03-01T08:56:00Z');
    await post(alert);
    expect(outcomes(await post(resolved(alert)))).toEqual(['joined']);
  });
});

describe('a minimum count', () => {
  it('holds what comes first, and lets all go on with the one that makes it enough', async () => {
    const [a, b, c] = [restart('one', 50), restart('one', 52), restart('one', 58)];
    expect(results(await post(a))).toMatchObject([{ outcome: 'suppressed', reason: 'filter rule three waits: 1 of 3 started within 10m' }]);
    expect(results(await post(a, b)).map((r) => r.reason)).toEqual(['filter rule three waits: 1 of 3 started within 10m', 'filter rule three waits: 2 of 3 started within 10m']);
    expect(engine.state.calls).toBe(0);
    const third = await post(c);
    expect([third.status, outcomes(third)]).toEqual([202, ['joined']]);
    expect((await why(a))[0]).toMatchObject({ outcome: 'started' });
    expect((await why(b))[0]).toMatchObject({ outcome: 'joined' });
    expect(outcomes(await post(a))).toEqual(['duplicate']);
    expect(engine.state.open.get('remediation/prod/shop/Deployment/one')!.signals.sort()).toEqual([a, b, c].map((x) => x.fingerprint).sort());
  });

  it('counts by key', async () => {
    const answer = await post(restart('two', 50), restart('three', 51), restart('four', 52));
    expect(new Set(outcomes(answer))).toEqual(new Set(['suppressed']));
  });

  it('does not count what started outside of the window', async () => {
    expect(outcomes(await post(restart('five', 10), restart('five', 30), restart('five', 50)))).toEqual(['suppressed', 'suppressed', 'suppressed']);
  });

  it('does not bring back what is over', async () => {
    const [a, b, c] = [restart('six', 50), restart('six', 52), restart('six', 53)];
    await post(a);
    expect(results(await post(resolved(a)))).toMatchObject([{ outcome: 'suppressed', reason: expect.stringContaining('filter rule three waits') }]);
    await post(b);
    await post(c);
    expect(engine.state.open.get('remediation/prod/shop/Deployment/six')!.signals).toEqual([b.fingerprint, c.fingerprint]);
  });

  it('is tried again after Temporal was out of reach, with all that was held', async () => {
    const [a, b, c] = [restart('seven', 50), restart('seven', 52), restart('seven', 53)];
    await post(a, b);
    engine.state.isDown = true;
    expect((await post(c)).status).toBe(503);
    engine.state.isDown = false;
    expect(outcomes(await post(c))).toEqual(['joined']);
    expect(engine.state.open.get('remediation/prod/shop/Deployment/seven')!.signals).toHaveLength(3);
  });

  it('survives a new process: everything is in the store', async () => {
    const [a, b, c] = [restart('eight', 50), restart('eight', 52), restart('eight', 53)];
    await post(a);
    const filters = createFilters(watch);
    const other = await talkTo(gatewayDeps({ ...memory, ...engine, filters, now: () => now }));
    await other.send('POST', '/alerts', webhookOf(b));
    expect(outcomes(await other.send('POST', '/alerts', webhookOf(c)))).toEqual(['joined']);
    await other.gateway.close();
  });
});

describe('GET /api/v1/filters', () => {
  it('lists the rules in order, with what they did', async () => {
    await post(alertOf({ labels: { room: 'lab' } }));
    now = '2026-03-02T00:00:00.000Z';
    const { status, body } = await talk.send('GET', '/api/v1/filters');
    expect([status, body.file, body.items[0]]).toEqual([200, file, expect.objectContaining({ name: 'watchdog', origin: 'shipped', does: 'drop', state: 'in_force', reason: 'it always fires, to prove that alerting works' })]);
    const byName = Object.fromEntries(body.items.map((r: any) => [r.name, r]));
    expect(byName.lab).toMatchObject({ origin: 'file', when: 'labels.room == "lab"', hits: expect.any(Number), last_hit: expect.any(String) });
    expect(byName.lab.hits).toBeGreaterThan(0);
    expect(byName.moving).toMatchObject({ state: 'expired', owner: 'ana', expires: '2026-03-01T12:00:00Z' });
    expect(byName.production.does).toBe('set severity critical, environment production, priority 1; route to night-shift');
    expect(byName.slow.does).toBe('hold until it has fired for 10m');
    expect(byName.three.does).toBe('hold until 3 start within 10m by labels.deployment');
    expect(body.issues).toContain('filter rule moving of ana expired at 2026-03-01T12:00:00Z and no longer acts; remove or renew it');
  });

  it('says so when nobody knows the hits', async () => {
    memory.state.isDown = true;
    const { status, body } = await talk.send('GET', '/api/v1/filters');
    expect([status, body.items[0].hits, body.issues.at(-1)]).toEqual([200, undefined, expect.stringContaining('hits are not known')]);
  });

  it('wants the token', async () => expect((await talk.send('GET', '/api/v1/filters', undefined, { authorization: '' })).status).toBe(401));

  it('shows a bad file here and on /ready, and keeps the old rules', async () => {
    writeFileSync(file, 'rules: [');
    watch.check();
    expect(outcomes(await post(alertOf({ labels: { room: 'lab' } })))).toEqual(['suppressed']);
    for (const path of ['/ready', '/api/v1/filters']) expect((await talk.send('GET', path)).body.issues[0]).toContain('is bad, the old rules stay in force');
  });
});
