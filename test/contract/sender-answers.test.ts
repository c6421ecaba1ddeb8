import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ERRORS, KubernautError, type ErrorCode } from '../../src/domain/errors.js';
import type { Store } from '../../src/domain/ports.js';
import { createDocuments } from '../../src/adapters/sns/documents.js';
import { startGateway } from '../../src/gateway/server.js';
import type { TemporalGateway } from '../../src/gateway/temporal-port.js';
import { sources } from '../../src/sources/index.js';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, TOKEN, webhookOf, type Answer } from '../support/gateway.js';
import { headOf, openRaw, postOf, rawExchange, until } from '../support/raw-http.js';
import { recorded, signedAgain, SNS_CERTIFICATE, SNS_TOPIC } from '../support/sources.js';
import { SENDERS, type Next, type Status } from '../support/senders.js';
import { AUDIENCE, claimsOf, ISSUER, signingKey } from '../support/tokens.js';

/**
 * safe: what came is safe. ours: our trouble, the signal can be taken later. abuse: the sender sends too much. setup: nobody
 * can take it until somebody changes the sender or our configuration. unusable: nobody ever can.
 */
type Meaning = 'safe' | 'ours' | 'abuse' | 'setup' | 'unusable';

const STATUSES: Readonly<Record<string, Meaning>> = {
  200: 'safe', 202: 'safe', 400: 'unusable', 401: 'setup', 403: 'setup', 404: 'setup', 413: 'unusable', 415: 'unusable', 422: 'unusable', 429: 'abuse', 500: 'ours', 503: 'ours', none: 'ours',
};
/** Of the error table, and about people's decisions, the cluster or the model: no signal gets them. */
const NEVER = [409, 502];

const CODES = Object.keys(ERRORS) as ErrorCode[];
const seen = new Map<string, Set<string>>();
const saw = (status: Status, how: string): Status => (seen.set(String(status), (seen.get(String(status)) ?? new Set()).add(how)), status);

const memory = memoryStore();
const engine = memoryTemporal();
const trouble: { store?: () => Error; temporal?: () => Error; documents?: () => Error } = {};
const breaking = <T extends object>(port: T, errorOf: () => (() => Error) | undefined): T =>
  new Proxy(port, {
    get: (target, name) => {
      const real = target[name as keyof T];
      return typeof real !== 'function' ? real : (...args: unknown[]) => { const e = errorOf(); return e ? Promise.reject(e()) : (real as (...a: unknown[]) => unknown)(...args); };
    },
  });
const fault = { store: breaking(memory.store as Store, () => trouble.store), temporal: breaking(engine.temporal as TemporalGateway, () => trouble.temporal) };
const documents = { read: async () => (trouble.documents ? Promise.reject(trouble.documents()) : SNS_CERTIFICATE), visit: async () => undefined };
const NOW = '2026-03-01T02:31:00.000Z';
const EVENTS_TOKEN = 'events-token-0123456789';
const flags = { 'sources.cloudwatch.topics': [SNS_TOPIC], 'sources.cloudevents.tokens': [EVENTS_TOKEN], 'gateway.namespaces': ['shop'], 'gateway.rateLimit.requests': 100_000 };
const open = (more: Record<string, unknown> = {}, parts: object = {}) => talkTo(gatewayDeps({ ...fault, documents, now: () => NOW, ...parts }, { ...flags, ...more }));

let talk: Awaited<ReturnType<typeof talkTo>>;
let serial = 0;
const alarm = (name?: string) => {
  const sent = recorded('cloudwatch', 'alarm-v1') as { Message: string };
  const Message = name === undefined ? sent.Message : JSON.stringify({ ...JSON.parse(sent.Message), AlarmName: name, AlarmArn: `arn:aws:cloudwatch:eu-central-1:123456789012:alarm:${name}` });
  return signedAgain(sent as never, { MessageId: `m-${(serial += 1)}`, Message });
};
const post = (body: unknown, path = '/alerts', headers: Record<string, string> = {}) => talk.send('POST', path, body, headers);
const sns = (body: unknown) => post(body, '/api/v1/signals/cloudwatch', { authorization: '', 'content-type': 'text/plain' });
const event = (alert = 'Down') => ({ specversion: '1.0', id: `e-${(serial += 1)}`, source: '/m', type: 'x', data: { alert, status: 'firing', target: { kind: 'Deployment', namespace: 'shop', name: 'checkout' } } });
const events = (body: unknown) => post(body, '/api/v1/signals/cloudevents', { authorization: `Bearer ${EVENTS_TOKEN}`, 'content-type': 'application/cloudevents+json' });

