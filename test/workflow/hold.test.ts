import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { Hold, PlanAnswer } from '../../src/activities/contract.js';
import { remediations } from '../support/remediation-runs.js';
import { planAnswer, stepOf } from '../support/scripted-activities.js';

const { env, remediation, until, start, stop } = remediations();
beforeAll(start, 120_000);
afterAll(stop);

const scale = stepOf('scale_deployment');
const HOUR = 3_600_000;
const asking = { verdict: { decision: 'ask' as const, findings: [{ check: 'autonomy', reason: 'approval_required', message: 'policy asks', severity: 'ask' as const }] } };

/** The clock of the server, which tests turn forward: the end of a wait is so much later than its now. */
async function heldFor(ms: number, more: Partial<Hold> = {}): Promise<Hold> {
  return { until: new Date((await env().currentTimeMs()) + ms).toISOString(), rule: 'weekend', message: 'freeze weekend is on', canOverride: false, ...more };
}
const held = (hold: Hold, more: Partial<Extract<PlanAnswer, { kind: 'plan' }>> = {}): PlanAnswer => planAnswer(scale, { hold, ...more });
const free = planAnswer(scale);
const texts = (doc: any): string => doc.timeline.map((t: any) => t.text).join('\n');

async function untilHeld(handle: WorkflowHandle): Promise<any> {
  for (let i = 0; i < 400; i++) {
    const doc = await handle.query<any>('status');
    if (doc.hold) return doc;
    await new Promise((r) => setTimeout(r, 25));
  }
  throw new Error('it never waited');
}

describe('a write that falls into a freeze', () => {
  it('waits until it is over, reads and plans anew, and acts once', async () => {
    const hold = await heldFor(8 * HOUR);
    const r = await remediation('held', { plans: [held(hold), free], holds: [hold] });
    expect(r.result.outcome).toBe('fixed');
    expect([r.named('enrich').length, r.named('makePlan').length, r.named('apply:').length]).toEqual([2, 2, 1]);
    expect(r.phases).toEqual(['received', 'enriching', 'analyzing', 'planning', 'validating', 'enriching', 'analyzing', 'planning', 'validating', 'executing', 'verifying', 'closed']);
    const begun = Date.parse(r.doc.plan.steps[0].started_at);
    expect(begun).toBeGreaterThanOrEqual(Date.parse(hold.until));
    expect(r.doc.hold).toBeUndefined();
    expect(texts(r.doc)).toMatch(/waits until .*: freeze weekend is on\n(.*\n)*weekend is over; looking again/);
  });

  it('says in the store what it waits for and since when', async () => {
    const hold = await heldFor(HOUR, { canOverride: true });
    const r = await remediation('held-shown', { plans: [held(hold), free], holds: [hold] });
    const kept = (r.saved as any[]).map((s) => s.remediation).find((d) => d.hold);
    expect(kept).toMatchObject({ phase: 'validating', hold: { until: hold.until, rule: 'weekend', can_override: true, since: expect.any(String) } });
  });

  it('of thirty days waits thirty days, and asks the policy on the way without filling its history', async () => {
    const hold = await heldFor(30 * 24 * HOUR);
    const r = await remediation('unrecorded', { plans: [held(hold), free], holds: [hold] });
    expect(r.result.outcome).toBe('fixed');
    expect(Date.parse(r.doc.plan.steps[0].started_at)).toBeGreaterThanOrEqual(Date.parse(hold.until));
    expect(r.named('holdOf').length).toBeGreaterThan(600);
    expect(r.doc.timeline.length).toBeLessThan(40);
  }, 180_000);

  it('goes on as soon as the policy lets it', async () => {
    const hold = await heldFor(100 * HOUR);
    const r = await remediation('held-lifted', { plans: [held(hold), free], holds: [hold, undefined] });
    expect(r.result.outcome).toBe('fixed');
    expect(Date.parse(r.doc.plan.steps[0].started_at)).toBeLessThan(Date.parse(hold.until));
    expect(texts(r.doc)).toContain('weekend holds it no longer');
  });

  it('waits longer when the policy says so meanwhile', async () => {
    const hold = await heldFor(2 * HOUR);
    const longer = await heldFor(6 * HOUR, { rule: 'release' });
    const r = await remediation('held-longer', { plans: [held(hold), free], holds: [longer] });
    expect(Date.parse(r.doc.plan.steps[0].started_at)).toBeGreaterThanOrEqual(Date.parse(longer.until));
    expect(texts(r.doc)).toContain('release is over');
  });

  it('is held again when the new plan falls into another one', async () => {
    const first = await heldFor(HOUR / 2);
    const second = await heldFor(2 * HOUR, { rule: 'release' });
    const r = await remediation('held-twice', { plans: [held(first), held(second), free], holds: [second] });
    expect(r.result.outcome).toBe('fixed');
    expect(Date.parse(r.doc.plan.steps[0].started_at)).toBeGreaterThanOrEqual(Date.parse(second.until));
  });
});

