import { connect, createServer } from 'node:net';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, webhookOf, type Answer } from '../../test/support/gateway.js';
import { scaleDeployment } from '../actions/scale-deployment.js';
import { openApiDocument } from './openapi.js';
import { startGateway } from './server.js';

const memory = memoryStore();
const engine = memoryTemporal();
let talk: Awaited<ReturnType<typeof talkTo>>;
let send: typeof talk.send;
const post = (body: unknown, headers?: Record<string, string>, path = '/alerts') => send('POST', path, body, headers);
const outcomes = (answer: Answer) => answer.body.results.map((r: any) => r.outcome);

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

beforeAll(async () => {
  const deps = gatewayDeps({ ...memory, ...engine, actions: { members: [scaleDeployment] } }, { 'gateway.clusters': ['staging'], 'gateway.namespaces': ['shop', 'monitoring'], 'gateway.rateLimit.requests': 5000 });
  talk = await talkTo(deps);
  send = talk.send;
});
afterAll(() => talk.gateway.close());
beforeEach(() => {
  Object.assign(memory.state, { isDown: false, isReadOnly: false });
  Object.assign(engine.state, { isDown: false, failAfter: Infinity, calls: 0 });
});

describe('POST /alerts', () => {
  it('starts one remediation per target, joins it, and recognises repeats without asking Temporal', async () => {
    const first = alertOf();
    const started = await post(webhookOf(first));
    expect([started.status, outcomes(started)]).toEqual([202, ['started']]);
    expect(started.body.results[0].remediation_id).toMatch(/^r-[0-9a-f]{10}$/);
    const joined = await post(webhookOf(alertOf({ labels: { pod: first.labels.pod! } })));
    expect([joined.status, outcomes(joined), joined.body.results[0].remediation_id]).toEqual([202, ['joined'], started.body.results[0].remediation_id]);
    engine.state.calls = 0;
    const repeated = await post(webhookOf(first));
    expect([repeated.status, outcomes(repeated), repeated.body.results[0].remediation_id]).toEqual([200, ['duplicate'], started.body.results[0].remediation_id]);
    expect(engine.state.calls).toBe(0);
  });

  it('joins two alerts of one batch that are about the same target, the more severe first', async () => {
    const answer = await post(webhookOf(alertOf({ labels: { pod: 'both' } }), alertOf({ labels: { pod: 'both', severity: 'critical' } })));
    expect(outcomes(answer)).toEqual(['joined', 'started']);
    expect(new Set(answer.body.results.map((r: any) => r.remediation_id)).size).toBe(1);
  });

  it('takes two deliveries of the same alert at the same moment as one', async () => {
    const alert = alertOf();
    const answers = await Promise.all([1, 2, 3].map(() => post(webhookOf(alert))));
    expect(answers.flatMap(outcomes).sort()).toEqual(['duplicate', 'duplicate', 'started']);
  });

  it('sends a resolved alert the way it went when it fired, and starts nothing for one that is not open', async () => {
    const alert = alertOf();
    await post(webhookOf(alert));
    const resolved = { ...alert, status: 'resolved', endsAt: '2026-03-01T03:00:00Z' };
    expect(outcomes(await post(webhookOf(resolved)))).toEqual(['joined']);
    expect(outcomes(await post(webhookOf(resolved)))).toEqual(['duplicate']);
    const nothing = await post(webhookOf(alertOf({ status: 'resolved' })));
    expect([nothing.status, nothing.body.results[0].outcome, nothing.body.results[0].reason]).toEqual([200, 'suppressed', 'resolved, and nothing is open for it']);
  });

  it('keeps firing before resolved for one fingerprint in one batch', async () => {
    const alert = alertOf();
    const answer = await post(webhookOf(alert, { ...alert, status: 'resolved' }));
    expect(outcomes(answer)).toEqual(['started', 'joined']);
    expect(engine.state.open.get(answer.body.results[0].workflow_id)!.signals).toEqual([alert.fingerprint, `resolved ${alert.fingerprint}`]);
  });

  it('suppresses an alert that names no object, and says so', async () => {
    const answer = await post(webhookOf(alertOf({ labels: { namespace: '', pod: '' } })));
    expect([answer.status, answer.body.results[0].reason]).toEqual([200, 'its labels name no Kubernetes object']);
  });

  it('takes the good alerts of a partly bad batch', async () => {
    const answer = await post(webhookOf(alertOf(), { nonsense: true }, alertOf({ startsAt: 'soon' })));
    expect([answer.status, outcomes(answer)]).toEqual([202, ['started', 'rejected', 'rejected']]);
  });

  it('reads a recorded body of a real group, and tells what the sender left out', async () => {
    const answer = await post(readFileSync('test/fixtures/alertmanager/crashloop-group.json'), {}, '/api/v1/signals/alertmanager');
    expect([answer.status, outcomes(answer), answer.body.truncated_alerts]).toEqual([202, ['started', 'started', 'suppressed'], 2]);
    const leftOut = async () => ((await send('GET', '/ready')).body.issues as string[]).filter((i) => i.includes('left'));
    expect(await leftOut()).toEqual([expect.stringMatching(/^receiver kubernaut of alertmanager left 2 alerts out of a group .* max_alerts to 0/)]);
    expect((await send('GET', '/api/v1/signals/feed')).body.detail).toMatch(/it never arrived, .*; receiver kubernaut of alertmanager left 2 alerts/);
    expect((await send('GET', '/metrics')).body).toContain('kubernaut_truncated_alerts_total{source="alertmanager"} 2');
    await post({ ...JSON.parse(readFileSync('test/fixtures/alertmanager/crashloop-group.json', 'utf8')), truncatedAlerts: 0 });
    expect(await leftOut()).toEqual([]);
  });

  it('answers 200 to an empty batch', async () => {
    expect((await post(webhookOf())).body.results).toEqual([]);
  });

  it('hands over 300 alerts in one request', async () => {
    const answer = await post(webhookOf(...Array.from({ length: 300 }, () => alertOf())));
    expect([answer.status, new Set(outcomes(answer))]).toEqual([202, new Set(['started'])]);
  });
});

