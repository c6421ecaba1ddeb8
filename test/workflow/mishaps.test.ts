import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import type { PlanAnswer } from '../../src/activities/contract.js';
import { remediationIdOf } from '../../src/domain/target.js';
import { remediations } from '../support/remediation-runs.js';
import { concluded, planAnswer, seen, signalOf, stepOf } from '../support/scripted-activities.js';

const { remediation, until, start, stop } = remediations();
beforeAll(start, 120_000);
afterAll(stop);

const scale = stepOf('scale_deployment');
const ask: PlanAnswer = planAnswer(scale, { verdict: { decision: 'ask', findings: [] } });
const down = () => { throw ApplicationFailure.retryable('connection refused', 'StoreUnavailable'); };
const other = signalOf({ fingerprint: 'f9', alert: 'KubeHpaMaxedOut', severity: 'warning', startsAt: '2026-11-20T10:30:00.000Z' });

/** A local activity that waits would hold the workflow task, and with it every signal. */
const apart = { isCoLocated: false };

/** Something an activity waits for, released by the test. */
function gate(): { wait: Promise<void>; open(): void } {
  let open!: () => void;
  const wait = new Promise<void>((resolve) => (open = resolve));
  return { wait, open };
}

const textsOf = (doc: any): string[] => doc.timeline.map((t: any) => t.text);

describe('a problem that arrives while the remediation closes', () => {
  it('is looked at by a remediation of its own, and so is not lost', async () => {
    const closing = gate();
    const late = { plans: [concluded('no_action_needed'), concluded('notified', 'a person must look')], record: async () => closing.wait };
    const r = await remediation('late-signal', late, async (h) => {
      await until(h, 'closed');
      await h.signal('signalReceived', other);
      closing.open();
    }, apart);
    const id = remediationIdOf(r.doc.workflow_id, other);
    expect(r.result).toEqual({ remediationId: id, outcome: 'notified', reason: 'a person must look' });
    expect(r.doc.problems).toMatchObject([{ fingerprint: 'f9', alert: 'KubeHpaMaxedOut', status: 'firing' }]);
    expect(r.doc.timeline[0].text).toContain(`after ${r.input.remediationId}`);
    expect(r.saved.map((s: any) => [s.remediation.id, s.remediation.phase])).toEqual([[r.input.remediationId, 'closed'], [id, 'received'], [id, 'closed']]);
  });

  it('does not wait an hour for a channel that is down', async () => {
    const slow = { plans: [concluded('no_action_needed')], notify: () => { throw ApplicationFailure.retryable('503', 'ChannelUnavailable'); } };
    const r = await remediation('late-signal-channel-down', slow, async (h) => {
      await until(h, 'closed');
      await h.signal('signalReceived', other);
    }, { channels: ['slack'] });
    expect(r.result.remediationId).toBe(remediationIdOf(r.doc.workflow_id, other));
  });

  it.each([
    ['a repeat of the same alert', signalOf()],
    ['a resolve', signalOf({ status: 'resolved' })],
    ['an older occurrence', signalOf({ startsAt: '2026-11-19T10:00:00.000Z' })],
  ])('starts nothing when it is %s', async (_what, signal) => {
    const closing = gate();
    const r = await remediation('late-repeat', { plans: [concluded('no_action_needed')], record: async () => closing.wait }, async (h) => {
      await until(h, 'closed');
      await h.signal('signalReceived', signal);
      closing.open();
    }, apart);
    expect(r.result.remediationId).toBe(r.input.remediationId);
  });
});

