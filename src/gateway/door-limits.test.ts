import { describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, TOKEN, webhookOf } from '../../test/support/gateway.js';
import { recorded, signedAgain, SNS_CERTIFICATE, SNS_TOPIC } from '../../test/support/sources.js';
import { createDocuments } from '../adapters/sns/documents.js';
import { createGuardedGet } from '../adapters/sns/guarded-get.js';
import { KubernautError } from '../domain/errors.js';
import { startGateway } from './server.js';

const open = (flags: Record<string, unknown>, parts: object = {}) => talkTo(gatewayDeps({ ...memoryStore(), ...memoryTemporal(), ...parts }, flags));

describe('whose address counts', () => {
  /** Statuses of strangers who say that they are others. */
  async function strangers(trustedProxies: string[], headersOf: (i: number) => Record<string, string>): Promise<number[]> {
    const { gateway, send } = await open({ 'gateway.rateLimit.requests': 2, 'gateway.trustedProxies': trustedProxies });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await send('POST', '/alerts', webhookOf(), { authorization: 'Bearer guess', ...headersOf(i) })).status);
    await gateway.close();
    return statuses;
  }
  const LIMITED = [401, 401, 429, 429];
  const NOT_LIMITED = [401, 401, 401, 401];

  it.each<[string, string[], (i: number) => Record<string, string>, number[]]>([
    ['X-Forwarded-For without a proxy', [], (i) => ({ 'x-forwarded-for': `198.51.100.${i}` }), LIMITED],
    ['X-Forwarded-For from a proxy that was not named', ['10.0.0.0/8', '192.0.2.1'], (i) => ({ 'x-forwarded-for': `198.51.100.${i}` }), LIMITED],
    ['X-Forwarded-For from the proxy that was named', ['127.0.0.1'], (i) => ({ 'x-forwarded-for': `198.51.100.${i}` }), NOT_LIMITED],
    ['what stands before the address that the proxy saw', ['127.0.0.1/32'], (i) => ({ 'x-forwarded-for': `198.51.100.${i}, 203.0.113.9` }), LIMITED],
    ['other headers', ['127.0.0.1'], (i) => ({ forwarded: `for=198.51.100.${i}`, 'x-real-ip': `198.51.100.${i}`, 'x-client-ip': `198.51.100.${i}`, 'cf-connecting-ip': `198.51.100.${i}`, 'true-client-ip': `198.51.100.${i}` }), LIMITED],
  ])('%s', async (_what, proxies, headersOf, statuses) => {
    expect(await strangers(proxies, headersOf)).toEqual(statuses);
  });

  it.each(['0.0.0.0/0', '::/0', 'loopback', 'true', '*', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0', 'proxy.example'])('%s is no proxy, and nothing starts', async (proxy) => {
    await expect(startGateway(gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.trustedProxies': [proxy] }))).rejects.toMatchObject({ code: 'ConfigInvalid', message: expect.stringContaining('gateway.trustedProxies') });
  });
});

describe('one source in excess', () => {
  it('is refused with 429 and a time to come back, while the others and the API are served', async () => {
    const { gateway, send } = await open({ 'gateway.rateLimit.requests': 3, 'sources.grafana.tokens': ['grafana-token-0123456789'], 'sources.custom': { pager: { tokens: ['pager-token-0123456789'], fields: { alert: '/title' } } } });
    const as = (source: string, token: string) => send('POST', `/api/v1/signals/${source}`, webhookOf(alertOf()), { authorization: `Bearer ${token}` });
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await as('grafana', 'grafana-token-0123456789')).status);
    expect(statuses).toEqual([202, 202, 202, 429, 429]);
    const refused = await as('grafana', 'grafana-token-0123456789');
    expect([refused.body.error.code, Number(refused.headers.get('retry-after')) > 0, refused.body.error.details.retry_after]).toEqual(['RateLimited', true, Number(refused.headers.get('retry-after'))]);
    expect([(await as('alertmanager', TOKEN)).status, (await as('custom/pager', 'pager-token-0123456789')).status, (await send('GET', '/api/v1/info')).status]).toEqual([202, 400, 200]);
    for (const path of ['/health', '/ready', '/metrics']) expect((await send('GET', path, undefined, { authorization: '' })).status).toBe(200);
    await gateway.close();
  });
});

