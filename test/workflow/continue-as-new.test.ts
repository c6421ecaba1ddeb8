import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlanAnswer } from '../../src/activities/contract.js';
import { remediationIdOf } from '../../src/domain/target.js';
import { remediations } from '../support/remediation-runs.js';
import { concluded, planAnswer, signalOf, stepOf } from '../support/scripted-activities.js';
import { devServer } from '../support/workflow-env.js';

/** Suggests continue-as-new after 25 events, instead of the 4096 of production. */
const eagerServer = () => devServer('--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=25');

const { remediation, until, start, stop, env } = remediations(eagerServer);
beforeAll(start, 120_000);
afterAll(stop, 30_000);

const scale = stepOf('scale_deployment');
const ask: PlanAnswer = planAnswer(scale, { verdict: { decision: 'ask', findings: [] } });
const SOON = [{ name: '1s', afterMs: 300 }, { name: '2s', afterMs: 600 }];
const joining = (nth: number) => signalOf({ fingerprint: `f-${nth}`, alert: `KubePodNotReady${nth}` });

describe('a storm of alerts on one target', () => {
  it('makes the remediation continue as new while it waits for approval, and everything goes with it', async () => {
    const runs = new Set<string>();
    let planBefore: unknown;
    const r = await remediation('continued', { plans: [ask] }, async (h) => {
      const doc = await until(h, 'awaiting_approval');
      planBefore = await h.query('plan');
      runs.add(doc.run_id);
      for (let i = 0; i < 30; i++) {
        await h.signal('signalReceived', joining(i));
        if (i % 5 === 0) runs.add((await h.query<any>('status')).run_id);
      }
      const after = await h.query<any>('status');
      runs.add(after.run_id);
      expect(after).toMatchObject({ id: doc.id, phase: 'awaiting_approval', plan: doc.plan, approval: doc.approval, started_at: doc.started_at });
      expect(await h.query('plan')).toEqual(planBefore);
      await h.executeUpdate('approveRemediation', { args: [{ by: 'ann', plan: doc.plan.hash.slice(0, 10) }] });
    }, { horizons: SOON, links: { temporalUi: 'http://ui' } });

    expect(runs.size).toBeGreaterThan(1);
    expect(r.result).toMatchObject({ remediationId: r.input.remediationId, outcome: 'fixed' });
    expect(r.doc.problems).toHaveLength(31);
    expect(r.doc.timeline.map((t: any) => t.text)).toEqual(expect.arrayContaining(['KubePodCrashLooping from alertmanager', 'joined by KubePodNotReady0', 'joined by KubePodNotReady29', 'approved by ann']));
    expect(r.doc.links.temporal).toContain(r.doc.run_id);
    expect(r.named('apply:')).toHaveLength(1);
    expect(r.named('notify').map((c: any) => c.input.kind)).toEqual(['approval_requested', 'approval_decided', 'closed']);
  }, 60_000);

  it('keeps what the server knows about it: memo and search attributes', async () => {
    const r = await remediation('continued-again', { plans: [ask] }, async (h) => {
      await until(h, 'awaiting_approval');
      for (let i = 0; i < 30; i++) await h.signal('signalReceived', joining(i));
      const { memo, typedSearchAttributes } = await h.describe();
      expect(memo).toMatchObject({ remediationId: expect.stringMatching(/^r-/) });
      expect(Object.fromEntries(typedSearchAttributes.getAll().map((p) => [p.key.name, p.value]))).toMatchObject({ KubernautPhase: 'awaiting_approval', KubernautAwaitingApproval: true });
      await h.signal('reject', { by: 'bob' });
    });
    expect(r.result.outcome).toBe('denied');
  }, 60_000);
});