describe('a problem that joins after the cluster was read', () => {
  const joining = (signals: object[]) => async (h: WorkflowHandle) => {
    await until(h, 'verifying');
    for (const s of signals) await h.signal('signalReceived', s);
  };

  it('and still fires when the first is fixed is looked at next', async () => {
    const r = await remediation('unserved', { plans: [planAnswer(scale), concluded('no_action_needed')] }, joining([other]));
    expect(r.saved.map((s: any) => s.remediation.outcome).filter(Boolean)).toEqual(['fixed', 'no_action_needed']);
  });

  it('and resolves by itself is part of what was fixed', async () => {
    const r = await remediation('unserved-resolved', { plans: [planAnswer(scale)] }, joining([other, { ...other, status: 'resolved', endsAt: '2026-11-20T10:40:00.000Z' }]));
    expect(r.result).toMatchObject({ remediationId: r.input.remediationId, outcome: 'fixed' });
  });
});

describe('messages that were mistyped', () => {
  it.each([
    ['approve', { plan: 12_345_678 }], ['approve', 5], ['approve', { by: { name: 'x' }, plan: ['a'] }], ['reject', { plan: { a: 1 }, by: 7, reason: [] , x: null }],
    ['signalReceived', {}], ['signalReceived', 'hello'], ['signalReceived', { fingerprint: 'x', startsAt: 'y', status: 'firing', severity: 9, labels: 'no' }],
    ['resolved', 'no-such-fingerprint'], ['undo', 3],
  ])('%s %j does not stop the remediation', async (name, input) => {
    const r = await remediation('mistyped', { plans: [planAnswer(scale)] }, async (h) => {
      await until(h, 'verifying');
      await h.signal(name, input);
    });
    expect(['fixed', 'rolled_back', 'no_action_needed']).toContain(r.result.outcome);
  });

  it('without any input are understood or ignored', async () => {
    const r = await remediation('no-input', { plans: [ask] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('signalReceived');
      await expect(h.executeUpdate('approveRemediation', { args: [{ plan: 999_999_999 }] as never })).rejects.toThrow();
      await h.signal('approve', { plan: 1_234_567 });
      expect(textsOf(await h.query('status')).join()).toMatch(/a signal was ignored.*approve ignored: the plan/);
      await h.signal('cancel');
    });
    expect(r.result.outcome).toBe('cancelled');
  });
});

describe('a database that is down', () => {
  it('for ten minutes loses nothing: the remediation waits and goes on', async () => {
    let refused = 0;
    const r = await remediation('store-down', { plans: [planAnswer(scale)], record: () => (refused++ < 25 ? down() : undefined) });
    expect(r.result.outcome).toBe('fixed');
    expect(r.saved.map((s: any) => s.remediation.phase)).toEqual(['executing', 'verifying', 'closed']);
    expect(r.events).toBeLessThan(60);
  });

  it('for good, ends with its outcome all the same', async () => {
    const r = await remediation('store-gone', { plans: [concluded('no_action_needed')], record: () => { throw ApplicationFailure.nonRetryable('no such table', 'Internal'); } });
    expect(r.result.outcome).toBe('no_action_needed');
    expect(textsOf(r.doc)).toContain('could not be recorded: no such table');
    expect(r.named('notify')).toHaveLength(1);
  });
});

describe('a cluster that does not answer', () => {
  const unreachable = () => { throw ApplicationFailure.retryable('the API server does not answer', 'K8sUnavailable'); };

  it('while it is read ends failed after half an hour, saying so', async () => {
    const r = await remediation('cluster-down', { plans: [concluded('no_action_needed')], enrich: unreachable });
    expect(r.result).toMatchObject({ outcome: 'failed', reason: 'could not go on while enriching: the API server does not answer' });
    expect(r.doc.phase).toBe('closed');
    expect(r.saved).toHaveLength(1);
  });

  it('at the write ends failed and says what of it could not be taken back', async () => {
    const r = await remediation('cluster-down-write', { plans: [planAnswer(scale)], act: unreachable });
    expect(r.result.outcome).toBe('failed');
    expect(r.result.reason).toMatch(/does not answer; undo failed, a person must look/);
  });

  it('when the effect is judged is inconclusive, never fixed', async () => {
    const blind = ApplicationFailure.retryable('the watch cache is out of step', 'K8sUnavailable');
    const r = await remediation('cluster-down-assess', { plans: [planAnswer(scale)], observations: [seen(), blind] });
    expect(r.result.outcome).toBe('inconclusive');
  });
});