beforeAll(async () => {
  talk = await open();
});
afterAll(() => talk.gateway.close());
beforeEach(() => {
  for (const place of ['store', 'temporal', 'documents'] as const) delete trouble[place];
  Object.assign(engine.state, { failAfter: Infinity, calls: 0 });
});

describe('what is good and fails on our side', () => {
  const senders: readonly [string, () => Promise<Answer>][] = [['alertmanager', () => post(webhookOf(alertOf(), alertOf()))], ['cloudwatch', () => sns(alarm())], ['cloudevents', () => events(event())]];

  it.each(CODES.flatMap((code) => (['store', 'temporal'] as const).map((place) => [code, place] as const)))('%s out of the %s is never the end of a signal', async (code, place) => {
    for (const [id, send] of senders) {
      trouble[place] = () => new KubernautError(code, 'as it says');
      const { status, headers } = await send();
      delete trouble[place];
      // 2xx where the inbox has it already.
      if (status < 300) continue;
      saw(status, `${code} of the ${place}`);
      expect([id, status >= 500, headers.get('retry-after') !== null || status === 500]).toEqual([id, true, true]);
    }
  });

  it.each(['store', 'temporal'] as const)('nor is a bug in the %s', async (place) => {
    trouble[place] = () => new TypeError('x is not a function');
    for (const [, send] of senders) {
      const { status } = await send();
      if (status >= 300) expect(saw(status, `a bug of the ${place}`)).toBe(500);
    }
  });

  it('nor is a certificate that cannot be read now; one that never will be is', async () => {
    for (const code of ['DependencyMissing', 'Overloaded'] as const) {
      trouble.documents = () => new KubernautError(code, 'not now');
      expect(saw((await sns(alarm())).status, 'certificate out of reach')).toBe(503);
    }
    trouble.documents = () => new KubernautError('NotAllowed', 'never');
    expect(saw((await sns(alarm())).status, 'certificate at an address that is not public')).toBe(403);
    const hanging = await open({}, { documents: createDocuments(() => new Promise(() => undefined)) });
    const read = (i: number) => hanging.send('POST', '/api/v1/signals/cloudwatch', signedAgain(recorded('cloudwatch', 'alarm-v1'), { SigningCertURL: `https://sns.eu-west-${i}.amazonaws.com/x.pem` }), { authorization: '', 'content-type': 'text/plain' });
    const statuses: number[] = [];
    for (let i = 1; i <= 5; i++) void read(i).then((a) => statuses.push(a.status), () => undefined);
    await until('one is too many', () => statuses.length > 0);
    expect(saw(statuses[0]!, 'too many certificates at once')).toBe(503);
    hanging.gateway.app.server.closeAllConnections();
    await hanging.gateway.close();
  });

  it('nor are keys of tokens that cannot be read', async () => {
    const key = await signingKey('ES256', 'k');
    const other = await open({ 'gateway.jwt': { issuer: ISSUER, audience: AUDIENCE, jwksUrl: 'https://id.example.com/keys' } }, { now: undefined, readKeys: () => Promise.reject(new Error('down')) });
    const authorization = `Bearer ${await key.sign(claimsOf())}`;
    for (const path of ['/alerts', '/api/v1/signals/cloudevents']) expect(saw((await other.send('POST', path, webhookOf(alertOf()), { authorization })).status, 'keys of the issuer out of reach')).toBe(503);
    await other.gateway.close();
  });

  it('nor is a body that comes too slowly, a connection too many, or our shutdown', async () => {
    const engineOfIts = memoryTemporal();
    let go: () => void = () => undefined;
    const waits = new Promise<void>((resolve) => (go = resolve));
    const dispatch = engineOfIts.temporal.dispatch.bind(engineOfIts.temporal);
    let isUnderWay = false;
    engineOfIts.temporal.dispatch = async (...args) => {
      isUnderWay = true;
      await waits;
      return dispatch(...args);
    };
    const deps = gatewayDeps({ ...memoryStore(), ...engineOfIts });
    const gateway = await startGateway(deps, { extend: (app) => Object.assign(app.server, { maxConnections: 2, requestTimeout: 300, headersTimeout: 200, connectionsCheckingInterval: 20 }) });
    const [slow] = await rawExchange(gateway.port, headOf({ 'Content-Length': '100' }));
    expect(saw(slow!.status, 'the body is too slow')).toBe(503);

    const keep = { Connection: 'keep-alive' };
    const [first, second] = await Promise.all([openRaw(gateway.port), openRaw(gateway.port)]);
    second.write(postOf(JSON.stringify(webhookOf()), keep));
    await until('both are in', () => second.answers().length === 1);
    saw((await rawExchange(gateway.port, postOf('{}'))).length === 0 ? 'none' : 0, 'a connection too many');
    first.write(postOf(JSON.stringify(webhookOf(alertOf())), keep));
    await until('it is on its way', () => isUnderWay);
    const closing = gateway.close();
    second.write(postOf(JSON.stringify(webhookOf(alertOf())), keep));
    await until('it is refused', () => second.answers().length === 2 || second.socket.destroyed || second.socket.readableEnded);
    saw(second.answers()[1]?.status ?? 'none', 'shutting down');
    expect([undefined, 503]).toContain(second.answers()[1]?.status);
    go();
    await closing;
    [first, second].forEach(({ socket }) => socket.destroy());
  });
});

