import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gatewayDeps, memoryStore, memoryTemporal, talkTo, TOKEN } from '../../test/support/gateway.js';
import { apiTarget, remediationFor, stepFor } from '../../test/support/remediations.js';
import { createApprovalLinks, type ApprovalClaims } from '../adapters/links/approval-link.js';
import type { Remediation } from '../contracts/remediation.js';

const HASH = '3f9c01d2'.padEnd(64, '0');
const ASKED = '2025-01-31T08:00:30.000Z';
const LATER = '2999-01-31T09:00:30.000Z';

const memory = memoryStore();
const engine = memoryTemporal();
const links = createApprovalLinks([TOKEN])!;
let talk: Awaited<ReturnType<typeof talkTo>>;

const waiting = (over: Partial<Remediation> = {}): Remediation =>
  remediationFor('r-0123456789', {
    phase: 'awaiting_approval',
    plan: { hash: HASH, steps: [stepFor(0, { status: 'planned' })] },
    analysis: { source: 'rules', cause: 'bad_rollout.command', confidence: 0.97, reasoning: 'container api cannot start' },
    verdict: { decision: 'ask', findings: [{ check: 'autonomy', reason: 'approval_required', message: 'the policy asks for approval', severity: 'ask' }] },
    approval: {
      state: 'pending', asked_at: ASKED, expires_at: LATER,
      alternatives: [{ key: 'restart_pod:Pod/shop/api-1', action: 'restart_pod', target: 'pod shop/api-1', parameters: {}, summary: 'restart pod shop/api-1', confidence: 0.7, source: 'rules', tier: 2 }],
    },
    ...over,
  });

const claims: ApprovalClaims = { remediationId: 'r-0123456789', plan: HASH, askedAt: ASKED, audience: 'slack', expiresAt: LATER };
const path = (more: Partial<ApprovalClaims> = {}): string => `/approve/${links.sign({ ...claims, ...more })}`;

interface Page {
  status: number;
  text: string;
  headers: Headers;
}

const page = async (method: string, at: string, form?: Record<string, string> | string, headers: Record<string, string> = {}): Promise<Page> => {
  const body = form === undefined ? undefined : typeof form === 'string' ? form : new URLSearchParams(form).toString();
  const response = await fetch(talk.gateway.url + at, { method, headers: { ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }), ...headers }, ...(body === undefined ? {} : { body }) });
  return { status: response.status, text: await response.text(), headers: response.headers };
};
const post = (form: Record<string, string> | string, at = path(), headers: Record<string, string> = {}) => page('POST', at, form, headers);
const yes = { decision: 'approve', by: 'Ana' };

beforeAll(async () => {
  talk = await talkTo(gatewayDeps({ ...memory, ...engine }, { 'gateway.publicUrl': 'https://kubernaut.example.com' }));
});
afterAll(() => talk.gateway.close());
beforeEach(() => {
  memory.state.links.clear();
  memory.state.audit.length = 0;
  Object.assign(memory.state, { isDown: false, isReadOnly: false });
  Object.assign(engine.state, { isDown: false, told: [] });
  memory.state.remediations.set('r-0123456789', waiting());
});

