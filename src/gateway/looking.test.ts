import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gatewayDeps, memoryStore, memoryTemporal, talkTo } from '../../test/support/gateway.js';
import { remediationFor } from '../../test/support/remediations.js';
import { AUDIENCE, claimsOf, ISSUER, jwksOf, signingKey, type SigningKey } from '../../test/support/tokens.js';
import { scaleDeployment } from '../actions/scale-deployment.js';
import { KubernautError } from '../domain/errors.js';
import type { TargetHint } from '../domain/signal.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-look-'));
const jwksFile = join(folder, 'jwks.json');
const memory = memoryStore();
const engine = memoryTemporal();
let key: SigningKey;
let talk: Awaited<ReturnType<typeof talkTo>>;
const answered = engine.state.onLook;

const resolveTarget = ([hint]: readonly TargetHint[]) =>
  hint?.name === 'lost' ? undefined : { cluster: 'prod', apiVersion: 'apps/v1', kind: 'Deployment', namespace: hint!.name === 'stray' ? 'bank' : hint!.namespace, name: hint!.name.replace(/-\d+$/, '') };
const ask = (alert: unknown, more: object = {}, headers?: Record<string, string>) => talk.send('POST', '/api/v1/analyze-alert', { alert, ...more }, headers);
const replay = (id: string, body?: unknown, headers?: Record<string, string>) => talk.send('POST', `/api/v1/remediations/${id}/replay`, body, headers);
const looked = () => engine.state.looked.at(-1) as any;
const bearer = async (claims: object) => ({ authorization: `Bearer ${await key.sign(claimsOf(claims as never))}` });
const written = () => [memory.state.signals.size, memory.state.audit.length, memory.state.notifications.length, memory.state.artifacts.size, engine.state.open.size, engine.state.told.length];

beforeAll(async () => {
  key = (await signingKey('ES256', 'e1'))!;
  writeFileSync(jwksFile, jwksOf(key));
  const deps = gatewayDeps({ ...memory, ...engine, resolveTarget, actions: { members: [scaleDeployment] } }, {
    'gateway.namespaces': ['shop', 'bank'], 'gateway.rateLimit.requests': 5000, 'processing.timeout': '120s',
    'gateway.jwt': { issuer: ISSUER, audience: AUDIENCE, jwksFile, claims: { role: 'role', namespaces: 'namespaces', clusters: 'clusters', sources: 'sources' }, roles: { viewer: 'read', sender: 'send', oncall: 'decide' } },
  });
  talk = await talkTo(deps);
  memory.state.remediations.set('r-1', remediationFor('r-1', { phase: 'closed', outcome: 'fixed', decisions: [{ at: 'x', kind: 'plan', ref: 'sha256:a', summary: 'a' }, { at: 'x', kind: 'approval', summary: 'b' }, { at: 'x', kind: 'plan', ref: 'sha256:c', summary: 'c' }] }));
  memory.state.remediations.set('r-2', remediationFor('r-2', { phase: 'closed', outcome: 'already_resolved' }));
});
afterAll(async () => {
  await talk.gateway.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => void Object.assign(engine.state, { onLook: answered, isDown: false }));

describe('POST /api/v1/analyze-alert', () => {
  it('says what would be done, and leaves nothing behind', async () => {
    const before = written();
    const answer = await ask({ name: 'KubePodCrashLooping', severity: 'critical', namespace: 'shop', resource: 'pod/api-1', status: 'firing', labels: { team: 'a' } }, { context: { cluster_info: { nodes: 3 }, historical_data: 'x'.repeat(5000) } });
    expect([answer.status, answer.body.action, answer.body.outcome, answer.body.request_id]).toEqual([200, 'no_action', 'no_action_needed', answer.headers.get('x-request-id')]);
    expect(answer.body.reasoning).toEqual({ summary: 'all is well', primary_reason: 'healthy', historical_context: 'nothing', oscillation_risk: 'low', oscillation_why: 'nothing was written' });
    expect(written()).toEqual(before);
    expect(looked()).toMatchObject({ type: 'analyzeAlert', withinMs: 120_000, input: { target: { kind: 'Deployment', namespace: 'shop', name: 'api' }, modelWithinMs: 96_000, problem: { alert: 'KubePodCrashLooping', severity: 'critical', status: 'firing', labels: { team: 'a', pod: 'api-1' }, annotations: { cluster_info: '{"nodes":3}' } } } });
    expect(looked().input.problem.annotations.historical_data).toHaveLength(2000);
  });

  it('takes an alert as AlertManager writes one, and a bare name as a Deployment', async () => {
    expect((await ask({ status: 'firing', labels: { alertname: 'A', namespace: 'shop', pod: 'web-2' }, annotations: {}, startsAt: '2026-01-01T00:00:00Z' })).status).toBe(200);
    expect(looked().input).toMatchObject({ target: { name: 'web' }, problem: { alert: 'A', startedAt: '2026-01-01T00:00:00.000Z' } });
    await ask({ name: 'A', namespace: 'shop', resource: 'job/nightly-1' });
    expect(looked().input.problem.labels).toMatchObject({ job_name: 'nightly-1' });
    await ask({ name: 'A', namespace: 'shop', resource: 'lost' });
    expect(looked().input.target).toEqual({ cluster: 'prod', apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'lost' });
  });

  it.each<[string, unknown, number, string]>([
    ['no alert', undefined, 422, 'InvalidParams'],
    ['an alert that names no object', { name: 'A' }, 422, 'InvalidParams'],
    ['a label that is no text', { name: 'A', labels: { a: { b: 1 } } }, 422, 'InvalidParams'],
    ['an object that cannot be read', { name: 'A', namespace: 'shop', resource: 'deployments/x/y' }, 422, 'InvalidParams'],
    ['a kind that nobody knows', { name: 'A', namespace: 'shop', resource: 'gizmo/x' }, 422, 'InvalidParams'],
    ['an object without its namespace', { name: 'A', resource: 'deployment/api' }, 422, 'InvalidParams'],
    ['a time that is none', { name: 'A', namespace: 'shop', resource: 'api', startsAt: 'yesterday' }, 422, 'InvalidParams'],
    ['another cluster', { name: 'A', namespace: 'shop', resource: 'api', labels: { cluster: 'mars' } }, 403, 'NotAllowed'],
    ['a namespace that is not served', { name: 'A', namespace: 'other', resource: 'api' }, 403, 'NotAllowed'],
  ])('refuses %s', async (_what, alert, status, code) => {
    const answer = await ask(alert);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  it('says 503 and when to ask again where the answer takes too long or Temporal is down', async () => {
    engine.state.onLook = () => { throw new KubernautError('Overloaded', { message: 'there was no answer within 120 s', retryAfterMs: 5000 }); };
    const late = await ask({ name: 'A', namespace: 'shop', resource: 'api' });
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '5']);
    engine.state.isDown = true;
    expect((await ask({ name: 'A', namespace: 'shop', resource: 'api' })).status).toBe(503);
  });

  it('takes so many at once and no more', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    engine.state.onLook = async () => (await gate, answered({} as never));
    const asked = Array.from({ length: 51 }, () => ask({ name: 'A', namespace: 'shop', resource: 'api' }));
    const refused = await Promise.race(asked);
    expect([refused.status, refused.body.error.code]).toEqual([503, 'Overloaded']);
    release();
    expect((await Promise.all(asked)).filter((a) => a.status === 200)).toHaveLength(50);
  });

  it('needs only the right to read, for what the token covers', async () => {
    const alert = { name: 'A', namespace: 'shop', resource: 'api' };
    const viewer = (namespaces?: string[]) => bearer({ role: 'viewer', clusters: ['prod'], namespaces: namespaces ?? ['shop'], sources: ['x'] });
    expect((await ask(alert, {}, await viewer())).status).toBe(200);
    expect((await ask(alert, {}, await viewer(['bank']))).status).toBe(403);
    expect((await ask({ ...alert, resource: 'pod/stray' }, {}, await viewer())).status).toBe(403);
    expect((await ask(alert, {}, await bearer({ role: 'sender', clusters: ['prod'], namespaces: ['shop'], sources: ['x'] }))).status).toBe(403);
    expect((await ask(alert, {}, { authorization: 'Bearer wrong' })).status).toBe(401);
  });
});

