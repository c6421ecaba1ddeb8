import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, TOKEN, webhookOf } from '../../test/support/gateway.js';
import { KubernautError } from '../domain/errors.js';

/** What the fuzz run (test/fuzz) found, each as small as it gets. */
const memory = memoryStore();
let talk: Awaited<ReturnType<typeof talkTo>>;

beforeAll(async () => {
  talk = await talkTo(gatewayDeps({ ...memory, ...memoryTemporal() }));
});
afterAll(() => talk.gateway.close());

const codeOf = ({ status, body }: { status: number; body: any }) => [status, body.error?.code];

/** Bytes as they are, on a connection that the gateway ends. */
const sendRaw = (text: string): Promise<string> =>
  new Promise((resolve) => {
    let seen = '';
    const socket = connect(talk.gateway.port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (seen += String(chunk))).on('close', () => resolve(seen));
  });

describe('times that nobody can mean', () => {
  it.each(['99999999999999d', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59'])('are refused as the end of a pause: %s', async (until) => {
    expect(codeOf(await talk.send('POST', '/api/v1/pauses', { by: 'ana', reason: 'x', until }))).toEqual([422, 'InvalidParams']);
  });

  it.each(['99999999999999d', '0000-01-01T00:00:00Z', `${'9'.repeat(400)}d`])('are refused as the begin of a list: %s', async (since) => {
    expect(codeOf(await talk.send('GET', `/api/v1/remediations?since=${since}`))).toEqual([422, 'InvalidParams']);
  });

  it('cost their own alert its place, and no other', async () => {
    const { status, body } = await talk.send('POST', '/alerts', webhookOf(alertOf({ startsAt: '0000-01-01T00:00:00Z' }), alertOf()));
    expect([status, body.results.map((r: any) => r.outcome)]).toEqual([202, ['started', 'rejected']]);
  });
});

describe('a pause', () => {
  const pause = (more: object) => talk.send('POST', '/api/v1/pauses', { by: 'ana', reason: 'x', ...more });

  it.each([{ until: '' }, { reason: '\ufeff' }, { reason: ' \n' }, { by: '\t' }, { namespace: '\ufeffshop' }, { namespace: 'sh\0op' }, { cluster: ' ' }])('is refused that would be another one once it is stored: %j', async (more) => {
    expect(codeOf(await pause(more))).toEqual([422, 'InvalidParams']);
  });

  it.each([{ cluster: 'arn:aws:eks:eu-west-1:123456789012:cluster/prod' }, { namespace: 'shop', action: 'drain_node', until: '2h' }])('is set: %j', async (more) => {
    expect((await pause(more)).status).toBe(201);
  });
});

it('takes a batch of which one alert has a severity that is a member of every object', async () => {
  const { status } = await talk.send('POST', '/alerts', webhookOf(alertOf({ labels: { severity: 'constructor' } }), alertOf({ labels: { severity: '__proto__' } })));
  expect(status).toBe(202);
});

describe('what Node would answer by itself, without a body', () => {
  const authorized = `Authorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`;

  it.each([['no Host', 'GET /health HTTP/1.1\r\n'], ['two', 'GET /health HTTP/1.1\r\nHost: a\r\nhost: b\r\n']])('is a problem: %s', async (_what, head) => {
    expect(await sendRaw(head + authorized)).toMatch(/^HTTP\/1\.1 400 [^]*x-request-id: [^]*application\/problem\+json[^]*exactly one Host header/i);
  });

  it('is no concern of HTTP/1.0, which has no Host', async () => {
    expect(await sendRaw(`GET /health HTTP/1.0\r\n${authorized}`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('is an answer like any other: an expectation that nobody knows', async () => {
    expect(await sendRaw(`GET /api/v1/info HTTP/1.1\r\nHost: x\r\nExpect: the-unexpected\r\n${authorized}`)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

it('says nothing of statements and settings when something is wrong on our side', async () => {
  const spoiled = { ...memory.store, listRemediations: () => Promise.reject(new KubernautError('Internal', 'the database refused a statement (SQLSTATE 22008)')) };
  const { gateway, send } = await talkTo(gatewayDeps({ ...memoryTemporal(), store: spoiled }));
  const answer = await send('GET', '/api/v1/remediations');
  expect(codeOf(answer)).toEqual([500, 'Internal']);
  expect(JSON.stringify(answer.body)).not.toMatch(/SQLSTATE|statement/);
  await gateway.close();
});
