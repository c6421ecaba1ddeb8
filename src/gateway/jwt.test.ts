import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, TOKEN, webhookOf } from '../../test/support/gateway.js';
import { AUDIENCE, claimsOf, ISSUER, jwksOf, signingKey, type SigningKey } from '../../test/support/tokens.js';
import { startGateway } from './server.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-jwt-'));
const jwksFile = join(folder, 'jwks.json');
const GRAFANA_TOKEN = 'grafana-token-0123456789';

const memory = memoryStore();
const engine = memoryTemporal();
let keys: Record<'rsa' | 'ec' | 'ed' | 'pss' | 'stranger', SigningKey>;
let talk: Awaited<ReturnType<typeof talkTo>>;

const jwt = (more: object = {}) => ({ issuer: ISSUER, audience: AUDIENCE, jwksFile, ...more });
const SCOPED = { clusters: 'kubernaut_clusters', namespaces: 'kubernaut_namespaces', sources: 'kubernaut_sources' };
const open = (more: object = {}, flags: Record<string, unknown> = {}, parts: object = {}) => talkTo(gatewayDeps({ ...memory, ...engine, ...parts }, { 'gateway.jwt': jwt(more), 'sources.grafana.tokens': [GRAFANA_TOKEN], ...flags }));
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asked = async (token: string, [method, path, body]: [string, string, unknown?] = ['POST', '/alerts', webhookOf(alertOf())], to = talk) => to.send(method, path, body, bearer(token));
const told = async (token: string, ...rest: [[string, string, unknown?]?, typeof talk?]) => {
  const { status, body } = await asked(token, ...rest);
  return [status, body.detail ?? body.results?.[0]?.outcome];
};

beforeAll(async () => {
  const [rsa, ec, ed, pss, stranger] = (await Promise.all([signingKey('RS256', 'r1'), signingKey('ES256', 'e1'), signingKey('EdDSA', 'd1'), signingKey('PS256', 'p1'), signingKey('ES256', 'e1')])) as [SigningKey, SigningKey, SigningKey, SigningKey, SigningKey];
  keys = { rsa, ec, ed, pss, stranger };
  writeFileSync(jwksFile, jwksOf(rsa, ec, ed, pss));
  talk = await open();
});
afterAll(async () => {
  await talk.gateway.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  memory.state.signals.clear();
  engine.state.open.clear();
});