describe('what an error says', () => {
  const SECRETS = ['connect ECONNREFUSED 10.1.2.3:5432', 'password=hunter2', 'at Object.run (/srv/app/x.js:1:1)'];
  const leaky = () => Object.assign(new Error(SECRETS.join(' ')), { stack: SECRETS[2], detail: SECRETS[1] });

  it.each<[string, () => Error, number]>([
    ['an error of a library', leaky, 500],
    ['an outage with a cause', () => new KubernautError('StoreUnavailable', 'the database is out of reach', leaky()), 503],
    ['a text that was thrown', () => SECRETS.join(' ') as never, 500],
  ])('is its own fixed text, never that of %s', async (_what, errorOf, status) => {
    const memory = memoryStore();
    const fails = () => Promise.reject(errorOf());
    const { gateway, send } = await open({}, { store: { ...memory.store, findSignal: fails, signalsOf: fails, recordSignal: fails, knownOf: fails, enterSignals: fails, listRemediations: fails } });
    for (const [method, path, body] of [['POST', '/alerts', webhookOf(alertOf())], ['GET', '/api/v1/remediations'], ['GET', '/api/v1/signals/abc']] as const) {
      const answer = await send(method, path, body);
      const whole = JSON.stringify([answer.body, [...answer.headers]]);
      expect([path, answer.status, answer.body.error.request_id]).toEqual([path, status, answer.headers.get('x-request-id')]);
      for (const secret of SECRETS) expect(whole).not.toContain(secret);
      expect(whole).not.toMatch(/node_modules|\.[jt]s:\d+|stack/);
    }
    await gateway.close();
  });

  it('is short and plain, whatever was sent', async () => {
    const { gateway, send } = await open({});
    const evil = `<script>${'x'.repeat(5000)}`;
    const answers = [
      await send('POST', '/alerts', `{"${evil}":1}`), await send('POST', '/alerts', { alerts: [{ [evil]: 1 }] }), await send('POST', '/alerts', evil), await send('GET', `/api/v1/remediations?${encodeURIComponent(evil)}=1`),
      await send('GET', `/${encodeURIComponent(evil)}`), await send('POST', '/alerts', '{}', { 'content-type': evil }), await send('POST', '/api/v1/pauses', { [evil]: 1 }),
    ];
    for (const answer of answers) {
      expect([answer.status >= 400 && answer.status < 500, answer.headers.get('content-type')]).toEqual([true, expect.stringContaining('application/problem+json')]);
      expect(JSON.stringify(answer.body).length).toBeLessThan(2500);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    }
    await gateway.close();
  });
});

