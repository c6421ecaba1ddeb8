import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, webhookOf } from '../../test/support/gateway.js';
import { headOf, openRaw, postOf, rawExchange } from '../../test/support/raw-http.js';
import { CUSTOM_MAPPING, SNS_TOPIC } from '../../test/support/sources.js';

const memory = memoryStore();
const engine = memoryTemporal();
let talk: Awaited<ReturnType<typeof talkTo>>;
const SOURCE_TOKEN = 'source-token-0123456789';
const PATHS = ['/alerts', '/api/v1/signals/grafana', '/api/v1/signals/custom/monitor', '/api/v1/signals/cloudevents', '/api/v1/signals/kubernetes'];
const MIB = 1024 * 1024;

const send = async (path: string, body: string | Buffer, headers: Record<string, string> = {}) => {
  const { status, body: answer } = await talk.send('POST', path, body, { ...(path === '/alerts' ? {} : { authorization: `Bearer ${SOURCE_TOKEN}` }), ...headers });
  return { status, code: answer.error?.code as string | undefined, answer };
};
const stored = () => [...memory.state.signals.values()].map((r) => r.signal);

beforeAll(async () => {
  const tokens = [SOURCE_TOKEN];
  talk = await talkTo(
    gatewayDeps({ ...memory, ...engine }, {
      'sources.grafana.tokens': tokens, 'sources.cloudevents.tokens': tokens, 'sources.kubernetes.tokens': tokens, 'sources.cloudwatch.topics': [SNS_TOPIC],
      'sources.custom': { monitor: { tokens, ...structuredClone(CUSTOM_MAPPING) } }, 'gateway.rateLimit.requests': 10_000,
    }),
  );
});
afterAll(() => talk.gateway.close());
beforeEach(() => {
  memory.state.signals.clear();
  engine.state.calls = 0;
});

describe('a body that is too big', () => {
  it('is refused by its Content-Length, before a byte of it is read', async () => {
    const answers = await rawExchange(talk.gateway.port, headOf({ 'Content-Length': String(8 * MIB + 1) }));
    expect(answers.map((a) => a.status)).toEqual([413]);
  });

  it.each(PATHS)('is refused in chunks, too: %s', async (path) => {
    const { socket, answers, closed } = await openRaw(talk.gateway.port);
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MIB, 0x20), Buffer.from('\r\n')]);
    let isOver = false;
    void closed.then(() => (isOver = true));
    socket.write(headOf({ 'Transfer-Encoding': 'chunked' }, { path, token: path === '/alerts' ? 'test-token' : SOURCE_TOKEN }));
    // For ever, if it were taken.
    while (!isOver && answers().length === 0) await new Promise((resolve) => (socket.writable ? socket.write(chunk, () => setTimeout(resolve, 10)) : setTimeout(resolve, 10)));
    await closed;
    // What is in flight when the other side closes may take the answer with it.
    expect([[413], []]).toContainEqual(answers().map((a) => a.status));
    expect(engine.state.calls).toBe(0);
    socket.destroy();
  });

  it('is less for SNS and for the API', async () => {
    expect((await send('/api/v1/signals/cloudwatch', 'x'.repeat(MIB + 1), { 'content-type': 'text/plain' })).status).toBe(413);
    expect((await talk.send('POST', '/api/v1/pauses', JSON.stringify({ by: 'x', reason: 'y'.repeat(300_000) }))).status).toBe(413);
  });

  it('of 8 MiB less a little is read', async () => {
    expect((await send('/alerts', JSON.stringify({ ...webhookOf(alertOf()), filler: 'x'.repeat(8 * MIB - 2000) }))).status).toBe(202);
  });

  it.each<[string, string, unknown, Record<string, string>]>([
    ['AlertManager', '/alerts', { alerts: Array(5001).fill(1) }, {}],
    ['Grafana', '/api/v1/signals/grafana', { alerts: Array(5001).fill(1) }, {}],
    ['a custom list', '/api/v1/signals/custom/monitor', { events: Array(5001).fill(1) }, {}],
    ['a batch of CloudEvents', '/api/v1/signals/cloudevents', Array(5001).fill({ specversion: '1.0', id: '1', source: 's', type: 't' }), { 'content-type': 'application/cloudevents-batch+json' }],
    ['a list of Events', '/api/v1/signals/kubernetes', { items: Array(5001).fill({}) }, {}],
  ])('by its count is refused: 5,001 of %s', async (_what, path, body, headers) => {
    expect(await send(path, JSON.stringify(body), headers)).toMatchObject({ status: 413, code: 'PayloadTooLarge' });
    expect(engine.state.calls).toBe(0);
  });
});