describe('2xx', () => {
  it.each([...Array(12).keys()])('is only said when all of a batch is safe: Temporal ends after %i calls', async (calls) => {
    const alerts = Array.from({ length: 6 }, () => alertOf());
    engine.state.failAfter = engine.state.calls + calls;
    const answer = await post(webhookOf(...alerts));
    engine.state.failAfter = Infinity;
    saw(answer.status, 'Temporal ends in the middle');
    expect([200, 202, 503]).toContain(answer.status);
    if (answer.status < 300) await until('every alert has a remediation', () => alerts.every((a) => isSafe(a.fingerprint)));
    // Whatever was said: the repeat loses and doubles nothing.
    expect((await post(webhookOf(...alerts))).status).toBeLessThan(300);
    const told = [...engine.state.open.values()].flatMap((r) => r.signals);
    for (const a of alerts) expect(told.filter((f) => f === a.fingerprint)).toHaveLength(1);
  });

  it.each([...Array(12).keys()])('is only said when all of a batch is safe: the store ends after %i calls', async (calls) => {
    const alerts = Array.from({ length: 3 }, () => alertOf());
    let left = calls;
    trouble.store = undefined;
    const counting = breaking(memory.store as Store, () => (left-- > 0 ? undefined : () => new KubernautError('StoreUnavailable', 'the database is out of reach')));
    const other = await open({}, { store: counting });
    const answer = await other.send('POST', '/alerts', webhookOf(...alerts));
    expect([200, 202, 503]).toContain(saw(answer.status, 'the store ends in the middle'));
    left = Infinity;
    if (answer.status < 300) await until('every alert has a remediation', () => alerts.every((a) => isSafe(a.fingerprint)));
    expect((await other.send('POST', '/alerts', webhookOf(...alerts))).status).toBeLessThan(300);
    await other.gateway.close();
  });

  const isSafe = (fingerprint: string): boolean => [...engine.state.open.values()].some((r) => r.signals.includes(fingerprint));

  it('is said of what is new, and of what is not', async () => {
    const alert = alertOf();
    expect([saw((await post(webhookOf(alert))).status, 'new'), saw((await post(webhookOf(alert))).status, 'known')]).toEqual([202, 200]);
    expect([saw((await sns(alarm('of its own'))).status, 'new'), saw((await events(event('OfItsOwn'))).status, 'new')]).toEqual([202, 202]);
  });
});