describe('status codes that lose nothing', () => {
  const label = (text: string) => `{"alerts":[{"status":"firing","startsAt":"2026-03-01T00:00:00Z","labels":{"alertname":"A","namespace":"shop","pod":"p","x":"${text}"}}]}`;
  it.each<[string, unknown, Record<string, string>, number, string]>([
    ['no JSON', '{"alerts": [', {}, 400, 'BadRequest'],
    ['an empty body', '', {}, 400, 'BadRequest'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), {}, 400, 'BadRequest'],
    ['deep nesting', `{"alerts":[],"x":${'['.repeat(40)}${']'.repeat(40)}}`, {}, 400, 'BadRequest'],
    ['very deep nesting', `{"alerts":[],"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, {}, 400, 'BadRequest'],
    ['only unusable alerts', webhookOf({ a: 1 }), {}, 400, 'BadRequest'],
    ['another envelope', { hello: 'world' }, {}, 422, 'InvalidParams'],
    ['null', 'null', {}, 422, 'InvalidParams'],
    ['alerts that are no list', { alerts: 'x' }, {}, 422, 'InvalidParams'],
    ['no token', webhookOf(), { authorization: '' }, 401, 'Unauthorized'],
    ['a wrong token', webhookOf(), { authorization: 'Bearer wrong' }, 401, 'Unauthorized'],
    ['a foreign cluster', webhookOf(alertOf({ labels: { cluster: 'other' } })), {}, 403, 'NotAllowed'],
    ['a foreign namespace', webhookOf(alertOf({ labels: { namespace: 'bank' } })), {}, 403, 'NotAllowed'],
    ['too many alerts', { alerts: Array.from({ length: 5001 }, () => 1) }, {}, 413, 'PayloadTooLarge'],
    ['too many bytes', 'x'.repeat(8 * 1024 * 1024 + 1), {}, 413, 'PayloadTooLarge'],
    ['another type', '{}', { 'content-type': 'text/plain' }, 415, 'UnsupportedMediaType'],
    ['another charset', '{}', { 'content-type': 'application/json; charset=latin1' }, 415, 'UnsupportedMediaType'],
  ])('%s', async (_what, body, headers, status, code) => {
    const answer = await post(body, headers);
    expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(engine.state.calls).toBe(0);
  });

  it.each([['NUL', '\\u0000'], ['a lone surrogate', '\\ud800'], ['a low surrogate', '\\udc00x']])('replaces %s in a label instead of refusing the alert for ever', async (_what, escape) => {
    const answer = await post(label(`a${escape}b`).replace('"pod":"p"', `"pod":"p-${escape.slice(2)}"`));
    expect(answer.status).toBe(202);
    const row = [...memory.state.signals.values()].at(-1)!;
    expect(row.signal.labels.x).toContain('\uFFFD');
  });

  it('takes a surrogate pair as it is', async () => {
    expect((await post(label('\\ud83d\\ude00').replace('"pod":"p"', '"pod":"smile"'))).status).toBe(202);
    expect([...memory.state.signals.values()].at(-1)!.signal.labels.x).toBe('😀');
  });

  it('answers 503 with Retry-After while Temporal is down, and takes the repeat when it is back', async () => {
    const batch = webhookOf(alertOf(), alertOf());
    engine.state.isDown = true;
    const down = await post(batch);
    expect([down.status, down.body.error.code, Number(down.headers.get('retry-after'))]).toEqual([503, 'TemporalUnavailable', 5]);
    engine.state.isDown = false;
    expect(outcomes(await post(batch))).toEqual(['started', 'started']);
  });

  it('answers 503 for the whole batch when Temporal goes away in the middle; the repeat loses and doubles nothing', async () => {
    const batch = webhookOf(...Array.from({ length: 50 }, () => alertOf()));
    engine.state.failAfter = 20;
    expect((await post(batch)).status).toBe(503);
    engine.state.failAfter = Infinity;
    const again = await post(batch);
    expect(again.status).toBe(202);
    expect(outcomes(again).filter((o: string) => o === 'started').length).toBe(30);
    expect(outcomes(again).filter((o: string) => o === 'duplicate').length).toBe(20);
  });

  it('answers 503 while the database is down', async () => {
    memory.state.isDown = true;
    const answer = await post(webhookOf(alertOf()));
    expect([answer.status, answer.body.error.code]).toEqual([503, 'StoreUnavailable']);
  });

  it('accepts when only the row cannot be written after Temporal acknowledged, and writes it later', async () => {
    const alert = alertOf();
    engine.state.onDispatch = () => void (memory.state.isReadOnly = true);
    expect((await post(webhookOf(alert))).status).toBe(202);
    Object.assign(memory.state, { isReadOnly: false });
    engine.state.onDispatch = undefined;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(outcomes(await post(webhookOf(alert)))).toEqual(['duplicate']);
  });

  it('knows no other source than those of the registry', async () => {
    const answer = await post({}, {}, '/api/v1/signals/carrier-pigeon');
    expect([answer.status, answer.body.detail]).toEqual([404, expect.stringContaining('alertmanager')]);
  });
});

describe('every answer', () => {
  it('carries the request id it was given, or one of its own when that is not harmless', async () => {
    const given = await send('GET', '/health', undefined, { 'x-request-id': 'abc-123' });
    expect([given.headers.get('x-request-id'), given.headers.get('x-response-time')]).toEqual(['abc-123', expect.stringMatching(/^\d+\.\dms$/)]);
    const bad = await send('GET', '/health', undefined, { 'x-request-id': 'a b"<script>' });
    expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const long = await post(webhookOf({ a: 1 }), { 'x-request-id': 'x'.repeat(129) });
    expect(long.body.error.request_id).toBe(long.headers.get('x-request-id'));
  });

  it('honours a valid traceparent and ignores another', async () => {
    const valid = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    expect((await send('GET', '/health', undefined, { traceparent: valid })).headers.get('traceparent')).toBe(valid);
    expect((await send('GET', '/health', undefined, { traceparent: 'x' })).headers.get('traceparent')).toBeNull();
  });

  it('is a problem with the envelope when it is an error, on unknown paths too', async () => {
    const answer = await send('GET', '/nope?x=1');
    expect(answer.body).toEqual({
      type: 'urn:kubernaut:error:NotFound', title: 'There is no such thing.', status: 404, detail: expect.stringContaining('/openapi.json'), instance: '/nope',
      error: {
        code: 'NotFound', message: answer.body.detail, details: { service: 'kubernaut-gateway', endpoint: '/nope', retry_after: null },
        request_id: answer.headers.get('x-request-id'), timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    });
  });

  it('needs the token for reading, except where machines ask', async () => {
    const anonymous = { authorization: '' };
    for (const path of ['/api/v1/actions', '/api/v1/remediations', '/api/v1/info', '/api/v1/service-info', '/api/v1/pauses']) {
      expect((await send('GET', path, undefined, anonymous)).status).toBe(401);
      expect((await send('GET', path)).status).toBe(200);
    }
    for (const path of ['/health', '/ready', '/metrics', '/openapi.json', '/docs', '/docs/start.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js']) expect([path, (await send('GET', path, undefined, anonymous)).status]).toEqual([path, 200]);
  });

  it('hides what an unforeseen error says', async () => {
    const spoiled = memoryStore();
    const other = await talkTo(gatewayDeps({ temporal: engine.temporal, store: { ...spoiled.store, listRemediations: () => Promise.reject(new Error('secret detail at /srv/x.ts')) } }));
    const answer = await other.send('GET', '/api/v1/remediations');
    expect([answer.status, answer.body.error.code, JSON.stringify(answer.body)]).toEqual([500, 'Internal', expect.not.stringContaining('secret detail')]);
    await other.gateway.close();
  });
});

describe('remediations', () => {
  let id: string;
  beforeAll(async () => {
    id = (await post(webhookOf(alertOf({ labels: { pod: 'decide-me' } })))).body.results[0].remediation_id;
  });

  it('can be looked up at once by id, prefix and kind/name', async () => {
    for (const key of [id, id.slice(0, 6), 'pod%2Fdecide-me']) {
      expect((await send('GET', `/api/v1/remediations/${key}`)).body).toMatchObject({ id, phase: 'received', target: { kind: 'Pod', name: 'decide-me' } });
    }
    expect((await send('GET', '/api/v1/remediations/r-0000000000')).status).toBe(404);
    expect((await send('GET', '/api/v1/remediations?phase=received&limit=5')).body.items.length).toBe(5);
  });

  it.each(['phase=nonsense', 'limit=0', 'limit=x', 'colour=red', 'since=yesterday'])('refuses the filter %s with 422', async (query) => {
    expect((await send('GET', `/api/v1/remediations?${query}`)).status).toBe(422);
  });

  it('takes decisions with who and why, and audits them', async () => {
    const answer = await send('POST', `/api/v1/remediations/${id}/approve`, { by: 'ana', reason: 'looks right', plan: 'abcdef' });
    expect([answer.status, answer.body.plan_hash]).toEqual([200, 'abcdef0123']);
    expect(engine.state.told.at(-1)).toMatchObject({ remediationId: id, kind: 'approve', decision: { by: 'ana', reason: 'looks right', plan: 'abcdef' } });
    expect(memory.state.audit.at(-1)).toMatchObject({ verb: 'approve', actor: 'ana', subject: id });
    expect((await send('POST', `/api/v1/remediations/${id}/cancel`)).status).toBe(202);
    expect(engine.state.told.at(-1)).toMatchObject({ what: 'cancel', decision: { by: 'api' } });
  });

  it('passes on why a decision is refused', async () => {
    const answer = await send('POST', `/api/v1/remediations/${id}/reject`, { plan: 'ffffff' });
    expect([answer.status, answer.body.detail]).toEqual([409, 'the plan has changed']);
    expect((await send('POST', `/api/v1/remediations/${id}/reject`, { plan: 'abc' })).status).toBe(422);
    expect((await send('POST', `/api/v1/remediations/${id}/reject`, { force: true })).status).toBe(422);
  });

  it('says what to do when the remediation to undo is closed', async () => {
    const stored = memory.state.remediations.get(id)!;
    memory.state.remediations.set(id, { ...stored, phase: 'closed', outcome: 'fixed', revision: 9 });
    const answer = await send('POST', `/api/v1/remediations/${id}/undo`);
    expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining('temporal workflow query --workflow-id remediation/prod/shop/Pod/decide-me')]);
  });
});

describe('operations', () => {
  it('/ready says healthy, degraded and unhealthy, and 503 only without Temporal', async () => {
    const wait = () => new Promise((resolve) => setTimeout(resolve, 1050));
    await wait();
    const well = await send('GET', '/ready');
    expect([well.status, well.body]).toEqual([200, { healthy: true, status: 'healthy', service: 'kubernaut', version: '0.0.0-test', uptime: expect.any(Number), components: { temporal: 'up', store: 'up', kubernetes: 'up' }, issues: [] }]);
    memory.state.isDown = true;
    await wait();
    const degraded = await send('GET', '/ready');
    expect([degraded.status, degraded.body.status, degraded.body.components.store, degraded.body.issues.length]).toEqual([200, 'degraded', 'down', 1]);
    engine.state.isDown = true;
    await wait();
    const ill = await send('GET', '/ready');
    expect([ill.status, ill.body.healthy, ill.body.status, ill.body.components.temporal]).toEqual([503, false, 'unhealthy', 'down']);
    expect((await send('GET', '/health')).body).toMatchObject({ healthy: true, status: 'healthy' });
  });

  it('/metrics has the promised names with closed labels', async () => {
    const { body } = await send('GET', '/metrics');
    for (const name of [
      'kubernaut_webhook_requests_total{status="202",method="POST"}', 'kubernaut_http_requests_total{', 'kubernaut_http_request_duration_seconds_bucket',
      'kubernaut_alerts_processed_total{status="started",severity="warning"}', 'kubernaut_alert_processing_duration_seconds_bucket', 'kubernaut_active_alert_processing 0',
      'kubernaut_ai_service_requests_total', 'kubernaut_actions_executed_total', 'kubernaut_circuit_breaker_state', 'kubernaut_service_dependency_status{dependency="temporal"}',
      'kubernaut_signals_suppressed_total{reason="duplicate"}',
    ]) expect(body).toContain(name);
    expect(body).not.toContain('KubePodCrashLooping');
  });

  it('answers a path that cannot be decoded as a problem, and leads a browser to the documentation', async () => {
    const { status, body, headers } = await send('GET', '/%zz');
    expect([status, body.error.code, headers.get('content-type'), headers.get('x-request-id')]).toEqual([400, 'BadRequest', expect.stringContaining('application/problem+json'), body.error.request_id]);
    expect((await fetch(`${talk.gateway.url}/`, { redirect: 'manual' })).headers.get('location')).toBe('/docs');
  });

  it.each([
    ['/api/v1/remediations?foo=1', 'unknown member "foo"'],
    ['/api/v1/remediations?phase=x', 'must be one of received, enriching'],
    ['/api/v1/remediations?limit=9999', '/limit must be <= 500'],
  ])('says what is wrong with %s', async (path, text) => {
    const { status, body } = await send('GET', path);
    expect([status, body.detail]).toEqual([422, expect.stringContaining(text)]);
  });

  it('does not tell somebody who sent a body that it may be null', async () => {
    const { body } = await send('POST', '/api/v1/remediations/r-1/approve', { plan: 'x' });
    expect(body.detail).toBe('/plan must NOT have fewer than 6 characters');
  });

  it('lists the catalogue and single actions', async () => {
    const { body } = await send('GET', '/api/v1/actions/scale_deployment');
    expect(body).toMatchObject({ id: 'scale_deployment', tier: 1, undo: 'exact', parameters: { additionalProperties: false } });
    expect((await send('GET', '/api/v1/actions')).body.items).toEqual([body]);
    expect((await send('GET', '/api/v1/actions/nuke')).status).toBe(404);
  });

  it('pauses a scope until a time, lists it and resumes it', async () => {
    const set = await send('POST', '/api/v1/pauses', { namespace: 'shop', by: 'ana', reason: 'freeze', until: '2h' });
    expect([set.status, Date.parse(set.body.until) > Date.now() + 7_000_000]).toEqual([201, true]);
    const { stops, ...pause } = set.body;
    expect(stops.length).toBeGreaterThan(0);
    expect(stops.every((s: { target: string; phase: string }) => s.target.includes(' shop/') && s.phase !== 'closed')).toBe(true);
    expect((await send('GET', '/api/v1/pauses')).body.items).toEqual([pause]);
    expect((await send('DELETE', '/api/v1/pauses?namespace=other')).status).toBe(404);
    expect((await send('DELETE', '/api/v1/pauses?namespace=shop')).body.items).toEqual([]);
    expect((await send('POST', '/api/v1/pauses', { by: 'ana', reason: 'x', until: '2001-01-01T00:00:00Z' })).status).toBe(422);
    expect((await send('POST', '/api/v1/pauses', { namespace: 'shop' })).status).toBe(422);
  });

  it('describes every route in a document that needs no server', async () => {
    const document = (await openApiDocument('1.2.3')) as { info: { version: string }; paths: Record<string, unknown> };
    expect(document.info.version).toBe('1.2.3');
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/alerts', '/api/v1/signals/{source}', '/api/v1/remediations/{id}/approve', '/ready']));
    expect((await send('GET', '/api/v1/service-info')).body.endpoints).toEqual(expect.arrayContaining([expect.objectContaining({ method: 'POST', path: '/alerts' })]));
  });
});

describe('the door', () => {
  it('answers 429 with Retry-After to one that sends too much, and still answers probes and others', async () => {
    const { gateway, send: knock } = await talkTo(gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.rateLimit.requests': 3 }));
    const stranger = { authorization: 'Bearer guess' };
    const codes = [];
    for (let i = 0; i < 5; i++) codes.push((await knock('POST', '/alerts', webhookOf(), stranger)).status);
    expect(codes).toEqual([401, 401, 401, 429, 429]);
    const answer = await knock('POST', '/alerts', webhookOf(), stranger);
    expect([answer.body.error.code, Number(answer.headers.get('retry-after')) > 0]).toEqual(['RateLimited', true]);
    expect((await knock('POST', '/alerts', webhookOf())).status).toBe(200);
    expect((await knock('GET', '/ready', undefined, stranger)).status).toBe(200);
    await gateway.close();
  });

  it('does not open without a token, except on loopback when told so', async () => {
    const closed = (flags: object) => startGateway(gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.tokens': [], ...flags }));
    await expect(closed({})).rejects.toMatchObject({ code: 'ConfigInvalid' });
    await expect(closed({ 'gateway.allowInsecure': true, 'gateway.host': '0.0.0.0' })).rejects.toMatchObject({ code: 'ConfigInvalid' });
    await (await closed({ 'gateway.allowInsecure': true })).close();
  });

  it('says which port is taken', async () => {
    const deps = gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.port': talk.gateway.port });
    await expect(startGateway(deps)).rejects.toMatchObject({ code: 'ConfigInvalid', message: expect.stringContaining(String(talk.gateway.port)) });
  });

  it('gives probes a port of their own when asked', async () => {
    const own = await freePort();
    const { gateway } = await talkTo(gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.healthPort': own, 'gateway.metricsPort': own }));
    const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${own}${path}`)).status;
    expect([await statusOf('/health'), await statusOf('/ready'), await statusOf('/metrics'), await statusOf('/api/v1/info')]).toEqual([200, 200, 200, 404]);
    await gateway.close();
  });

  it('answers garbage on the wire with a problem', async () => {
    const text = await new Promise<string>((resolve) => {
      let seen = '';
      const socket = connect(talk.gateway.port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      socket.on('data', (d) => (seen += String(d))).on('close', () => resolve(seen));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json/);
  });

  it('finishes what is in flight when it closes', async () => {
    const slow = memoryTemporal();
    const dispatch = slow.temporal.dispatch.bind(slow.temporal);
    slow.temporal.dispatch = async (input) => (await new Promise((resolve) => setTimeout(resolve, 300)), dispatch(input));
    const { gateway, send: knock } = await talkTo(gatewayDeps({ ...memoryStore(), ...slow }));
    const answer = knock('POST', '/alerts', webhookOf(alertOf()));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await gateway.close();
    expect((await answer).status).toBe(202);
  });
});
