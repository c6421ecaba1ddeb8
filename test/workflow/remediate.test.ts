import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import type { PlanAnswer } from '../../src/activities/contract.js';
import { remediations } from '../support/remediation-runs.js';
import { concluded, planAnswer, seen, signalOf, stepOf } from '../support/scripted-activities.js';

const { remediation, until, start, stop } = remediations();
beforeAll(start, 120_000);
afterAll(stop);

const scale = stepOf('scale_deployment');
const rollback = stepOf('rollback_deployment');
const ask = (step = scale): PlanAnswer => planAnswer(step, { verdict: { decision: 'ask', findings: [{ check: 'autonomy', reason: 'autonomy_approve', message: 'policy asks', severity: 'ask' }] } });

describe('a plain remediation', () => {
  it('reads, plans, acts once, proves the effect at three horizons and ends fixed', async () => {
    const r = await remediation('fixed', { plans: [planAnswer(scale)] });
    expect(r.result).toMatchObject({ outcome: 'fixed' });
    expect(r.phases).toEqual(['received', 'enriching', 'analyzing', 'planning', 'validating', 'executing', 'verifying', 'closed']);
    expect(r.named('apply:')).toHaveLength(1);
    expect(r.doc.assessments.map((a: any) => [a.horizon, a.verdict])).toEqual([['30s', 'effective'], ['2m', 'effective'], ['30m', 'effective']]);
  });

  it('costs at most 45 history events', async () => {
    const r = await remediation('fixed', { plans: [planAnswer(scale)] });
    console.log(`history of a plain remediation: ${r.events} events`);
    expect(r.events).toBeLessThanOrEqual(45);
  });

  it('runs over one queue per capability when the roles are apart', async () => {
    const r = await remediation('fixed-split', { plans: [planAnswer(scale)] }, undefined, { isCoLocated: false });
    expect(r.result).toMatchObject({ outcome: 'fixed' });
  });

  it('records the plan with its undo before the write', async () => {
    const r = await remediation('fixed', { plans: [planAnswer(scale)] });
    const order = r.calls.map((c) => c.name);
    expect(order.indexOf('record')).toBeLessThan(order.indexOf('apply:scale_deployment'));
  });

  it('asks the model when there is one, and goes on without it when it fails', async () => {
    const down = { plans: [planAnswer(scale)], analyze: () => Promise.reject(ApplicationFailure.nonRetryable('refused', 'ModelRejected')) };
    const r = await remediation('model-down', down, undefined, { hasModel: true });
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.timeline.map((t: any) => t.text)).toContain('the model gave no usable answer; the rules decide alone');
    const up = await remediation('model-up', { plans: [planAnswer(scale)] }, undefined, { hasModel: true });
    expect(up.doc.usage.tokens).toBe(7);
  });
});