describe('4xx', () => {
  it.each<[number, string, () => Promise<Answer>]>([
    [400, 'no JSON', () => post('{')], [400, 'no signal that can be used', () => post(webhookOf({ a: 1 }))], [400, 'an alarm that is none', () => sns(recorded('cloudwatch', 'control/no-alarm'))],
    [401, 'a wrong token', () => post(webhookOf(), '/alerts', { authorization: 'Bearer x' })], [401, 'a wrong signature', () => sns({ ...alarm(), Subject: 'other' })],
    [403, 'a namespace that is not served', () => post(webhookOf(alertOf({ labels: { namespace: 'bank' } })))], [403, 'a topic nobody named', () => sns(signedAgain(alarm(), { TopicArn: `${SNS_TOPIC}2` }))],
    [404, 'a source that is not open', () => post(webhookOf(), '/api/v1/signals/grafana')], [413, 'too many alerts', () => post({ alerts: Array(5001).fill(1) })],
    [415, 'another type', () => post('x', '/alerts', { 'content-type': 'text/plain' })], [422, 'another envelope', () => post({ hello: 1 })],
  ])('%i is for %s, while everything of ours is well', async (status, how, send) => {
    expect(saw((await send()).status, how)).toBe(status);
  });

  it('429 is for too many requests of one sender alone', async () => {
    const few = await open({ 'gateway.rateLimit.requests': 1 });
    const send = async (authorization: string) => (await few.send('POST', '/alerts', webhookOf(), { authorization })).status;
    expect([await send(`Bearer ${TOKEN}`), saw(await send(`Bearer ${TOKEN}`), 'too many requests'), await send('Bearer other')]).toEqual([200, 429, 401]);
    await few.gateway.close();
  });
});

describe('every status × what each sender does next', () => {
  const statuses = Object.keys(STATUSES).map((s): Status => (s === 'none' ? s : Number(s)));
  const cells = statuses.flatMap((status) => SENDERS.map((sender) => [status, sender.name, sender.after(status), STATUSES[String(status)]!] as const));

  it('all of them were provoked above, and no other', () => {
    const fromTable = [...new Set(CODES.map((c) => ERRORS[c].status as number))].filter((s) => s >= 300);
    expect(fromTable.filter((s) => !(s in STATUSES)).sort()).toEqual(NEVER);
    expect([...seen.keys()].sort()).toEqual(Object.keys(STATUSES).sort());
  });

  it.each(cells)('%s to %s: %s (%s)', (_status, _name, next, meaning) => {
    const allowed: Record<Meaning, readonly Next[]> = {
      safe: ['done'],
      ours: ['repeats', 'brings it again'],
      abuse: ['repeats', 'brings it again'],
      setup: ['brings it again', 'gives up'],
      unusable: ['brings it again', 'gives up'],
    };
    expect(allowed[meaning]).toContain(next);
  });

  it('no sender says done where nothing was taken', () => {
    for (const [, , next, meaning] of cells) expect(next === 'done').toBe(meaning === 'safe');
  });

  it('every source of the catalogue is one of these senders, or repeats by itself', () => {
    const likeBrokers = ['custom', 'kubernetes'];
    expect(sources.members.map((s) => s.id).filter((id) => !SENDERS.some((s) => s.id === id)).sort()).toEqual(likeBrokers);
  });

  it('is what the guide says', () => {
    const guide = readFileSync('docs/guides/sources.md', 'utf8');
    const section = guide.split('## What the answers mean to each sender')[1]!.split('\n## ')[0]!;
    const rows = section.split('\n').filter((l) => l.startsWith('|')).map((l) => l.split('|').slice(1, -1).map((c) => c.trim()));
    expect(rows[0]).toEqual(['answer', 'when', ...SENDERS.map((s) => s.name)]);
    expect(rows.slice(2).map((r) => [r[0], ...r.slice(2)])).toEqual(statuses.map((status) => [status === 'none' ? 'none' : String(status), ...SENDERS.map((s) => s.after(status))]));
    for (const { pace } of SENDERS) expect(section).toContain(pace);
  });
});