describe('a remediation that follows another', () => {
  it('is known to the server by its own id and starts with a clean page', async () => {
    const late = signalOf({ fingerprint: 'f9', alert: 'KubeHpaMaxedOut', startsAt: '2026-11-20T10:30:00.000Z' });
    let hasSignalled = false;
    const r = await remediation('followed', {
      plans: [concluded('no_action_needed'), ask],
      record: async ({ remediation: doc }) => {
        if (hasSignalled || doc.phase !== 'closed') return;
        hasSignalled = true;
        await env().client.workflow.getHandle(doc.workflow_id).signal('signalReceived', late);
      },
    }, async (h) => {
      const id = remediationIdOf(h.workflowId, late);
      for (let i = 0; i < 200 && (await h.query<any>('status')).id !== id; i++) await new Promise((resolve) => setTimeout(resolve, 25));
      const doc = await until(h, 'awaiting_approval');
      expect(doc.id).toBe(id);
      const { memo, typedSearchAttributes } = await env().client.workflow.getHandle(h.workflowId).describe();
      expect(memo).toMatchObject({ remediationId: id, alert: 'KubeHpaMaxedOut' });
      const attributes = Object.fromEntries(typedSearchAttributes.getAll().map((p) => [p.key.name, p.value]));
      expect(attributes).toMatchObject({ KubernautPhase: 'awaiting_approval', KubernautAlert: 'KubeHpaMaxedOut' });
      expect(attributes).not.toHaveProperty('KubernautOutcome');
      await h.signal('reject');
    }, { isCoLocated: false });
    expect(r.result.outcome).toBe('denied');
  }, 60_000);
});

const other = { key: 'rollback_deployment:shop/api', action: 'rollback_deployment', target: 'deployment shop/api', parameters: {}, summary: 'roll back', confidence: 0.7, source: 'rules', tier: 1 } as const;
const listed = { ...ask, alternatives: [other], asking: { remindAfterMs: [1500, 600_000], approvers: ['group:sre'] } } as PlanAnswer;

it('what was asked, sent and listed goes with it, and a candidate can be picked after it', async () => {
  const picked = planAnswer(stepOf('rollback_deployment'), { key: other.key });
  const r = await remediation('continued-pick', { plans: [listed, picked] }, async (h) => {
    const before = await until(h, 'awaiting_approval');
    while (!(await h.query<any>('status')).approval.reminders) await new Promise((resolve) => setTimeout(resolve, 50));
    for (let i = 0; i < 30; i++) await h.signal('signalReceived', joining(i));
    while ((await h.query<any>('status')).run_id === before.run_id) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await h.query<any>('status')).approval).toEqual({ ...before.approval, reminders: 1 });
    await h.executeUpdate('approveRemediation', { args: [{ by: 'ann', candidate: 2 }] });
  }, { horizons: SOON });
  expect(r.result.outcome).toBe('fixed');
  expect(r.doc.approval).toMatchObject({ picked: { key: other.key, by: 'ann' }, reminders: 1, approvers: ['group:sre'] });
  expect(r.named('apply:').map((c) => c.name)).toEqual(['apply:rollback_deployment']);
}, 60_000);

it('a pick that is under way when everything is cancelled is answered', async () => {
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  let looks = 0;
  const r = await remediation('picked-cancelled', { plans: [listed], enrich: () => (++looks === 2 ? gate : undefined) }, async (h) => {
    await until(h, 'awaiting_approval');
    const pick = h.executeUpdate('approveRemediation', { args: [{ by: 'ann', candidate: 2 }] }).catch((error: unknown) => error);
    while (looks < 2) await new Promise((resolve) => setTimeout(resolve, 25));
    await h.signal('cancel', { by: 'bob' });
    expect(await pick).toMatchObject({ cause: { message: expect.stringContaining('ended meanwhile') } });
    go();
  }, { isCoLocated: false });
  expect(r.result.outcome).toBe('cancelled');
  expect(r.named('apply:')).toHaveLength(0);
}, 60_000);

it.each([1, 200, 600])('a decision that races the last timer (%s ms) counts or does not, never both', async (approvalTimeoutMs) => {
  const r = await remediation('raced-timer', { plans: [{ ...listed, approvalTimeoutMs } as PlanAnswer] }, async (h) => {
    for (let i = 0; i < 20; i += 1) await Promise.allSettled([h.signal('approve', { by: 'ann' }), h.executeUpdate('approveRemediation', { args: [{ by: 'cat' }] })]);
  }, { horizons: SOON });
  const isApproved = r.doc.approval.state === 'approved';
  expect([r.result.outcome, r.named('apply:').length]).toEqual(isApproved ? ['fixed', 1] : ['expired', 0]);
}, 60_000);