describe('people who are told late', () => {
  it('do not hold a decision made elsewhere', async () => {
    const stuck = { plans: [ask], notify: async ({ kind }: any) => { if (kind === 'approval_requested') throw ApplicationFailure.retryable('503', 'ChannelUnavailable'); } };
    const r = await remediation('approved-while-channel-down', stuck, async (h) => {
      await until(h, 'awaiting_approval');
      await h.executeUpdate('approveRemediation', { args: [{ by: 'ann' }] });
      await until(h, 'verifying');
    }, { channels: ['slack'] });
    expect(r.result.outcome).toBe('fixed');
  });

  it('do not hold the expiry', async () => {
    const stuck = { plans: [ask], notify: async ({ kind }: any) => { if (kind === 'approval_requested') throw ApplicationFailure.retryable('503', 'ChannelUnavailable'); } };
    const r = await remediation('expired-while-channel-down', { ...stuck, plans: [{ ...ask, approvalTimeoutMs: 60_000 } as PlanAnswer] }, undefined, { channels: ['slack'] });
    expect(r.result.outcome).toBe('expired');
    expect(Date.parse(r.doc.approval.at) - Date.parse(r.doc.approval.expires_at)).toBeLessThan(5_000);
  });
});

describe('cancel and undo at the edges', () => {
  it('cancel while it closes changes nothing and the end is recorded', async () => {
    const closing = gate();
    const r = await remediation('cancel-closing', { plans: [concluded('no_action_needed')], record: async () => closing.wait }, async (h) => {
      await until(h, 'closed');
      await h.signal('cancel', { by: 'ann' });
      await h.cancel();
      closing.open();
    }, apart);
    expect(r.doc.outcome).toBe('no_action_needed');
    expect(r.saved).toMatchObject([{ remediation: { outcome: 'no_action_needed' } }]);
    expect(r.named('notify')).toHaveLength(1);
  });

  it('cancel while it waits for approval ends cancelled without a write', async () => {
    const r = await remediation('cancel-awaiting', { plans: [ask] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('cancel', { by: 'ann' });
    });
    expect(r.result).toMatchObject({ outcome: 'cancelled', reason: 'cancelled by ann' });
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('cancel while an action runs waits for it, then undoes it', async () => {
    const acting = gate();
    const begun = gate();
    const slow = { plans: [planAnswer(scale)], act: async ({ mode }: any) => {
      if (mode === 'apply') { begun.open(); await acting.wait; }
      return { status: 'applied' as const, detail: 'ok' };
    } };
    const r = await remediation('cancel-executing', slow, async (h) => {
      await begun.wait;
      await h.signal('cancel', { by: 'ann' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      acting.open();
    });
    expect(r.result).toMatchObject({ outcome: 'cancelled', reason: 'cancelled by ann; 1 step(s) undone' });
    expect(r.calls.filter((c) => /apply|undo/.test(c.name)).map((c) => c.name)).toEqual(['apply:scale_deployment', 'undo:scale_deployment']);
  });

  it('undo before anything is applied is not kept for later', async () => {
    const r = await remediation('undo-early', { plans: [ask] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('undo', { by: 'ann' });
      await h.executeUpdate('approveRemediation', { args: [{ by: 'bob' }] });
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.named('undo:')).toHaveLength(0);
  });

  it('undo while the last horizon is judged is done', async () => {
    let nth = 0;
    const r = await remediation('undo-last', { plans: [planAnswer(scale)] }, async (h, script) => {
      const assess = script.activities.assess;
      script.activities.assess = async (input) => {
        if (++nth === 3) await h.signal('undo', { by: 'ann' });
        return assess(input);
      };
    }, apart);
    expect(r.result).toMatchObject({ outcome: 'rolled_back', reason: 'undone on request of ann' });
  });
});
