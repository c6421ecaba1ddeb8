import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, TOKEN, webhookOf, type Answer } from '../../test/support/gateway.js';
import { CUSTOM_MAPPING, hmacOf, NOW, recorded, recordedBytes, signedAgain, SNS_CERTIFICATE, SNS_TOPIC } from '../../test/support/sources.js';
import { KubernautError } from '../domain/errors.js';

const GRAFANA_TOKEN = 'grafana-token-0123456789';
const [OLD_KEY, NEW_KEY] = ['old-key-0123456789', 'new-key-0123456789'];
const PAGER_TOKEN = 'pager-token-0123456789';
const EVENTS_KEY = 'events-key-0123456789';
const SECONDS = String(Date.parse(NOW) / 1000);

const SOURCES = {
  'sources.alertmanager.tokens': ['alertmanager-own-token-1'],
  'sources.grafana.tokens': [GRAFANA_TOKEN],
  'sources.grafana.hmac': { keys: [OLD_KEY, NEW_KEY], timestampHeader: 'X-Grafana-Alerting-Timestamp' },
  'sources.grafana.namespaces': ['shop'],
  'sources.cloudwatch.topics': [SNS_TOPIC],
  'sources.custom': {
    pager: { tokens: [PAGER_TOKEN], fields: { alert: '/title', namespace: '/ns', kind: { const: 'Deployment' }, name: '/app', status: { at: '/state', default: 'firing' }, startsAt: '/at', fingerprint: '/id' }, clusters: ['prod'], namespaces: ['shop'] },
    monitor: { hmac: { keys: [NEW_KEY], header: 'X-Hub-Signature-256', prefix: 'sha256=' }, ...structuredClone(CUSTOM_MAPPING) },
    default: { tokens: ['default-token-0123456789'], fields: { alert: '/title' } },
  },
  'sources.cloudevents.hmac': { keys: [EVENTS_KEY] },
};

const memory = memoryStore();
const engine = memoryTemporal();
const network = { read: [] as string[], visited: [] as string[], fails: undefined as KubernautError | undefined };
let now = NOW;
let talk: Awaited<ReturnType<typeof talkTo>>;
const outcomes = (answer: Answer) => answer.body.results.map((r: any) => r.outcome);
const post = (source: string, body: unknown, headers: Record<string, string> = {}) => talk.send('POST', `/api/v1/signals/${source}`, body, { authorization: '', ...headers });
const codeOf = (answer: Answer) => [answer.status, answer.body.error?.code];

const deps = (flags: Record<string, unknown> = SOURCES) =>
  gatewayDeps(
    {
      ...memory, ...engine, now: () => now,
      documents: {
        read: async (url) => {
          network.read.push(url);
          if (network.fails) throw network.fails;
          return SNS_CERTIFICATE;
        },
        visit: async (url) => {
          if (network.fails) throw network.fails;
          network.visited.push(url);
        },
      },
    },
    { 'gateway.namespaces': ['shop', 'monitoring', 'bank'], 'gateway.clusters': ['staging'], ...flags },
  );

beforeAll(async () => {
  talk = await talkTo(deps());
});
afterAll(() => talk.gateway.close());
beforeEach(() => {
  now = NOW;
  Object.assign(network, { read: [], visited: [], fails: undefined });
  Object.assign(engine.state, { isDown: false, failAfter: Infinity, calls: 0 });
  engine.state.open.clear();
  memory.state.signals.clear();
});

