import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, webhookOf } from '../../test/support/gateway.js';
import { headOf, openRaw, postOf, rawExchange } from '../../test/support/raw-http.js';
import { CUSTOM_MAPPING, hmacOf, NOW } from '../../test/support/sources.js';

const [API, GRAFANA, OLD, NEW, STAMPED] = ['Api-Token-0123456789-abc', 'grafana-token-0123456789', 'old-key-0123456789', 'new-key-0123456789', 'stamped-key-0123456789'];
const memory = memoryStore();
const engine = memoryTemporal();
let now = NOW;
let talk: Awaited<ReturnType<typeof talkTo>>;

beforeAll(async () => {
  const mapping = structuredClone(CUSTOM_MAPPING);
  const deps = gatewayDeps({ ...memory, ...engine, now: () => now }, {
    'gateway.tokens': [API, 'second-token-0123456789'], 'gateway.rateLimit.requests': 10_000, 'sources.grafana.tokens': [GRAFANA],
    'sources.cloudevents.hmac': { keys: [OLD, NEW], timestampHeader: 'X-Time' },
    'sources.custom': { both: { tokens: ['both-token-0123456789'], hmac: { keys: [STAMPED] }, ...mapping } },
  });
  talk = await talkTo(deps);
});
afterAll(() => talk.gateway.close());
beforeEach(() => {
  now = NOW;
  memory.state.signals.clear();
  engine.state.open.clear();
  engine.state.calls = 0;
});

/** Statuses with this header line, byte for byte, on a signal route and on the API. */
async function statusesWith(line: string): Promise<number[]> {
  const { port } = talk.gateway;
  const body = JSON.stringify(webhookOf(alertOf()));
  const withLine = (text: string) => text.replace('Connection: close\r\n', `Connection: close\r\n${line === '' ? '' : `${line}\r\n`}`);
  const post = withLine(postOf(body, { Authorization: '' }).toString());
  const get = withLine(headOf({ Authorization: '', 'Content-Type': '' }, { method: 'GET', path: '/api/v1/info' }));
  return Promise.all([post, get].map(async (bytes) => (await rawExchange(port, bytes))[0]!.status));
}

describe('a bearer token', () => {
  it.each<[string, string]>([
    ['as it is', `Authorization: Bearer ${API}`], ['the second of two, for rotation', 'Authorization: Bearer second-token-0123456789'],
    ['the scheme in other cases, which are the same', `authorization: bEARER ${API}`], ['blanks around it, which HTTP takes away', `Authorization:   Bearer ${API}  \t`],
  ])('is taken: %s', async (_what, line) => {
    expect(await statusesWith(line)).toEqual([202, 200]);
  });

  it.each<[string, string]>([
    ['none', ''], ['an empty header', 'Authorization:'], ['the scheme alone', 'Authorization: Bearer'], ['the scheme and a blank', 'Authorization: Bearer '],
    ['the token alone', `Authorization: ${API}`], ['another scheme', `Authorization: Basic ${API}`], ['Basic as Basic is', `Authorization: Basic ${Buffer.from(`x:${API}`).toString('base64')}`], ['a scheme that begins the same', `Authorization: BearerX ${API}`],
    ['all but its last letter', `Authorization: Bearer ${API.slice(0, -1)}`], ['all but its first letter', `Authorization: Bearer ${API.slice(1)}`], ['one letter more', `Authorization: Bearer ${API}x`], ['itself twice', `Authorization: Bearer ${API}${API}`],
    ['small letters', `Authorization: Bearer ${API.toLowerCase()}`], ['capital letters', `Authorization: Bearer ${API.toUpperCase()}`], ['another last letter', `Authorization: Bearer ${API.slice(0, -1)}d`],
    ['quotes around it', `Authorization: Bearer "${API}"`], ['a comma behind it', `Authorization: Bearer ${API},`], ['two in a list', `Authorization: Bearer ${API}, Bearer ${API}`], ['a blank inside', `Authorization: Bearer ${API.slice(0, 5)} ${API.slice(5)}`],
    ['percent signs', `Authorization: Bearer ${encodeURIComponent(API).replaceAll('-', '%2D')}`], ['a tab for the blank', `Authorization: Bearer\t${API}`],
    ['that of another source', `Authorization: Bearer ${GRAFANA}`], ['a key of signatures', `Authorization: Bearer ${NEW}`], ['9,000 letters', `Authorization: Bearer ${API}${'x'.repeat(9000)}`],
    ['another header', `X-Authorization: Bearer ${API}`], ['a header of proxies', `Proxy-Authorization: Bearer ${API}`], ['a cookie', `Cookie: token=${API}`],
    ['the right one and then another', `Authorization: Bearer ${API}\r\nAuthorization: Bearer x`], ['another and then the right one', `Authorization: Bearer x\r\nAuthorization: Bearer ${API}`], ['the right one twice', `Authorization: Bearer ${API}\r\nauthorization: Bearer ${API}`],
  ])('is not taken: %s', async (_what, line) => {
    expect(await statusesWith(line)).toEqual([401, 401]);
    expect(engine.state.calls).toBe(0);
  });

  it('is not looked for in the address', async () => {
    const [answer] = await rawExchange(talk.gateway.port, headOf({ Authorization: '', 'Content-Type': '' }, { method: 'GET', path: `/api/v1/info?token=${API}&access_token=${API}` }));
    expect(answer!.status).toBe(401);
  });

  it('that is wrong is refused before the body is sent, and neither is said back', async () => {
    const connection = await openRaw(talk.gateway.port);
    connection.write(headOf({ Authorization: 'Bearer guess-guess', 'Content-Length': '7000000' }));
    const [answer] = await connection.closed;
    connection.socket.destroy();
    expect([answer!.status, answer!.headers['www-authenticate'], answer!.body.includes('guess')]).toEqual([401, 'Bearer', false]);
  });
});