describe('nesting', () => {
  const nested = (levels: number, [left, right]: [string, string]) => `${left.repeat(levels)}${right.repeat(levels)}`;
  const withAlert = (x: string) => JSON.stringify(webhookOf(alertOf())).replace('"version"', `"x":${x},"version"`);

  it('of 32 levels is taken, of 33 it is not', async () => {
    expect((await send('/alerts', withAlert(nested(31, ['[', ']'])))).status).toBe(202);
    expect(await send('/alerts', withAlert(nested(32, ['[', ']'])))).toMatchObject({ status: 400, code: 'BadRequest' });
  });

  it('is counted outside of texts alone', async () => {
    const body = webhookOf(alertOf({ labels: { x: `${'[{'.repeat(50)}"\\` } }));
    expect((await send('/alerts', JSON.stringify(body))).status).toBe(202);
    expect(stored().at(-1)!.labels.x).toContain('[{[{');
  });

  it.each<[string, [string, string], number]>([['lists', ['[', ']'], 500_000], ['maps', ['{"a":', '}'], 500_000], ['lists without an end', ['[', ''], 8_000_000], ['texts in front', ['["]",', ']'], 100_000]])('of 500,000 levels of %s ends at once on every route', async (_what, brackets, levels) => {
    const text = nested(levels, brackets);
    for (const path of PATHS) expect((await send(path, text)).status).toBe(400);
    expect((await send('/api/v1/signals/cloudwatch', text.slice(0, MIB), { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await talk.send('POST', '/api/v1/pauses', text.slice(0, 200_000))).status).toBe(400);
  });
});

describe('names that every object has', () => {
  const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
  const asText = (names: string[]) => names.map((n) => `"${n}":"label of ${n}"`).join(',');

  it('are labels and annotations like any other, and change nothing else', async () => {
    const alert = alertOf();
    const text = JSON.stringify(webhookOf(alert)).replace('"labels":{', `"labels":{${asText(NAMES)},`).replace('"annotations":{', `"annotations":{${asText(NAMES)},`).replace('{"version"', `{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"version"`);
    expect((await send('/alerts', text)).status).toBe(202);
    const [signal] = stored();
    for (const name of NAMES) expect([Object.hasOwn(signal!.labels, name), signal!.labels[name], signal!.annotations[name]]).toEqual([true, `label of ${name}`, `label of ${name}`]);
    expect([({} as any).isAdmin, Object.hasOwn(Object.prototype, 'isAdmin')]).toEqual([undefined, false]);
  });

  it('are not found where nobody set them', async () => {
    await send('/alerts', JSON.stringify(webhookOf(alertOf())));
    for (const name of NAMES) expect(stored()[0]!.labels[name]).toBeUndefined();
  });

  it.each(PATHS)('at the top of a body do not get past %s', async (path) => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const { status } = await send(path, `{"${name}":${JSON.stringify(webhookOf(alertOf()))}}`);
      expect([400, 422]).toContain(status);
    }
    expect(engine.state.calls).toBe(0);
  });
});