describe('who may send as a source', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const body = () => webhookOf(alertOf());

  it.each<[string, string, Record<string, string>, number]>([
    ['alertmanager', 'the token of the gateway', bearer(TOKEN), 202],
    ['alertmanager', 'its own token', bearer('alertmanager-own-token-1'), 202],
    ['prometheus', 'the token of the gateway', bearer(TOKEN), 202],
    ['alertmanager', 'the token of another source', bearer(GRAFANA_TOKEN), 401],
    ['grafana', 'its token', bearer(GRAFANA_TOKEN), 202],
    ['grafana', 'no token', {}, 401],
    ['grafana', 'the token of the gateway', bearer(TOKEN), 401],
    ['grafana', 'half a token', bearer(GRAFANA_TOKEN.slice(0, -1)), 401],
    ['grafana', 'a token and a letter', bearer(`${GRAFANA_TOKEN}x`), 401],
    ['grafana', 'its token under another scheme', { authorization: `Basic ${GRAFANA_TOKEN}` }, 401],
    ['grafana', 'its key as a token', bearer(NEW_KEY), 401],
    ['custom/pager', 'the token of another', bearer('default-token-0123456789'), 401],
    ['cloudevents', 'the token of the gateway', bearer(TOKEN), 401],
  ])('%s with %s', async (source, _what, headers, status) => {
    expect((await post(source, body(), headers)).status).toBe(status);
  });

  it('opens nothing else with the token of a source', async () => {
    for (const token of [GRAFANA_TOKEN, 'alertmanager-own-token-1']) expect((await talk.send('GET', '/api/v1/remediations', undefined, bearer(token))).status).toBe(401);
  });

  it('takes PUT where the sender may use it, and nowhere else', async () => {
    const put = (source: string, token: string) => talk.send('PUT', `/api/v1/signals/${source}`, body(), bearer(token));
    expect((await put('grafana', GRAFANA_TOKEN)).status).toBe(202);
    expect([codeOf(await put('alertmanager', TOKEN)), (await put('alertmanager', TOKEN)).body.detail]).toEqual([[404, 'NotFound'], expect.stringContaining('send POST')]);
  });

  it('lists the sources that are open', async () => {
    expect((await talk.send('GET', '/api/v1/info')).body.sources).toEqual(['alertmanager', 'grafana', 'cloudwatch', 'custom/pager', 'custom/monitor', 'custom', 'cloudevents']);
  });
});

describe('a source without a secret', () => {
  let bare: Awaited<ReturnType<typeof talkTo>>;
  beforeAll(async () => {
    bare = await talkTo(deps({ 'sources.custom': { empty: { fields: { alert: '/x' } } } }));
  });
  afterAll(() => bare.gateway.close());

  it.each([
    ['grafana', 'sources.grafana.tokens or sources.grafana.hmac.keys'],
    ['cloudwatch', 'sources.cloudwatch.topics'],
    ['cloudevents', 'sources.cloudevents.tokens or sources.cloudevents.hmac.keys'],
    ['custom', 'there is no sources.custom.default in the configuration'],
    ['custom/empty', 'sources.custom.empty.tokens or sources.custom.empty.hmac.keys'],
    ['custom/other', 'there is no sources.custom.other in the configuration'],
    ['grafana/extra', 'source grafana has no parts'],
    ['carrier-pigeon', 'there is no source carrier-pigeon'],
    ['toString', 'there is no source toString'],
  ])('%s is not served, and says what to do', async (source, text) => {
    const answer = await bare.send('POST', `/api/v1/signals/${source}`, webhookOf());
    expect([...codeOf(answer), answer.body.detail]).toEqual([404, 'NotFound', expect.stringContaining(text)]);
  });

  it('is closed on a loopback address without tokens too; alertmanager is open there', async () => {
    const open = await talkTo(deps({ 'gateway.tokens': [], 'gateway.allowInsecure': true }));
    expect((await open.send('POST', '/api/v1/signals/grafana', webhookOf())).status).toBe(404);
    expect((await open.send('POST', '/alerts', webhookOf(alertOf()), { authorization: '' })).status).toBe(202);
    await open.gateway.close();
  });
});