describe('a token of the provider', () => {
  it.each(['rsa', 'ec', 'ed', 'pss'] as const)('signed by its %s key is taken, and bearer tokens go on working beside it', async (key) => {
    expect(await told(await keys[key].sign(claimsOf()))).toEqual([202, 'started']);
    expect((await asked(TOKEN)).status).toBe(202);
  });

  const now = Math.floor(Date.now() / 1000);
  it.each<[string, Record<string, unknown>, string]>([
    ['another issuer', { iss: `${ISSUER}/` }, 'issuer'], ['no issuer', { iss: undefined }, 'issuer'],
    ['another audience', { aud: 'kubernau' }, 'aud'], ['audiences without ours', { aud: ['a', 'b'] }, 'aud'], ['no audience', { aud: undefined }, 'aud'],
    ['its end past', { exp: now - 60 }, 'expired'], ['no end', { exp: undefined }, '"exp"'], ['an end that is no number', { exp: 'never' }, '"exp"'],
    ['its begin to come', { nbf: now + 600 }, '"nbf"'], ['nobody', { sub: undefined }, '"sub"'], ['an empty name', { sub: '' }, '"sub"'], ['an endless name', { sub: 'x'.repeat(300) }, '"sub"'],
  ])('with %s is refused', async (_what, more, why) => {
    expect(await told(await keys.ec.sign(claimsOf(more)))).toEqual([401, expect.stringContaining(why)]);
  });

  it('is taken within the tolerance of clocks', async () => {
    expect((await asked(await keys.ec.sign(claimsOf({ exp: now - 20, aud: ['other', AUDIENCE] })))).status).toBe(202);
  });

  it.each<[string, (good: string) => string | Promise<string>]>([
    ['a changed claim', (good) => replaced(good, 1, { ...claimsOf(), sub: 'admin' })],
    ['a cut signature', (good) => good.slice(0, -4)],
    ['no signature', (good) => `${good.split('.').slice(0, 2).join('.')}.`],
    ['alg none', (good) => `${part({ alg: 'none', typ: 'JWT' })}.${good.split('.')[1]}.`],
    ['alg nOnE', (good) => `${part({ alg: 'nOnE' })}.${good.split('.')[1]}.x`],
    ['HMAC with the public key as the secret', (good) => hmacSigned(good, JSON.stringify(keys.rsa.jwk))],
    ['the key of a stranger under the name of ours', () => keys.stranger.sign(claimsOf())],
    ['a key of its own in the header', () => keys.stranger.sign(claimsOf(), { kid: 'mine', jwk: keys.stranger.jwk })],
    ['an address of keys in the header', () => keys.stranger.sign(claimsOf(), { kid: 'mine', jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x' })],
    ['a path as the name of its key', () => keys.stranger.sign(claimsOf(), { kid: '../../../../dev/null' })],
    ['an extension nobody knows', (good) => replaced(good, 0, { alg: 'ES256', kid: 'e1', crit: ['x'], x: 1 })],
    ['no JSON inside', (good) => ['eyJ4', 'eyJ4', good.split('.')[2]].join('.')],
  ])('with %s is refused, and nothing of it is said back', async (_what, spoil) => {
    const token = await spoil(await keys.ec.sign(claimsOf()));
    const { status, body, headers } = await asked(token);
    expect([status, body.error.code, headers.get('www-authenticate')]).toEqual([401, 'Unauthorized', 'Bearer']);
    for (const piece of token.split('.').filter((p) => p.length > 8)) expect(JSON.stringify(body)).not.toContain(piece);
  });

  it('of an algorithm that is good and not allowed here is refused', async () => {
    const strict = await open({ algorithms: ['ES256'] });
    expect(await told(await keys.rsa.sign(claimsOf()), undefined, strict)).toEqual([401, expect.stringContaining('algorithm')]);
    expect((await asked(await keys.ec.sign(claimsOf()), undefined, strict)).status).toBe(202);
    await strict.gateway.close();
  });

  it('of 8 KiB is read, one beyond that is none', async () => {
    const filled = async (size: number) => keys.ec.sign(claimsOf({ groups: Array.from({ length: size }, (_, i) => `group-${String(i).padStart(6, '0')}`) }));
    expect((await asked(await filled(350))).status).toBe(202);
    expect((await asked(await filled(500))).status).toBe(401);
  });
});

describe('what a token may', () => {
  const READ = ['GET', '/api/v1/remediations'] as [string, string];
  const DECIDE = ['POST', '/api/v1/remediations/r-0000000000/approve', {}] as [string, string, unknown];
  const PAUSE = ['POST', '/api/v1/pauses', { by: 'x', reason: 'y' }] as [string, string, unknown];
  const SEND = undefined;
  it.each<[string[], [number, number, number, number]]>([
    [['kubernaut-send'], [202, 403, 403, 403]],
    [['kubernaut-read'], [403, 200, 403, 403]],
    [['kubernaut-decide'], [403, 200, 404, 201]],
    [['kubernaut-send', 'kubernaut-decide', 'other'], [202, 200, 404, 201]],
    [['toString', '__proto__', 'admin'], [403, 403, 403, 403]],
    [[], [403, 403, 403, 403]],
  ])('with the roles %j: send, read, decide, pause → %j', async (roles, statuses) => {
    const token = await keys.ec.sign(claimsOf({ roles }));
    const got = [];
    for (const what of [SEND, READ, DECIDE, PAUSE]) got.push((await asked(token, what)).status);
    expect(got).toEqual(statuses);
  });

  it.each<[string, object, Record<string, unknown>]>([
    ['a text with blanks', {}, { roles: 'openid kubernaut-send' }],
    ['a nested claim', { claims: { role: '/realm_access/roles' } }, { roles: [], realm_access: { roles: ['kubernaut-send'] } }],
    ['a claim with a name like an address', { claims: { role: 'https://kubernaut.io/roles' } }, { roles: [], 'https://kubernaut.io/roles': ['kubernaut-send'] }],
    ['groups of the company', { claims: { role: 'groups' }, roles: { 'SRE on call': 'send' } }, { roles: [], groups: ['SRE on call'] }],
    ['its own name', { claims: { role: 'sub' }, roles: { 'system:serviceaccount:monitoring:alertmanager': 'send' } }, { roles: [] }],
  ])('is read from %s', async (_what, more, claims) => {
    const other = await open(more);
    expect(await told(await keys.ec.sign(claimsOf(claims)), undefined, other)).toEqual([202, 'started']);
    await other.gateway.close();
  });

  it('holds for every source that takes bearer tokens, and for none that does not', async () => {
    const token = await keys.ec.sign(claimsOf());
    expect(await told(token, ['POST', '/api/v1/signals/grafana', webhookOf(alertOf())])).toEqual([202, 'started']);
    expect((await asked(token, ['POST', '/api/v1/signals/cloudwatch', {}])).status).toBe(404);
    expect((await asked(token, ['POST', '/api/v1/signals/custom/none', {}])).status).toBe(404);
    expect((await asked(GRAFANA_TOKEN, ['GET', '/api/v1/remediations'])).status).toBe(401);
  });

  it('is needed where no bearer token is configured', async () => {
    const only = await open({}, { 'gateway.tokens': [], 'gateway.allowInsecure': true, 'sources.grafana.tokens': [] });
    for (const path of ['/api/v1/remediations', '/api/v1/info']) expect((await only.send('GET', path, undefined, { authorization: '' })).status).toBe(401);
    for (const path of ['/alerts', '/api/v1/signals/grafana']) {
      expect((await only.send('POST', path, webhookOf(alertOf()), { authorization: '' })).status).toBe(401);
      expect((await only.send('POST', path, webhookOf(alertOf()), bearer('guess'))).status).toBe(401);
      expect((await asked(await keys.ec.sign(claimsOf()), ['POST', path, webhookOf(alertOf())], only)).status).toBe(202);
    }
    expect((await only.send('GET', '/health', undefined, { authorization: '' })).status).toBe(200);
    await only.gateway.close();
  });
});

describe('what a token covers', () => {
  let scoped: typeof talk;
  const scope = (more: Record<string, unknown> = {}) => claimsOf({ kubernaut_clusters: '*', kubernaut_namespaces: ['shop'], kubernaut_sources: ['alertmanager'], roles: ['kubernaut-send', 'kubernaut-decide'], ...more });
  const about = (labels: Record<string, string>, more: object = {}): [string, string, unknown] => ['POST', '/alerts', webhookOf({ ...alertOf({ labels }), ...more })];
  beforeAll(async () => {
    scoped = await open({ claims: { ...SCOPED, name: 'email' } }, { 'gateway.clusters': ['staging'] });
  });
  afterAll(() => scoped.gateway.close());

  it.each<[string, Record<string, unknown>, Record<string, string>, number]>([
    ['its namespace', {}, { namespace: 'shop' }, 202],
    ['another namespace', {}, { namespace: 'bank' }, 403],
    ['a node', {}, { namespace: '', pod: '', node: 'worker-3' }, 403],
    ['a cluster it does not name', { kubernaut_clusters: ['staging'] }, { namespace: 'shop' }, 403],
    ['a cluster it names', { kubernaut_clusters: 'staging' }, { namespace: 'shop', cluster: 'staging' }, 202],
    ['everything with a star', { kubernaut_namespaces: ['*'] }, { namespace: 'bank' }, 202],
    ['nothing without the claim', { kubernaut_namespaces: undefined }, { namespace: 'shop' }, 403],
    ['nothing with an empty claim', { kubernaut_namespaces: [] }, { namespace: 'shop' }, 403],
    ['nothing with a claim of another shape', { kubernaut_namespaces: { shop: true } }, { namespace: 'shop' }, 403],
    ['nothing as another source', { kubernaut_sources: ['grafana'] }, { namespace: 'shop' }, 403],
  ])('%s', async (_what, more, labels, status) => {
    expect((await asked(await keys.ec.sign(scope(more)), about(labels), scoped)).status).toBe(status);
  });

  it('is never wider than the source and the gateway', async () => {
    const narrow = await open({ claims: SCOPED }, { 'gateway.namespaces': ['shop', 'bank'], 'sources.grafana': { tokens: [GRAFANA_TOKEN], namespaces: ['bank'] } });
    const token = await keys.ec.sign(scope({ kubernaut_namespaces: ['shop', 'bank', 'elsewhere'], kubernaut_sources: '*' }));
    const statusOf = async (path: string, namespace: string) => (await asked(token, ['POST', path, webhookOf(alertOf({ labels: { namespace } }))], narrow)).status;
    expect([await statusOf('/alerts', 'shop'), await statusOf('/alerts', 'elsewhere'), await statusOf('/api/v1/signals/grafana', 'shop'), await statusOf('/api/v1/signals/grafana', 'bank')]).toEqual([202, 403, 403, 202]);
    await narrow.gateway.close();
  });

  it('does not let it end, or join, an alert of another namespace by its fingerprint', async () => {
    const theirs = alertOf({ labels: { namespace: 'bank' } });
    await scoped.send('POST', '/alerts', webhookOf(theirs));
    const token = await keys.ec.sign(scope());
    for (const status of ['resolved', 'firing']) {
      const answer = await asked(token, about({ namespace: 'shop' }, { fingerprint: theirs.fingerprint, startsAt: theirs.startsAt, status }), scoped);
      expect([answer.status, answer.body.detail]).toEqual([403, expect.stringContaining('fingerprint')]);
    }
    expect([...engine.state.open.values()].flatMap((r) => r.signals).filter((s) => s.includes('resolved'))).toEqual([]);
    const own = about({ namespace: 'shop' });
    expect((await asked(token, own, scoped)).status).toBe(202);
    expect((await asked(token, ['POST', '/alerts', { alerts: (own[2] as { alerts: object[] }).alerts.map((a) => ({ ...a, status: 'resolved' })) }], scoped)).body.results[0].outcome).toBe('joined');
  });

  it('is all that it sees and decides about, and the decision is its own', async () => {
    const idOf = async (namespace: string) => (await scoped.send('POST', '/alerts', webhookOf(alertOf({ labels: { namespace } })))).body.results[0].remediation_id as string;
    const [own, theirs] = [await idOf('shop'), await idOf('bank')];
    const token = await keys.ec.sign(scope({ sub: 'ana-7', email: 'ana\u0007@example.com' }));
    const get = (path: string) => asked(token, ['GET', path], scoped);
    expect((await get('/api/v1/remediations')).body.items.every((r: any) => r.target.namespace === 'shop')).toBe(true);
    expect([(await get(`/api/v1/remediations/${own}`)).status, (await get(`/api/v1/remediations/${theirs}`)).status, (await get(`/api/v1/remediations/${theirs}/notifications`)).status]).toEqual([200, 404, 404]);
    const decide = (id: string, what: string) => asked(token, ['POST', `/api/v1/remediations/${id}/${what}`, { by: 'the boss' }], scoped);
    for (const what of ['approve', 'reject', 'cancel', 'undo']) expect((await decide(theirs, what)).status).toBe(404);
    expect((await decide(own, 'approve')).status).toBe(200);
    expect(engine.state.told.at(-1)).toMatchObject({ kind: 'approve', decision: { by: 'ana\uFFFD@example.com' } });
    expect(memory.state.audit.at(-1)).toMatchObject({ actor: 'ana\uFFFD@example.com', verb: 'approve', details: { caller: 'subject ana-7' } });
  });

  it('bounds what it may pause', async () => {
    const token = await keys.ec.sign(scope({ sub: 'ana-7' }));
    const pause = (body: object) => asked(token, ['POST', '/api/v1/pauses', { by: 'the boss', reason: 'freeze', ...body }], scoped);
    expect([(await pause({})).status, (await pause({ namespace: 'bank' })).status]).toEqual([403, 403]);
    const set = await pause({ namespace: 'shop' });
    expect([set.status, set.body.by]).toEqual([201, 'ana-7']);
    await scoped.send('POST', '/api/v1/pauses', { namespace: 'bank', by: 'bo', reason: 'secret' });
    const seen = (await asked(token, ['GET', '/api/v1/pauses'], scoped)).body.items;
    expect(seen.map((p: any) => p.namespace)).not.toContain('bank');
    expect((await asked(token, ['DELETE', '/api/v1/pauses?namespace=bank'], scoped)).status).toBe(403);
    expect((await asked(token, ['DELETE', '/api/v1/pauses?namespace=shop'], scoped)).status).toBe(200);
    expect(memory.state.audit.at(-1)).toMatchObject({ actor: 'ana-7', verb: 'resume' });
  });
});

describe('the share of a subject', () => {
  it('is its own, whatever it asks for, and failed tokens count by address', async () => {
    const few = await open({}, { 'gateway.rateLimit.requests': 3 });
    const [ana, bo] = [await keys.ec.sign(claimsOf({ sub: 'ana', roles: ['kubernaut-send', 'kubernaut-read'] })), await keys.ec.sign(claimsOf({ sub: 'bo' }))];
    const statuses = [];
    for (const what of [undefined, ['GET', '/api/v1/info'], undefined, undefined] as const) statuses.push((await asked(ana, what as any, few)).status);
    expect(statuses).toEqual([202, 200, 202, 429]);
    expect((await asked(bo, undefined, few)).status).toBe(202);
    const bad = await keys.stranger.sign(claimsOf({ sub: 'bo' }));
    const failed = [];
    for (let i = 0; i < 4; i++) failed.push((await asked(bad, undefined, few)).status);
    expect([failed, (await asked(bo, undefined, few)).status]).toEqual([[401, 401, 401, 429], 202]);
    await few.gateway.close();
  });
});

describe('a start', () => {
  it.each<[string, () => void]>([
    ['a file that is not there', () => rmSync(join(folder, 'own'), { force: true })],
    ['no JSON', () => writeFileSync(join(folder, 'own'), 'x')],
    ['no keys', () => writeFileSync(join(folder, 'own'), '{"keys":[]}')],
    ['symmetric keys alone', () => writeFileSync(join(folder, 'own'), JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA', alg: 'HS256' }] }))],
  ])('is refused with %s', async (_what, prepare) => {
    prepare();
    const deps = gatewayDeps({ ...memory, ...engine }, { 'gateway.jwt': jwt({ jwksFile: join(folder, 'own') }) });
    await expect(startGateway(deps)).rejects.toMatchObject({ code: 'ConfigInvalid', message: expect.stringContaining('gateway.jwt.jwksFile') });
  });

  it.each<[string, object, string]>([
    ['neither file nor address', { jwksFile: undefined }, 'neither jwksFile nor jwksUrl'],
    ['both', { jwksUrl: 'https://id.example.com/keys' }, 'both jwksFile and jwksUrl'],
    ['an address without TLS', { jwksFile: undefined, jwksUrl: 'http://id.example.com/keys' }, 'starts with https://'],
    ['an address with a user', { jwksFile: undefined, jwksUrl: 'https://a:b@id.example.com/keys' }, 'starts with https://'],
    ['a symmetric algorithm', { algorithms: ['HS256'] }, 'algorithms'],
    ['none', { algorithms: ['none'] }, 'algorithms'],
    ['no algorithm', { algorithms: [] }, 'algorithms'],
    ['a right nobody has', { roles: { admin: 'everything' } }, 'roles'],
    ['an unknown key', { isuer: 'x' }, 'isuer'],
  ])('is refused with %s', (_what, more, text) => {
    const given = Object.fromEntries(Object.entries(jwt(more)).filter(([, v]) => v !== undefined));
    expect(() => gatewayDeps({ ...memory, ...engine }, { 'gateway.jwt': given })).toThrow(text);
  });
});

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function replaced(token: string, index: number, value: object): string {
  const parts = token.split('.');
  parts[index] = part(value);
  return parts.join('.');
}

function hmacSigned(token: string, secret: string): string {
  const head = `${part({ alg: 'HS256', kid: 'r1' })}.${token.split('.')[1]}`;
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
}