describe('POST /api/v1/remediations/:id/replay', () => {
  it('decides the last recorded plan again, or the one that is asked for', async () => {
    const before = written();
    expect(await replay('r-1')).toMatchObject({ status: 200, body: { is_same: true } });
    expect(looked()).toMatchObject({ type: 'replayDecision', id: expect.stringMatching(/^replay\/r-1\//), input: { remediationId: 'r-1', decisionRef: 'sha256:c' } });
    await replay('r-1', { decision: 0, model: 'gpt-x' });
    expect(looked().input).toEqual({ remediationId: 'r-1', decisionRef: 'sha256:a', model: 'gpt-x' });
    expect(written()).toEqual(before);
  });

  it('reads a policy as the file is read, defaults and mistakes included', async () => {
    await replay('r-1', { policy: { autonomy: 'observe', actions: { scale_deployment: { autonomy: 'auto' } } } });
    expect(looked().input.policy).toMatchObject({ autonomy: 'observe', cooldown: '5m', actions: { scale_deployment: { autonomy: 'auto' } } });
    const wrong = await replay('r-1', { policy: { autonomy: 'sometimes', actions: { no_such: {} } } });
    expect([wrong.status, wrong.body.detail]).toEqual([422, expect.stringMatching(/policy\.autonomy[\s\S]*no_such/)]);
  });

  it.each<[string, string, unknown, number]>([
    ['a remediation that is not there', 'r-9', undefined, 404],
    ['one that decided nothing', 'r-2', undefined, 404],
    ['a decision that is not there', 'r-1', { decision: 2 }, 404],
    ['an unknown member', 'r-1', { kubeconfig: 'x' }, 422],
  ])('refuses %s', async (_what, id, body, status) => expect((await replay(id, body)).status).toBe(status));

  it('needs only the right to read, for what the token covers', async () => {
    const of = (namespaces: string[], role = 'viewer') => bearer({ role, clusters: ['prod'], namespaces, sources: ['x'] });
    expect((await replay('r-1', undefined, await of(['shop']))).status).toBe(200);
    expect((await replay('r-1', undefined, await of(['bank']))).status).toBe(404);
    expect((await replay('r-1', undefined, await of(['shop'], 'sender'))).status).toBe(403);
  });

  it('asks a model anew only for those who may decide', async () => {
    const as = (role: string) => bearer({ role, clusters: ['prod'], namespaces: ['shop'], sources: ['x'] });
    expect((await replay('r-1', { policy: {} }, await as('viewer'))).status).toBe(200);
    expect((await replay('r-1', { model: 'gpt-x' }, await as('viewer'))).body).toMatchObject({ status: 403, detail: expect.stringMatching(/may not decide.*decide/) });
    expect((await replay('r-1', { model: 'gpt-x' }, await as('oncall'))).status).toBe(200);
  });
});