describe('the page', () => {
  it('shows what, why, how risky, the way back and the other ways, without any credential', async () => {
    const { status, text } = await page('GET', path());
    expect(status).toBe(200);
    for (const part of ['KubePodCrashLooping', 'deployment shop/api', 'bad_rollout.command', 'scale deployment shop/api 2 → 4', 'tier 2', 'can be undone exactly', 'the policy asks for approval', 'restart pod shop/api-1', LATER]) expect(text).toContain(part);
  });

  it('is never decided by looking: GET and HEAD, however often', async () => {
    for (const method of ['GET', 'HEAD', 'GET']) expect((await page(method, `${path()}?decision=approve&by=scanner`)).status).toBe(200);
    expect(engine.state.told).toEqual([]);
    expect(memory.state.links.size).toBe(0);
  });

  it('may be kept by nobody, framed by nobody, and runs no script', async () => {
    const { headers, text } = await page('GET', path());
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'/);
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('x-robots-tag')).toContain('noindex');
    expect(text).not.toMatch(/<script|https?:\/\/|javascript:|\son\w+=/i);
  });

  it('shows hostile texts as text', async () => {
    const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\u0007`;
    memory.state.remediations.set('r-0123456789', waiting({
      problems: [{ fingerprint: 'f1', alert: evil, status: 'firing', started_at: ASKED }],
      analysis: { source: 'model', cause: evil, confidence: 1, reasoning: evil },
      target: { ...apiTarget, name: evil },
      plan: { hash: HASH, steps: [stepFor(0, { status: 'planned', summary: evil, parameters: { [evil]: evil } })] },
      approval: { state: 'pending', asked_at: ASKED, expires_at: LATER, why: evil, diff: { from: 'a', to: 'b', changes: [{ what: 'cause', where: evil, text: evil }] } },
    }));
    const { status, text } = await page('GET', path());
    expect(status).toBe(200);
    expect(text).not.toMatch(/<script|<img|\u202e|\u0007/);
    expect(text).toContain('&lt;script&gt;');
  });

  it('says what is different when it is asked again', async () => {
    const diff = { from: 'a', to: 'b', changes: [{ what: 'parameter' as const, where: 'revision', from: '5', to: '6', text: 'revision: 5 → 6' }] };
    memory.state.remediations.set('r-0123456789', waiting({ approval: { ...waiting().approval!, why: 'it changed while it waited', diff } }));
    expect((await page('GET', path())).text).toMatch(/This is asked again[^]*it changed while it waited[^]*revision: 5 → 6/);
  });
});

describe('the form', () => {
  it('decides once, bound to the plan, and says who claimed it and how', async () => {
    const { status, text } = await post({ ...yes, reason: 'seen in staging' });
    expect([status, text]).toEqual([200, expect.stringContaining('Approved')]);
    expect(engine.state.told).toEqual([expect.objectContaining({ remediationId: 'r-0123456789', kind: 'approve', decision: { by: 'Ana (link in slack)', reason: 'seen in staging', plan: HASH, via: 'link' } })]);
    expect(memory.state.audit).toEqual([expect.objectContaining({ verb: 'approve', subject: 'r-0123456789', actor: 'Ana (link in slack)' })]);
    const again = await post(yes);
    expect([again.status, again.text]).toEqual([410, expect.stringContaining('It works once: approved by Ana')]);
    expect((await page('GET', path())).status).toBe(410);
    expect(engine.state.told).toHaveLength(1);
  });

  it('pressed twice at the same moment decides once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(yes)));
    expect(answers.map((a) => a.status).sort()).toEqual([200, 410, 410, 410]);
    expect(engine.state.told).toHaveLength(1);
  });

  it('rejects, or takes another way', async () => {
    expect((await post({ decision: 'reject', by: 'Bob', candidate: '2' })).text).toContain('Nothing is written');
    memory.state.links.clear();
    await post({ ...yes, candidate: '2' });
    expect(engine.state.told.map((t: any) => [t.kind, t.decision.candidate])).toEqual([['reject', undefined], ['approve', 2]]);
  });

  it.each([
    ['no button', { by: 'Ana' }, 400],
    ['no name', { decision: 'approve', by: '  ' }, 400],
    ['another word', { decision: 'APPROVE', by: 'Ana' }, 400],
    ['a candidate that is no number', { ...yes, candidate: '2;drop' }, 400],
    ['not UTF-8', '%', 400],
  ])('with %s decides nothing', async (_what, form, status) => {
    expect((await post(form as Record<string, string>)).status).toBe(status);
    expect(engine.state.told).toEqual([]);
    expect(memory.state.links.size).toBe(0);
  });

  it('sent by another site, as JSON, or too big decides nothing', async () => {
    expect((await post(yes, path(), { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post(JSON.stringify(yes), path(), { 'content-type': 'application/json' })).status).toBe(415);
    expect((await post({ ...yes, reason: 'x'.repeat(20_000) })).status).toBe(413);
    expect(engine.state.told).toEqual([]);
  });

  it('that the workflow refuses, or that cannot reach it, leaves the link as good as before', async () => {
    engine.state.isDown = true;
    const down = await post(yes);
    expect([down.status, down.text]).toEqual([503, expect.stringContaining('Nothing was decided')]);
    expect(down.headers.get('retry-after')).toBe('5');
    engine.state.isDown = false;
    expect((await post(yes)).status).toBe(200);
  });

  it('stops at a list of approvers that its channel is not on, and rejects all the same', async () => {
    memory.state.remediations.set('r-0123456789', waiting({ approval: { ...waiting().approval!, approvers: ['group:sre-oncall'] } }));
    expect((await post(yes)).text).toContain('group:sre-oncall');
    expect(engine.state.told).toEqual([]);
    expect((await post({ decision: 'reject', by: 'Bob' })).status).toBe(200);
    memory.state.links.clear();
    memory.state.remediations.set('r-0123456789', waiting({ approval: { ...waiting().approval!, approvers: ['link:slack'] } }));
    expect((await post(yes)).status).toBe(200);
  });
});

describe('a link that is no good', () => {
  it.each<[string, Partial<ApprovalClaims>, Partial<Remediation>, string]>([
    ['has expired', { expiresAt: '2025-01-31T08:30:00.000Z' }, {}, 'has expired'],
    ['is for an earlier plan', { plan: 'a'.repeat(64) }, {}, 'The plan has changed'],
    ['is for an earlier question about the same plan', { askedAt: '2025-01-31T07:00:00.000Z' }, {}, 'The plan has changed'],
    ['is for what is closed', {}, { phase: 'closed', outcome: 'fixed' }, 'ended as fixed'],
    ['is for what was decided', {}, { approval: { state: 'approved', by: 'cat', asked_at: ASKED } }, 'approved by cat'],
    ['is for what waits for nothing', {}, { phase: 'executing', approval: undefined }, 'Nothing waits'],
    ['is for another remediation', { remediationId: 'r-01234' }, {}, 'not known here'],
  ])('because it %s says so, with the way on', async (_why, claim, over, said) => {
    memory.state.remediations.set('r-0123456789', waiting(over));
    for (const answer of [await page('GET', path(claim)), await post(yes, path(claim))]) {
      expect([answer.status, answer.text]).toEqual([410, expect.stringContaining(said)]);
      expect(answer.text).toContain('kubernaut show');
    }
    expect(engine.state.told).toEqual([]);
  });

  it.each(['x', 'a.b', '..%2f..%2fhealth', '%00', 'A'.repeat(650)])('is not found: %s', async (token) => {
    const answer = await page('GET', `/approve/${token}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
  });

  it('signed with a key of somebody else is not found', async () => {
    const foreign = createApprovalLinks(['somebody else'])!.sign(claims);
    expect((await page('GET', `/approve/${foreign}`)).status).toBe(404);
  });

  it('is not told apart by an outage: nothing is decided, and it is said', async () => {
    memory.state.isDown = true;
    expect((await page('GET', path())).status).toBe(503);
  });
});

it('guesses of one address are limited, as a page', async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 100; i += 1) statuses.push((await page('GET', '/approve/guess')).status);
  expect(statuses.filter((s) => s === 429).length).toBeGreaterThan(30);
  const limited = await page('GET', '/approve/guess');
  expect([limited.status, limited.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8']);
});

it('a page is not there without a key', async () => {
  const open = await talkTo(gatewayDeps({ ...memory, ...engine }, { 'gateway.tokens': [], 'gateway.allowInsecure': true }));
  try {
    expect((await fetch(`${open.gateway.url}${path()}`)).status).toBe(404);
  } finally {
    await open.gateway.close();
  }
});