describe('texts', () => {
  const labelled = (escaped: string) => JSON.stringify(webhookOf(alertOf())).replace('"labels":{', `"labels":{"x":"${escaped}",`);

  it('of two members with one name the last counts, for schema, scope and signal alike', async () => {
    const alert = JSON.stringify(alertOf({ labels: { namespace: 'bank' } })).replace('"namespace":"bank"', '"namespace":"bank","namespace":"shop"');
    expect((await send('/alerts', `{"alerts":"none","alerts":[${alert}]}`)).status).toBe(202);
    expect(stored()[0]!.labels.namespace).toBe('shop');
    expect((await send('/alerts', `{"alerts":[${alert}],"alerts":"none"}`)).status).toBe(422);
  });

  it.each<[string, Buffer]>([
    ['a lone byte', Buffer.from([0xff])], ['a cut sequence', Buffer.from([0xe2, 0x82])], ['an overlong slash', Buffer.from([0xc0, 0xaf])], ['an overlong NUL', Buffer.from([0xc0, 0x80])],
    ['a surrogate in bytes', Buffer.from([0xed, 0xa0, 0x80])], ['beyond Unicode', Buffer.from([0xf4, 0x90, 0x80, 0x80])], ['Latin-1', Buffer.from('größe', 'latin1')],
  ])('that are no UTF-8 are refused on every route: %s', async (_what, bytes) => {
    const [before, after] = labelled('HERE').split('HERE') as [string, string];
    const body = Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
    for (const path of PATHS) expect(await send(path, body)).toMatchObject({ status: 400, code: 'BadRequest' });
    expect((await send('/api/v1/signals/cloudwatch', body, { 'content-type': 'text/plain' })).status).toBe(400);
    expect(engine.state.calls).toBe(0);
  });

  it('with UTF-16 or a raw NUL are no JSON', async () => {
    for (const body of [Buffer.from(labelled('x'), 'utf16le'), Buffer.from(`\u0000${labelled('x')}`), Buffer.from(labelled('a\u0000b'))]) expect((await send('/alerts', body)).status).toBe(400);
  });

  it.each([['NUL', 'a\\u0000b'], ['a high surrogate', 'a\\ud800b'], ['a low surrogate', 'a\\uDC00b'], ['two in the wrong order', 'a\\udc00\\ud800b']])('with %s are kept without it, as a value and as a name', async (_what, escape) => {
    const text = labelled(escape).replace('"labels":{', `"labels":{"${escape}":"as a name",`).replace('"annotations":{', `"annotations":{"${escape}":"${escape}",`);
    expect((await send('/alerts', text)).status).toBe(202);
    const whole = JSON.stringify(stored()[0]);
    expect(whole).toContain('as a name');
    expect(whole).toContain('\uFFFD');
    expect(whole).not.toMatch(/\\u0000|\\ud[89a-f]|\0/i);
  });

  it('with numbers beyond numbers do no harm', async () => {
    const text = JSON.stringify(webhookOf(alertOf())).replace('"version":"4"', '"truncatedAlerts":1e999,"x":-1e999,"y":0.1e-99999,"version":"4"');
    expect([200, 202, 400, 422]).toContain((await send('/alerts', text)).status);
    expect((await send('/alerts', '{"alerts":[NaN]}')).status).toBe(400);
  });
});

describe('content types', () => {
  const JSON_ONLY: Record<string, number> = { '': 415, 'text/plain': 415, 'application/xml': 415, 'application/jsonp': 415, 'application/json+x': 415, 'multipart/form-data; boundary=x': 415, 'application/x-www-form-urlencoded': 415, json: 415 };
  const good = () => JSON.stringify(webhookOf(alertOf()));
  const statusOf = async (path: string, type: string, more: Record<string, string> = {}) =>
    (await rawExchange(talk.gateway.port, postOf(good(), { 'Content-Type': type, ...more }, { path, token: path === '/alerts' ? 'test-token' : SOURCE_TOKEN })))[0]!.status;

  it.each(Object.entries(JSON_ONLY))('%j is %i on every route of JSON', async (type, status) => {
    for (const path of PATHS) expect([path, await statusOf(path, type)]).toEqual([path, status]);
  });

  it.each<[string, number]>([
    ['application/json; charset=utf-8', 202], ['application/json;charset=UTF-8', 202], ['application/json; charset="utf-8"', 202], ['APPLICATION/JSON', 202], ['application/json; boundary=x', 202],
    ['application/json; charset=utf-16', 415], ['application/json; charset=latin1', 415], ['application/json; charset=utf-7', 415], ['application/json; charset=', 415], ['application/json; charset=utf-16; charset=utf-8', 415],
    ['application/json; x=y; charset=iso-8859-1', 415],
  ])('%s is %i', async (type, status) => {
    expect(await statusOf('/alerts', type)).toBe(status);
  });

  it('text/plain is for SNS alone, events for CloudEvents alone', async () => {
    for (const path of PATHS) expect(await statusOf(path, 'text/plain; charset=UTF-8')).toBe(415);
    expect(await statusOf('/api/v1/signals/cloudwatch', 'text/plain; charset=UTF-8')).not.toBe(415);
    for (const type of ['application/cloudevents+json', 'application/cloudevents-batch+json']) {
      expect([await statusOf('/alerts', type), await statusOf('/api/v1/signals/grafana', type)]).toEqual([415, 415]);
      expect(await statusOf('/api/v1/signals/cloudevents', type)).not.toBe(415);
    }
    expect(await statusOf('/api/v1/pauses', 'text/plain')).toBe(401);
    expect((await talk.send('POST', '/api/v1/pauses', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('a compressed body is not unpacked', async () => {
    for (const encoding of ['gzip', 'br', 'deflate']) expect([400, 415]).toContain((await rawExchange(talk.gateway.port, postOf(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), { 'Content-Encoding': encoding })))[0]!.status);
  });
});