describe('a signature with a time', () => {
  const event = (id: string) => JSON.stringify({ specversion: '1.0', id, source: '/monitor', type: 'com.example.failed', data: { alert: 'Down', status: 'firing', target: { kind: 'Deployment', namespace: 'shop', name: 'checkout' } } });
  const nowS = Date.parse(NOW) / 1000;
  const signed = (body: string, { key = NEW, time = String(nowS), separator = '.' } = {}): Record<string, string> => ({ 'x-time': time, 'x-kubernaut-signature': hmacOf(key, body, `${time}${separator}`) });
  const send = async (body: string, headers: Record<string, string>) => talk.send('POST', '/api/v1/signals/cloudevents', body, { authorization: '', 'content-type': 'application/cloudevents+json', ...headers });

  it.each<[string, object]>([['the new key', {}], ['the old key, while senders change', { key: OLD }], ['milliseconds', { time: String(nowS * 1000) }], ['five minutes ago', { time: String(nowS - 300) }], ['in five minutes', { time: String(nowS + 300) }]])('is taken with %s', async (what, more) => {
    const body = event(what);
    expect((await send(body, signed(body, more))).status).toBe(202);
  });

  it.each<[string, (body: string) => Record<string, string>]>([
    ['301 seconds ago', (b) => signed(b, { time: String(nowS - 301) })], ['in 301 seconds', (b) => signed(b, { time: String(nowS + 301) })], ['a year ahead', (b) => signed(b, { time: String(nowS + 3e7) })],
    ['no time', (b) => ({ 'x-kubernaut-signature': hmacOf(NEW, b) })], ['an empty time', (b) => signed(b, { time: '' })], ['a time in words', (b) => signed(b, { time: NOW })], ['a time with a fraction', (b) => signed(b, { time: `${nowS}.0` })],
    ['a time with a sign', (b) => signed(b, { time: `+${nowS}` })], ['a time in hex', (b) => signed(b, { time: `0x${nowS.toString(16)}` })], ['microseconds', (b) => signed(b, { time: String(nowS * 1e6) })], ['a time with blanks inside', (b) => signed(b, { time: `${nowS} 0` })],
    ['a signature of the body alone', (b) => ({ ...signed(b), 'x-kubernaut-signature': hmacOf(NEW, b) })], ['another separator', (b) => signed(b, { separator: ':' })], ['another time than was signed', (b) => ({ ...signed(b), 'x-time': String(nowS - 1) })],
    ['capital digits', (b) => upper(signed(b))], ['a prefix', (b) => ({ ...signed(b), 'x-kubernaut-signature': `sha256=${signed(b)['x-kubernaut-signature']}` })], ['half of it', (b) => ({ ...signed(b), 'x-kubernaut-signature': signed(b)['x-kubernaut-signature']!.slice(0, 32) })],
    ['one digit more', (b) => ({ ...signed(b), 'x-kubernaut-signature': `${signed(b)['x-kubernaut-signature']}0` })], ['base64', (b) => ({ ...signed(b), 'x-kubernaut-signature': Buffer.from(signed(b)['x-kubernaut-signature']!, 'hex').toString('base64') })],
    ['nothing', () => ({ 'x-time': String(nowS) })], ['an empty one', (b) => ({ ...signed(b), 'x-kubernaut-signature': '' })], ['zeros', (b) => ({ ...signed(b), 'x-kubernaut-signature': '0'.repeat(64) })],
    ['a key that is gone', (b) => signed(b, { key: 'gone-key-0123456789' })], ['an empty key', (b) => signed(b, { key: '' })], ['a key with a blank behind it', (b) => signed(b, { key: `${NEW} ` })], ['the key of another source', (b) => signed(b, { key: STAMPED })], ['both keys at once', (b) => signed(b, { key: `${OLD}${NEW}` })],
    ['another body', (b) => signed(b.replace('Down', 'down'))], ['the same JSON in other bytes', (b) => signed(JSON.stringify(JSON.parse(b), null, 1))], ['the name of another header', (b) => ({ 'x-time': String(nowS), 'x-signature': signed(b)['x-kubernaut-signature']! })],
  ])('is refused with %s', async (what, headersOf) => {
    const body = event(what);
    const answer = await send(body, headersOf(body));
    expect([answer.status, answer.body.error.code, engine.state.calls]).toEqual([401, 'Unauthorized', 0]);
    const { 'x-kubernaut-signature': given = '' } = headersOf(body);
    if (given.length > 8) expect(JSON.stringify(answer.body)).not.toContain(given);
  });

  it('sent twice in two headers is refused', async () => {
    const body = event('two headers');
    const { 'x-kubernaut-signature': signature = '', 'x-time': time = '' } = signed(body);
    const raw = postOf(body, { Authorization: '', 'Content-Type': 'application/cloudevents+json', 'X-Time': time, 'X-Kubernaut-Signature': signature }, { path: '/api/v1/signals/cloudevents' }).toString();
    expect((await rawExchange(talk.gateway.port, raw.replace('X-Time', `X-Kubernaut-Signature: ${signature}\r\nX-Time`)))[0]!.status).toBe(401);
    expect((await rawExchange(talk.gateway.port, raw))[0]!.status).toBe(202);
  });

  it('that is played back brings nothing again, also at its last moment; afterwards it is refused', async () => {
    const body = event('replayed');
    const headers = signed(body, { time: String(nowS + 300) });
    expect((await send(body, headers)).body.results[0].outcome).toBe('started');
    memory.state.signals.clear();
    for (const laterS of [0, 1, 300, 600]) {
      now = new Date(Date.parse(NOW) + laterS * 1000).toISOString();
      const again = await send(body, headers);
      expect([laterS, again.status, again.body.results.map((r: any) => r.outcome)]).toEqual([laterS, 200, ['duplicate']]);
    }
    now = new Date(Date.parse(NOW) + 601_000).toISOString();
    expect((await send(body, headers)).status).toBe(401);
  });

  it('beside a token, where both are configured, does not make up for a wrong token', async () => {
    const body = JSON.stringify({ events: [] });
    const both = async (headers: Record<string, string>) => (await talk.send('POST', '/api/v1/signals/custom/both', body, { authorization: '', ...headers })).status;
    const signature = { 'x-kubernaut-signature': hmacOf(STAMPED, body) };
    expect([await both(signature), await both({ authorization: 'Bearer both-token-0123456789' }), await both({ ...signature, authorization: 'Bearer wrong' }), await both({})]).toEqual([200, 200, 401, 401]);
  });
});

const upper = (headers: Record<string, string>): Record<string, string> => ({ ...headers, 'x-kubernaut-signature': headers['x-kubernaut-signature']!.toUpperCase() });