describe('Grafana with signatures', () => {
  const raw = recordedBytes('grafana', 'firing-group').toString('utf8').replace('"namespace": "shop", "severity"', '"namespace": "shop", "x": "§", "severity"');
  const sign = (key: string, body = raw, time = SECONDS) => ({ 'x-grafana-alerting-signature': hmacOf(key, body, `${time}:`), 'x-grafana-alerting-timestamp': time });

  it.each([OLD_KEY, NEW_KEY])('takes %s, so that keys can be changed without a gap', async (key) => {
    const answer = await post('grafana', raw, sign(key));
    expect([answer.status, outcomes(answer)]).toEqual([202, ['started', 'suppressed', 'rejected']]);
  });

  it('answers a replay with 200 duplicate and asks neither Temporal nor the store', async () => {
    const headers = sign(NEW_KEY, raw, String(Number(SECONDS) - 7));
    expect((await post('grafana', raw, headers)).status).toBe(202);
    engine.state.calls = 0;
    memory.state.signals.clear();
    const again = await post('grafana', raw, headers);
    expect([again.status, outcomes(again)[0], again.body.results[0].reason, engine.state.calls]).toEqual([200, 'duplicate', 'this delivery was received before', 0]);
  });

  it('takes the repeat of a delivery that it refused with 503', async () => {
    const headers = sign(NEW_KEY, raw, String(Number(SECONDS) - 9));
    engine.state.isDown = true;
    expect((await post('grafana', raw, headers)).status).toBe(503);
    engine.state.isDown = false;
    expect(outcomes(await post('grafana', raw, headers))[0]).toBe('started');
  });

  it.each<[string, () => Record<string, string>, string?]>([
    ['a key that is gone', () => sign('gone-key-0123456789')],
    ['another body', () => sign(NEW_KEY), `${raw} `],
    ['an old time', () => sign(NEW_KEY, raw, String(Number(SECONDS) - 301))],
    ['a time from the future', () => sign(NEW_KEY, raw, String(Number(SECONDS) + 301))],
    ['another time than was signed', () => ({ ...sign(NEW_KEY), 'x-grafana-alerting-timestamp': String(Number(SECONDS) + 1) })],
    ['no time', () => ({ 'x-grafana-alerting-signature': hmacOf(NEW_KEY, raw) })],
    ['upper case', () => ({ ...sign(NEW_KEY), 'x-grafana-alerting-signature': sign(NEW_KEY)['x-grafana-alerting-signature'].toUpperCase() })],
    ['a prefix', () => ({ ...sign(NEW_KEY), 'x-grafana-alerting-signature': `sha256=${sign(NEW_KEY)['x-grafana-alerting-signature']}` })],
    ['a right signature and a wrong token', () => ({ ...sign(NEW_KEY), authorization: 'Bearer wrong' })],
  ])('refuses %s', async (_what, headers, body = raw) => {
    expect(codeOf(await post('grafana', body, headers()))).toEqual([401, 'Unauthorized']);
    expect(engine.state.calls).toBe(0);
  });

  it('refuses a body that cannot be signed right before it is read', async () => {
    const { port } = talk.gateway;
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = httpRequest({ port, host: '127.0.0.1', path: '/api/v1/signals/grafana', method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '5000000' } }, (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', reject).flushHeaders();
    });
    expect(status).toBe(401);
  });
});

