import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, webhookOf } from '../../../test/support/gateway.js';
import { apiTarget, remediationFor } from '../../../test/support/remediations.js';

const memory = memoryStore();
let talk: Awaited<ReturnType<typeof talkTo>>;
const get = async (path: string) => {
  const { status, body } = await talk.send('GET', path);
  return { status, body };
};

beforeAll(async () => {
  talk = await talkTo(gatewayDeps({ ...memory, ...memoryTemporal() }));
  const closed = { phase: 'closed', outcome: 'escalated', reason: 'cooldown' } as const;
  await memory.store.saveRemediation(remediationFor('r-aaaa000001', { ...closed, analysis: { source: 'rules', cause: 'x', confidence: 1, reasoning: '', evidence_ref: 'sha256:e' } }));
  await memory.store.saveRemediation(remediationFor('r-bbbb000002', { ...closed, target: { ...apiTarget, namespace: 'staging' } }));
  memory.state.artifacts.set('sha256:e', { takenAt: '2025-01-31T08:00:00.000Z', events: [], logs: [{ pod: 'api-1', container: 'api', isPrevious: true, lines: ['token=***'] }], missing: [] });
  memory.state.notifications.push({ remediationId: 'r-aaaa000001', channel: 'slack', kind: 'closed', status: 'failed', attempts: 2, error: 'ChannelUnavailable: slow', updatedAt: '2025-01-31T08:00:01.000Z' });
});
afterAll(() => talk.gateway.close());

describe('what became of a signal', () => {
  it('names its fate, its reason and the remediation it went to', async () => {
    const alert = alertOf({ fingerprint: 'fp-1' });
    const sent = await talk.send('POST', '/alerts', webhookOf(alert));
    const { status, body } = await get('/api/v1/signals/fp-1');
    expect([status, body.items]).toEqual([200, [expect.objectContaining({
      fingerprint: 'fp-1', alert: 'KubePodCrashLooping', outcome: 'started', remediation_id: sent.body.results[0].remediation_id, remediation: { phase: 'received' },
    })]]);
    await talk.send('POST', '/alerts', webhookOf({ ...alertOf({ fingerprint: 'fp-2' }), labels: { alertname: 'Heartbeat' } }));
    expect((await get('/api/v1/signals/fp-2')).body.items).toEqual([expect.objectContaining({ outcome: 'suppressed', reason: expect.stringContaining('no Kubernetes object') })]);
  });

  it('is NotFound for one that was never taken', async () => {
    expect(await get('/api/v1/signals/nope')).toMatchObject({ status: 404, body: { detail: expect.stringContaining('never arrived') } });
  });
});

describe('what is kept beside a remediation', () => {
  it('has who was told, and whether it arrived', async () => {
    expect((await get('/api/v1/remediations/r-aaaa/notifications')).body).toEqual({
      items: [{ channel: 'slack', kind: 'closed', status: 'failed', attempts: 2, error: 'ChannelUnavailable: slow', updated_at: '2025-01-31T08:00:01.000Z' }],
    });
  });

  it('has the evidence, as it was kept', async () => {
    expect((await get('/api/v1/remediations/r-aaaa/evidence')).body).toMatchObject({ ref: 'sha256:e', logs: [{ lines: ['token=***'] }] });
    expect((await get('/api/v1/remediations/r-bbbb/evidence')).status).toBe(404);
  });
});

describe('a remediation that is named by its target', () => {
  it('is refused when several targets are meant, naming them', async () => {
    const { status, body } = await get('/api/v1/remediations/deployment%2Fapi');
    expect([status, body.error.code]).toEqual([409, 'Conflict']);
    for (const text of ['deployment shop/api on prod (r-aaaa000001)', 'deployment staging/api on prod (r-bbbb000002)']) expect(body.detail).toContain(text);
  });

  it('is found by its name alone beside a namespace', async () => {
    expect((await get('/api/v1/remediations/api?namespace=staging')).body.id).toBe('r-bbbb000002');
    expect((await get('/api/v1/remediations/api')).status).toBe(404);
  });
});

it('counts the plans that wait when the metrics are read', async () => {
  await memory.store.saveRemediation(remediationFor('r-cccc000003', { phase: 'awaiting_approval', target: { ...apiTarget, name: 'other' } }));
  expect((await get('/metrics')).body).toContain('kubernaut_approvals_pending 1');
});