describe('ends without a write', () => {
  it.each(['no_action_needed', 'already_resolved', 'notified', 'inconclusive', 'escalated', 'denied'] as const)('%s when planning says so', async (outcome) => {
    const r = await remediation(`concluded-${outcome}`, { plans: [concluded(outcome)] });
    expect(r.result).toMatchObject({ outcome, reason: 'so it is' });
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('observed in dry run, with the plan recorded', async () => {
    const r = await remediation('observed', { plans: [planAnswer(scale, { mode: 'observe' })] });
    expect(r.result.outcome).toBe('observed');
    expect(r.doc.plan.steps).toHaveLength(1);
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('notified when policy only lets it suggest', async () => {
    const r = await remediation('suggested', { plans: [planAnswer(scale, { mode: 'suggest' })] });
    expect(r.result.outcome).toBe('notified');
    expect(r.named('apply:')).toHaveLength(0);
  });
});

describe('too early to judge', () => {
  const moving: PlanAnswer = { kind: 'wait', reason: 'deployment shop/api is still rolling out', analysis: { source: 'rules', cause: 'in_progress', confidence: 0.5, reasoning: 'still rolling out' } };

  it('looks again, and acts once there is something to act on', async () => {
    const r = await remediation('looked-again', { plans: [moving, moving, planAnswer(scale)] });
    expect(r.result.outcome).toBe('fixed');
    expect(r.named('makePlan')).toHaveLength(3);
  });

  it('is inconclusive after three minutes of looking', async () => {
    const r = await remediation('never-settles', { plans: [moving] });
    expect(r.result).toMatchObject({ outcome: 'inconclusive', reason: expect.stringContaining('still rolling out') });
    expect(r.named('makePlan')).toHaveLength(7);
  });

  it('ends at once when the alert resolves meanwhile', async () => {
    const r = await remediation('settled-by-itself', { plans: [moving] }, (h) => h.signal('resolved'));
    expect(r.result.outcome).toBe('already_resolved');
    expect(r.named('apply:')).toHaveLength(0);
  });
});

describe('approval', () => {
  it('by a bare signal lets the plan run', async () => {
    const r = await remediation('approved-signal', { plans: [ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('approve');
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.approval).toMatchObject({ state: 'approved' });
  });

  it('by update answers at once and binds to the plan hash', async () => {
    const r = await remediation('approved-update', { plans: [ask()] }, async (h) => {
      const doc = await until(h, 'awaiting_approval');
      await expect(h.executeUpdate('approveRemediation', { args: [{ by: 'ann', plan: 'ffffffffff' }] })).rejects.toThrow();
      const reply = await h.executeUpdate<any, any>('approveRemediation', { args: [{ by: 'ann', plan: doc.plan.hash.slice(0, 10) }] });
      expect(reply).toMatchObject({ accepted: true, planHash: doc.plan.hash });
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.approval).toMatchObject({ state: 'approved', by: 'ann' });
  });

  it('by update is refused at once when nothing waits', async () => {
    await remediation('nothing-to-approve', { plans: [planAnswer(scale)] }, async (h) => {
      await until(h, 'verifying');
      await expect(h.executeUpdate('approveRemediation', { args: [{ by: 'ann' }] })).rejects.toMatchObject({ cause: { message: expect.stringContaining('nothing to decide') } });
    });
  });

  it('rejected ends denied without a write', async () => {
    const r = await remediation('rejected', { plans: [ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.executeUpdate('rejectRemediation', { args: [{ by: 'bob', reason: 'not now' }] });
    });
    expect(r.result).toMatchObject({ outcome: 'denied', reason: 'rejected by bob: not now' });
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('that nobody gives expires', async () => {
    const r = await remediation('expired', { plans: [ask()] });
    expect(r.result).toMatchObject({ outcome: 'expired' });
    expect(r.named('apply:')).toHaveLength(0);
    expect(r.named('notify').map((c: any) => c.input.kind)).toEqual(['approval_requested', 'closed']);
  });

  it('is pointless once the alert has resolved: no write happens', async () => {
    const r = await remediation('resolved-while-waiting', { plans: [ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('signalReceived', signalOf({ status: 'resolved', endsAt: '2026-11-20T10:05:00.000Z' }));
    });
    expect(r.result.outcome).toBe('already_resolved');
    expect(r.named('apply:')).toHaveLength(0);
  });
});

describe('an action that does not help', () => {
  const harmful = seen({ isConditionGone: false, sideEffects: ['2 pods crash that did not before'], readyNow: 0, readyBefore: 1 });
  const useless = seen({ isConditionGone: false, readyNow: 0 });

  it('is undone when it harms, and the next rung is tried', async () => {
    const r = await remediation('ladder', { plans: [planAnswer(scale), planAnswer(rollback)], observations: [harmful, seen()] });
    expect(r.calls.filter((c) => /apply|undo/.test(c.name)).map((c) => c.name)).toEqual(['apply:scale_deployment', 'undo:scale_deployment', 'apply:rollback_deployment']);
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.plan.steps.map((s: any) => s.status)).toEqual(['undone', 'applied']);
  });

  it('ends rolled_back when there is nothing else to try', async () => {
    const r = await remediation('rolled-back', { plans: [planAnswer(scale), concluded('notified', 'no other candidate')], observations: [harmful] });
    expect(r.result.outcome).toBe('rolled_back');
    expect(r.phases).toContain('rolling_back');
  });

  it('is given until the second horizon when it only does not show yet', async () => {
    const r = await remediation('late-undo', { plans: [planAnswer(scale), concluded('notified')], observations: [useless] });
    expect(r.doc.assessments.map((a: any) => a.verdict)).toEqual(['ineffective', 'ineffective', undefined]);
    expect(r.result.outcome).toBe('rolled_back');
  });

  it('is no_effect when it cannot be undone', async () => {
    const restart = stepOf('restart_pod', { undo: { kind: 'none', why: 'the controller recreates the pod' } });
    const r = await remediation('no-effect', { plans: [planAnswer(restart), concluded('notified')], observations: [useless] });
    expect(r.result.outcome).toBe('no_effect');
    expect(r.named('undo:')).toHaveLength(0);
  });

  it('goes to a person when somebody changed the object since', async () => {
    const drifted = { plans: [planAnswer(scale)], observations: [harmful], act: ({ mode }: { mode: string }) => {
      if (mode === 'undo') throw ApplicationFailure.nonRetryable('spec.replicas is 7, we wrote 4', 'Drifted');
      return { status: 'applied' as const, detail: 'ok' };
    } };
    const r = await remediation('drifted', drifted);
    expect(r.result).toMatchObject({ outcome: 'escalated', reason: expect.stringContaining('spec.replicas is 7') });
  });

  it('that never takes hold is undone', async () => {
    const stuck = { plans: [planAnswer(scale), concluded('notified')], act: ({ mode }: { mode: string }) => {
      if (mode === 'apply') throw ApplicationFailure.nonRetryable('1/4 available after 60 s', 'ConvergeFailed');
      return { status: 'applied' as const, detail: 'back to 2' };
    } };
    const r = await remediation('converge-failed', stuck);
    expect(r.result.outcome).toBe('rolled_back');
  });
});

describe('other endings', () => {
  it('improved when more is ready than before but the condition stays', async () => {
    const r = await remediation('improved', { plans: [planAnswer(scale)], observations: [seen({ isConditionGone: false, readyBefore: 0, readyNow: 1 })] });
    expect(r.result.outcome).toBe('improved');
  });

  it('inconclusive when the effect cannot be read', async () => {
    const blind = ApplicationFailure.nonRetryable('metrics are gone', 'K8sUnavailable');
    const r = await remediation('inconclusive', { plans: [planAnswer(scale)], observations: [seen({ isConditionGone: undefined, isAlertFiring: true }), blind, blind] });
    expect(r.result.outcome).toBe('inconclusive');
  });

  it('failed when the action is refused by the cluster, saying why', async () => {
    const r = await remediation('forbidden', { plans: [planAnswer(scale)], act: () => { throw ApplicationFailure.nonRetryable('the executor may not update deployments/scale in shop', 'Forbidden'); } });
    expect(r.result).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('may not update') });
    expect(r.named('undo:')).toHaveLength(0);
  });

  it('denied when the kill switch is on at the write', async () => {
    const r = await remediation('paused', { plans: [planAnswer(scale)], act: () => { throw ApplicationFailure.nonRetryable('paused by ann', 'Paused'); } });
    expect(r.result.outcome).toBe('denied');
  });

  it('plans anew when the object moved, and escalates when it keeps moving', async () => {
    let moved = 0;
    const once = { plans: [planAnswer(scale)], act: () => {
      if (moved++ === 0) throw ApplicationFailure.nonRetryable('spec.replicas is 3', 'PreconditionChanged');
      return { status: 'applied' as const, detail: 'ok' };
    } };
    const r = await remediation('replanned', once);
    expect(r.result.outcome).toBe('fixed');
    const always = await remediation('keeps-moving', { plans: [planAnswer(scale)], act: () => { throw ApplicationFailure.nonRetryable('spec.replicas is 3', 'PreconditionChanged'); } });
    expect(always.result.outcome).toBe('escalated');
    expect(always.named('apply:')).toHaveLength(3);
  });
});

describe('people stop it', () => {
  it('cancel signal undoes what was applied and ends cancelled', async () => {
    const r = await remediation('cancel-signal', { plans: [planAnswer(scale)] }, async (h) => {
      await until(h, 'verifying');
      await h.signal('cancel', { by: 'ann', reason: 'deploying' });
    });
    expect(r.result).toMatchObject({ outcome: 'cancelled', reason: 'cancelled by ann: deploying; 1 step(s) undone' });
    expect(r.named('undo:')).toHaveLength(1);
  });

  it('workflow cancel undoes too and shows as Canceled', async () => {
    const r = await remediation('workflow-cancel', { plans: [planAnswer(scale)] }, async (h) => {
      await until(h, 'verifying');
      await h.cancel();
    });
    expect(r.result).toBeInstanceOf(WorkflowFailedError);
    expect(r.doc.outcome).toBe('cancelled');
    expect((await r.handle.describe()).status.name).toBe('CANCELLED');
    expect(r.named('undo:')).toHaveLength(1);
  });

  it('undo while verifying rolls back', async () => {
    const r = await remediation('undo-signal', { plans: [planAnswer(scale)] }, async (h) => {
      await until(h, 'verifying');
      await h.signal('undo', { by: 'ann' });
    });
    expect(r.result).toMatchObject({ outcome: 'rolled_back', reason: 'undone on request of ann' });
  });
});

describe('signals that join', () => {
  it('keep separate problems, ignore repeats and count refires', async () => {
    const r = await remediation('joined', { plans: [ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('signalReceived', signalOf());
      await h.signal('signalReceived', signalOf({ fingerprint: 'f2', alert: 'KubePodNotReady', severity: 'warning' }));
      await h.signal('signalReceived', signalOf({ fingerprint: 'f2', alert: 'KubePodNotReady', status: 'resolved' }));
      await h.signal('signalReceived', signalOf({ fingerprint: 'f2', alert: 'KubePodNotReady', startsAt: '2026-11-20T11:00:00.000Z' }));
      await h.signal('approve', { by: 'ann' });
    });
    expect(r.doc.problems.map((p: any) => [p.alert, p.status])).toEqual([['KubePodCrashLooping', 'firing'], ['KubePodNotReady', 'firing']]);
    expect(r.doc.timeline.map((t: any) => t.text)).toEqual(expect.arrayContaining(['joined by KubePodNotReady', 'KubePodNotReady resolved', 'KubePodNotReady fires again']));
  });

  it('resolve every problem at once with a bare `resolved`', async () => {
    const r = await remediation('resolved-signal', { plans: [ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('resolved');
    });
    expect(r.result.outcome).toBe('already_resolved');
  });
});

it('a channel that stays down does not change the outcome', async () => {
  const r = await remediation('channel-down', { plans: [concluded('no_action_needed')], notify: () => Promise.reject(ApplicationFailure.nonRetryable('no such channel', 'ChannelRejected')) }, undefined, { channels: ['slack'] });
  expect(r.result.outcome).toBe('no_action_needed');
});