describe('what a source may speak of', () => {
  const grafana = (labels: Record<string, string>) => post('grafana', webhookOf(alertOf({ labels })), { authorization: `Bearer ${GRAFANA_TOKEN}` });

  it.each<[Record<string, string>, string]>([
    [{ namespace: 'bank' }, 'may not speak of namespace bank; add it to sources.grafana.namespaces'],
    [{ namespace: 'elsewhere' }, 'namespace elsewhere is not served here; add it to gateway.namespaces'],
    [{ namespace: '', pod: '', node: 'worker-3' }, 'may not speak of Node worker-3'],
    [{ namespace: 'bank', pod: '' }, 'may not speak of namespace bank'],
    [{ cluster: 'elsewhere' }, 'cluster elsewhere is not served here'],
  ])('grafana not of %j', async (labels, text) => {
    const answer = await grafana(labels);
    expect([...codeOf(answer), answer.body.detail]).toEqual([403, 'NotAllowed', expect.stringContaining(text)]);
  });

  it('leaves a node beside a pod out, and the other sources as they are', async () => {
    await grafana({ node: 'worker-3', pod: 'with-node' });
    expect([...memory.state.signals.values()].at(-1)!.signal.hints).toEqual([{ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'with-node' }]);
    expect((await post('alertmanager', webhookOf(alertOf({ labels: { namespace: 'bank' } })), { authorization: `Bearer ${TOKEN}` })).status).toBe(202);
    expect((await post('alertmanager', webhookOf(alertOf({ labels: { namespace: '', pod: '', node: 'worker-3' } })), { authorization: `Bearer ${TOKEN}` })).status).toBe(202);
  });

  it('keeps what it may of a batch', async () => {
    const answer = await post('grafana', webhookOf(alertOf(), alertOf({ labels: { namespace: 'bank' } })), { authorization: `Bearer ${GRAFANA_TOKEN}` });
    expect([answer.status, outcomes(answer)]).toEqual([202, ['started', 'rejected']]);
  });

  it('cannot resolve an alert of another source by its fingerprint', async () => {
    const alert = alertOf();
    await post('alertmanager', webhookOf(alert), { authorization: `Bearer ${TOKEN}` });
    const answer = await post('grafana', webhookOf({ ...alert, status: 'resolved' }, { ...alert, status: 'resolved', labels: { alertname: 'A' } }), { authorization: `Bearer ${GRAFANA_TOKEN}` });
    const [running] = [...engine.state.open.values()];
    expect(outcomes(answer)).not.toContain('started');
    expect(running!.signals).not.toContain(`resolved ${alert.fingerprint}`);
  });

  it('holds for clusters of one source too', async () => {
    const body = { title: 'Down', ns: 'shop', app: 'checkout', at: NOW };
    expect((await post('custom/pager', body, { authorization: `Bearer ${PAGER_TOKEN}` })).status).toBe(202);
    const only = await talkTo(deps({ 'sources.grafana': { tokens: [GRAFANA_TOKEN], clusters: ['staging'] } }));
    const send = (labels: Record<string, string>) => only.send('POST', '/api/v1/signals/grafana', webhookOf(alertOf({ labels })), { authorization: `Bearer ${GRAFANA_TOKEN}` });
    expect([(await send({ cluster: 'staging' })).status, (await send({})).status]).toEqual([202, 403]);
    await only.gateway.close();
    const named = await talkTo(deps({ 'sources.grafana': { tokens: [GRAFANA_TOKEN], cluster: 'staging' } }));
    await named.send('POST', '/api/v1/signals/grafana', webhookOf(alertOf()), { authorization: `Bearer ${GRAFANA_TOKEN}` });
    expect([...memory.state.signals.values()].at(-1)!.signal.cluster).toBe('staging');
    await named.gateway.close();
  });
});