describe('while it waits', () => {
  it('alerts that resolve end it without a write', async () => {
    const hold = await heldFor(8 * HOUR);
    const r = await remediation('held-resolved', { plans: [held(hold)], holds: [hold] }, async (handle) => {
      await untilHeld(handle);
      await handle.signal('resolved');
    });
    expect(r.result.outcome).toBe('already_resolved');
    expect(r.named('apply:')).toHaveLength(0);
    expect(r.doc.hold).toBeUndefined();
  });

  it('a cancel ends it', async () => {
    const hold = await heldFor(8 * HOUR);
    const r = await remediation('held-cancelled', { plans: [held(hold)], holds: [hold] }, async (handle) => {
      await untilHeld(handle);
      await handle.signal('cancel', { by: 'ana', reason: 'fixed by hand' });
    });
    expect(r.result).toMatchObject({ outcome: 'cancelled', reason: expect.stringContaining('fixed by hand') });
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('a rejection ends it', async () => {
    const hold = await heldFor(8 * HOUR);
    const r = await remediation('held-rejected', { plans: [held(hold)], holds: [hold] }, async (handle) => {
      await untilHeld(handle);
      await handle.executeUpdate('rejectRemediation', { args: [{ by: 'ana' }] });
    });
    expect(r.result).toMatchObject({ outcome: 'denied', reason: 'rejected by ana' });
  });

  it('a person ends it with a reason where the policy lets them, and planning is told', async () => {
    const hold = await heldFor(8 * HOUR, { canOverride: true });
    const r = await remediation('held-overridden', { plans: [held(hold), free], holds: [hold] }, async (handle) => {
      await untilHeld(handle);
      await expect(handle.executeUpdate('approveRemediation', { args: [{ by: 'ana' }] })).rejects.toMatchObject({ cause: { message: expect.stringContaining('say why') } });
      await handle.executeUpdate('approveRemediation', { args: [{ by: 'ana', reason: 'revenue is down' }] });
    });
    expect(r.result.outcome).toBe('fixed');
    expect(Date.parse(r.doc.plan.steps[0].started_at)).toBeLessThan(Date.parse(hold.until));
    expect(r.named('makePlan').map((c: any) => c.input.overridden)).toEqual([undefined, ['weekend']]);
    expect(texts(r.doc)).toContain('ana ends the wait for weekend: revenue is down');
  });

  it('nobody ends it where the policy does not let them', async () => {
    const hold = await heldFor(8 * HOUR);
    const r = await remediation('held-firm', { plans: [held(hold), free], holds: [hold] }, async (handle) => {
      await untilHeld(handle);
      await expect(handle.executeUpdate('approveRemediation', { args: [{ by: 'ana', reason: 'now!' }] })).rejects.toMatchObject({ cause: { message: expect.stringContaining('nobody may override') } });
      await handle.signal('approve', { by: 'ana', reason: 'now!' });
    });
    expect(texts(r.doc)).toContain('approve ignored');
    expect(Date.parse(r.doc.plan.steps[0].started_at)).toBeGreaterThanOrEqual(Date.parse(hold.until));
  });
});

describe('what was approved before it had to wait', () => {
  const approve = async (handle: WorkflowHandle): Promise<void> => {
    await until(handle, 'awaiting_approval');
    await handle.executeUpdate('approveRemediation', { args: [{ by: 'ana', reason: 'go' }] });
  };

  it('is not asked about again when the plan is the same after the wait', async () => {
    const hold = await heldFor(8 * HOUR);
    const r = await remediation('held-approved', { plans: [held(hold, asking), planAnswer(scale, asking)], holds: [hold] }, approve);
    expect(r.result.outcome).toBe('fixed');
    expect(r.phases.filter((p) => p === 'awaiting_approval')).toHaveLength(1);
    expect(r.doc.approval).toMatchObject({ state: 'approved', by: 'ana' });
    expect(Date.parse(r.doc.plan.steps[0].started_at)).toBeGreaterThanOrEqual(Date.parse(hold.until));
  });

  it.each<[string, PlanAnswer]>([
    ['another plan', planAnswer(stepOf('scale_deployment', { parameters: { namespace: 'shop', name: 'api', replicas: 9 } }), asking)],
    ['another question', planAnswer(scale, { verdict: { decision: 'ask', findings: [{ check: 'policy_rules', reason: 'policy_rule', message: 'pci', severity: 'ask' }] } })],
  ])('is asked about again as %s', async (_what, after) => {
    const hold = await heldFor(8 * HOUR);
    const r = await remediation('held-asked-again', { plans: [held(hold, asking), after], holds: [hold] }, approve);
    // nobody answers this time, and silence is never consent
    expect(r.result.outcome).toBe('expired');
    expect(r.phases.filter((p) => p === 'awaiting_approval')).toHaveLength(2);
    expect(r.named('apply:')).toHaveLength(0);
  });
});