describe('addresses in a message of SNS', () => {
  const alarm = recorded('cloudwatch', 'alarm-v1');
  const asked: string[] = [];
  /** The real guard; only the resolver is ours. */
  const guarded = (addresses: string[]) => createDocuments(createGuardedGet({ resolve: async (host) => (asked.push(host), addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))), timeoutMs: 2000 }));
  const post = async (documents: object, message: unknown) => {
    const { gateway, send } = await open({ 'sources.cloudwatch.topics': [SNS_TOPIC] }, { documents, now: () => '2026-03-01T02:31:00.000Z' });
    const answer = await send('POST', '/api/v1/signals/cloudwatch', message, { authorization: '', 'content-type': 'text/plain; charset=UTF-8' });
    await gateway.close();
    return answer;
  };
  const HOST = 'sns.eu-west-1.amazonaws.com';

  it.each([
    `http://${HOST}/x.pem`, `https://${HOST}:8443/x.pem`, `https://user@${HOST}/x.pem`, `https://user:pass@${HOST}/x.pem`, `https://${HOST}@evil.example/x.pem`, `https://evil.example/${HOST}/x.pem`, `https://evil.example#${HOST}/x.pem`, `https://evil.example?.${HOST}/x.pem`,
    `https://${HOST}.evil.example/x.pem`, `https://${HOST}./x.pem`, 'https://sns.eu-west-1.amazonaws.com.cn/x.pem', 'https://xsns.eu-west-1.amazonaws.com/x.pem', 'https://sns.eu-west-1.amazonaws.com%2eevil.example/x.pem', 'https://sns.eu-west-1.amazonaws.co/x.pem', 'https://sns-eu-west-1.amazonaws.com/x.pem',
    'https://sns.s3.amazonaws.com/x.pem', 'https://sns.eu-west-1.s3.amazonaws.com/x.pem', 'https://sns.eu-west-1.amazonaws.com.s3.amazonaws.com/x.pem', 'https://ѕns.eu-west-1.amazonaws.com/x.pem', 'https://sns.eu-west-1.аmazonaws.com/x.pem', 'https://xn--ns-1ka.eu-west-1.amazonaws.com/x.pem',
    'https://127.0.0.1/x.pem', 'https://2130706433/x.pem', 'https://0x7f000001/x.pem', 'https://0177.0.0.1/x.pem', 'https://017700000001/x.pem', 'https://127.1/x.pem', 'https://0/x.pem', 'https://[::1]/x.pem', 'https://[::ffff:127.0.0.1]/x.pem', 'https://[::ffff:a9fe:a9fe]/x.pem', 'https://[fd00:ec2::254]/x.pem',
    'https://169.254.169.254/latest/x.pem', 'https://localhost/x.pem', 'https://kubernetes.default.svc/x.pem', 'file:///etc/ssl/x.pem', 'gopher://127.0.0.1:6379/x.pem', 'ftp://sns.eu-west-1.amazonaws.com/x.pem', '//sns.eu-west-1.amazonaws.com/x.pem', 'javascript:x.pem', `https:${HOST}\\@evil.example/x.pem`, `https://evil.example\\@${HOST}/x.pem`,
    `https://${HOST}/x.pem#y`, ` https://${HOST}/x.pem`, `https://${HOST}/\tx.pem`, `https://${HOST}\n.evil.example/x.pem`, '', 'x'.repeat(5000),
  ])('%j is never read, nor visited', async (url) => {
    asked.length = 0;
    const never = { read: async (u: string) => asked.push(u), visit: async (u: string) => asked.push(u) };
    expect([401, 422]).toContain((await post(never, signedAgain(alarm, { SigningCertURL: url }))).status);
    expect(asked).toEqual([]);
    const subscription = recorded('cloudwatch', 'control/subscription');
    const only = { ...never, read: async () => SNS_CERTIFICATE };
    expect([401, 422]).toContain((await post(only, signedAgain(subscription, { SubscribeURL: `${url}${url.includes('?') ? '&' : '?'}Action=ConfirmSubscription&TopicArn=${SNS_TOPIC}` }))).status);
    expect(asked).toEqual([]);
  });

  it.each([`https://${HOST}/x`, `https://${HOST}/x.pem?y`, `https://${HOST}/x.pem/`])('%j is no certificate, though its host is right', async (url) => {
    asked.length = 0;
    const never = { read: async (u: string) => asked.push(u), visit: async (u: string) => asked.push(u) };
    expect((await post(never, signedAgain(alarm, { SigningCertURL: url }))).status).toBe(401);
    expect(asked).toEqual([]);
  });

  it.each([
    ['this machine', ['127.0.0.1']], ['this machine in IPv6', ['::1']], ['metadata of the machine', ['169.254.169.254']], ['metadata in IPv6', ['fd00:ec2::254']], ['a private network', ['10.0.0.8']], ['a mapped address', ['::ffff:10.0.0.8']], ['a translated one', ['64:ff9b::a00:8']],
    ['nothing', ['0.0.0.0']], ['one public and one private', ['52.94.5.1', '192.168.0.1']],
  ])('a right host that leads to %s is not read', async (_what, addresses) => {
    asked.length = 0;
    const answer = await post(guarded(addresses), signedAgain(alarm, {}));
    expect([answer.status, answer.body.error.code, asked]).toEqual([403, 'NotAllowed', [HOST]]);
    expect(JSON.stringify(answer.body)).not.toContain(addresses[0]);
  });

  it('says of a name that cannot be resolved that it may be later', async () => {
    const answer = await post(createDocuments(createGuardedGet({ resolve: () => Promise.reject(Object.assign(new Error('no'), { code: 'EAI_AGAIN' })) })), signedAgain(alarm, {}));
    expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
  });

  it('reads what an alert links to never', async () => {
    const { gateway, send } = await open({}, { documents: { read: async (u: string) => asked.push(u), visit: async (u: string) => asked.push(u) } });
    asked.length = 0;
    const links = { runbook_url: 'http://169.254.169.254/', dashboard_url: 'file:///etc/passwd' };
    expect((await send('POST', '/alerts', webhookOf({ ...alertOf(), generatorURL: 'http://127.0.0.1:1/', annotations: links }))).status).toBe(202);
    expect(asked).toEqual([]);
    await gateway.close();
  });
});