describe('CloudWatch through SNS', () => {
  const sns = (body: unknown, headers: Record<string, string> = {}) => post('cloudwatch', body, { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification', ...headers });
  const alarm = recorded('cloudwatch', 'alarm-v1');

  it('starts with ALARM, resolves with OK, and reads the certificate of the message', async () => {
    const fires = await sns(alarm);
    expect([fires.status, outcomes(fires), network.read]).toEqual([202, ['started'], [alarm.SigningCertURL]]);
    const ends = await sns(recorded('cloudwatch', 'ok-v2'));
    expect([ends.status, outcomes(ends), ends.body.results[0].fingerprint]).toEqual([202, ['joined'], fires.body.results[0].fingerprint]);
  });

  it('knows a message again by its id', async () => {
    const message = signedAgain(alarm, { MessageId: 'twice' });
    expect((await sns(message)).status).toBe(202);
    memory.state.signals.clear();
    expect(outcomes(await sns(message))).toEqual(['duplicate']);
  });

  it('confirms a subscription of a topic that was named, once it is verified', async () => {
    const subscription = recorded('cloudwatch', 'control/subscription');
    const answer = await sns(subscription, { 'x-amz-sns-message-type': 'SubscriptionConfirmation' });
    expect([answer.status, answer.body.results, network.visited]).toEqual([200, [], [subscription.SubscribeURL]]);
    network.visited = [];
    expect((await sns({ ...subscription, Token: 'other' })).status).toBe(401);
    expect((await sns(signedAgain(subscription, { TopicArn: 'arn:aws:sns:eu-west-1:123456789012:other' }))).status).toBe(403);
    expect((await sns(signedAgain(subscription, { SubscribeURL: `https://evil.example/?Action=ConfirmSubscription&TopicArn=${SNS_TOPIC}` }))).status).toBe(401);
    expect((await sns(recorded('cloudwatch', 'control/unsubscribed'))).status).toBe(200);
    expect(network.visited).toEqual([]);
  });

  it('records what has not enough data, and does nothing about it', async () => {
    const answer = await sns(recorded('cloudwatch', 'control/insufficient-data'));
    expect([answer.status, outcomes(answer), answer.body.results[0].reason, engine.state.calls]).toEqual([200, ['suppressed'], expect.stringContaining('insufficientData'), 0]);
    expect([...memory.state.signals.values()].at(-1)).toMatchObject({ outcome: 'suppressed', signal: { source: 'cloudwatch' } });
  });

  it.each<[string, unknown, Record<string, string>, number]>([
    ['a topic nobody named', signedAgain(alarm, { TopicArn: 'arn:aws:sns:eu-west-1:999999999999:kubernaut-alarms' }), {}, 403],
    ['a changed message', { ...alarm, Message: alarm.Message.replace('shop', 'bank') }, {}, 401],
    ['a certificate elsewhere', { ...alarm, SigningCertURL: 'https://evil.example/x.pem' }, {}, 401],
    ['a certificate in a bucket called sns', { ...alarm, SigningCertURL: 'https://sns.s3.amazonaws.com/x.pem' }, {}, 401],
    ['metadata of the machine', { ...alarm, SigningCertURL: 'http://169.254.169.254/latest/x.pem' }, {}, 401],
    ['another version of signatures', signedAgain(alarm, { SignatureVersion: '3' }), {}, 401],
    ['raw delivery', JSON.parse(alarm.Message), {}, 401],
    ['no JSON', 'x', {}, 400],
    ['an empty body', '', {}, 400],
    ['no alarm', recorded('cloudwatch', 'control/no-alarm'), {}, 400],
    ['another type', alarm, { 'content-type': 'application/xml' }, 415],
    ['too many bytes', 'x'.repeat(1024 * 1024 + 1), {}, 413],
  ])('refuses %s', async (_what, body, headers, status) => {
    expect((await sns(body, headers)).status).toBe(status);
    expect(engine.state.calls).toBe(0);
    if (status === 401 || status === 403) expect(network.read.filter((url) => url !== alarm.SigningCertURL)).toEqual([]);
  });

  it('asks SNS to come again when the certificate cannot be read now, and not when it never will', async () => {
    network.fails = new KubernautError('DependencyMissing', 'sns.eu-west-1.amazonaws.com cannot be read (ETIMEDOUT)');
    const answer = await sns(signedAgain(alarm, { MessageId: 'later' }));
    expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
    network.fails = new KubernautError('NotAllowed', 'leads to an address that is not public');
    expect((await sns(signedAgain(alarm, { MessageId: 'never' }))).status).toBe(403);
    network.fails = undefined;
    expect((await sns(signedAgain(alarm, { MessageId: 'later' }))).status).toBe(202);
  });

  it('takes text/plain for no other source', async () => {
    expect(codeOf(await post('grafana', webhookOf(), { authorization: `Bearer ${GRAFANA_TOKEN}`, 'content-type': 'text/plain' }))).toEqual([415, 'UnsupportedMediaType']);
  });
});

describe('custom senders', () => {
  it('reads a list by the mapping, signed with a prefix', async () => {
    const raw = recordedBytes('custom', 'monitor-list');
    const answer = await post('custom/monitor', raw, { 'x-hub-signature-256': `sha256=${hmacOf(NEW_KEY, raw)}` });
    expect([answer.status, outcomes(answer)]).toEqual([202, ['started', 'suppressed']]);
    expect((await post('custom/monitor', raw, { 'x-hub-signature-256': hmacOf(NEW_KEY, raw) })).status).toBe(401);
  });

  it('serves the one called default without a name', async () => {
    const answer = await post('custom', { title: 'Down' }, { authorization: 'Bearer default-token-0123456789' });
    expect([answer.status, answer.body.results[0].fingerprint]).toEqual([200, expect.stringMatching(/^custom\.default:/)]);
  });

  it('says what does not fit, item by item', async () => {
    const send = (body: unknown) => post('custom/pager', body, { authorization: `Bearer ${PAGER_TOKEN}` });
    expect(codeOf(await send({ nothing: 1 }))).toEqual([400, 'BadRequest']);
    expect(codeOf(await send({ title: 'Down', ns: 'bank', app: 'x' }))).toEqual([403, 'NotAllowed']);
    const raw = JSON.stringify({ events: 'none' });
    expect(codeOf(await post('custom/monitor', raw, { 'x-hub-signature-256': `sha256=${hmacOf(NEW_KEY, raw)}` }))).toEqual([422, 'InvalidParams']);
    const many = JSON.stringify({ events: Array.from({ length: 5001 }, () => 1) });
    expect(codeOf(await post('custom/monitor', many, { 'x-hub-signature-256': `sha256=${hmacOf(NEW_KEY, many)}` }))).toEqual([413, 'PayloadTooLarge']);
  });
});

describe('CloudEvents', () => {
  const send = (body: unknown, headers: Record<string, string> = {}) => {
    const raw = JSON.stringify(body);
    return post('cloudevents', raw, { 'content-type': 'application/cloudevents+json', 'x-kubernaut-signature': hmacOf(EVENTS_KEY, raw), ...headers });
  };
  const event = recorded('cloudevents', 'signal');

  it('structured, then the same in binary mode is a duplicate', async () => {
    expect(outcomes(await send(event))).toEqual(['started']);
    const { data, ...attributes } = event;
    const ce = Object.fromEntries(Object.entries(attributes).filter(([k]) => k !== 'datacontenttype').map(([k, v]) => [`ce-${k}`, String(v)]));
    expect(outcomes(await send(data, { 'content-type': 'application/json', ...ce }))).toEqual(['duplicate']);
  });

  it('knows an event again by source and id, though it says no time', async () => {
    const timeless = { ...event, id: 'timeless', time: undefined };
    expect(outcomes(await send(timeless))).toEqual(['started']);
    now = '2026-03-01T02:35:00.000Z';
    expect(outcomes(await send(timeless))).toEqual(['duplicate']);
    expect(outcomes(await send({ ...timeless, id: 'another' }))).toEqual(['joined']);
  });

  it('in a batch, one by one', async () => {
    const answer = await send(recorded('cloudevents', 'zz-batch'), { 'content-type': 'application/cloudevents-batch+json' });
    expect([answer.status, outcomes(answer)]).toEqual([202, ['started', 'suppressed', 'rejected', 'rejected']]);
  });

  it.each<[string, unknown, Record<string, string>, number]>([
    ['no event', { hello: 1 }, {}, 422], ['another version', { ...event, specversion: '0.3' }, {}, 400], ['another type', event, { 'content-type': 'application/cloudevents+xml' }, 415],
    ['no signature', event, { 'x-kubernaut-signature': '' }, 401], ['binary mode without data', '', { 'content-type': 'application/json', 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': 's', 'ce-type': 't' }, 400],
  ])('refuses %s', async (_what, body, headers, status) => {
    expect((await send(body, headers)).status).toBe(status);
  });
});

describe('the share of each source', () => {
  it('is its own: one that is flooded does not take that of another', async () => {
    const few = await talkTo(deps({ ...SOURCES, 'gateway.rateLimit.requests': 3 }));
    const send = (source: string, authorization: string) => few.send('POST', `/api/v1/signals/${source}`, webhookOf(), { authorization });
    const codes = [];
    for (let i = 0; i < 5; i++) codes.push((await send('grafana', 'Bearer guess-guess-guess')).status);
    expect(codes).toEqual([401, 401, 401, 429, 429]);
    expect((await send('grafana', `Bearer ${GRAFANA_TOKEN}`)).status).toBe(200);
    expect((await send('alertmanager', 'Bearer guess')).status).toBe(401);
    expect((await send('cloudwatch', '')).status).toBe(401);
    for (let i = 0; i < 5; i++) await send('custom/pager', `Bearer ${PAGER_TOKEN}`);
    expect([(await send('custom/pager', `Bearer ${PAGER_TOKEN}`)).status, (await send('alertmanager', `Bearer ${TOKEN}`)).status]).toEqual([429, 200]);
    await few.gateway.close();
  });
});
