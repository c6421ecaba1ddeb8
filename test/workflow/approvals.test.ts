import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlanAnswer } from '../../src/activities/contract.js';
import { planHash, type SafetyFinding, type Step } from '../../src/domain/plan.js';
import { ApplicationFailure } from '@temporalio/common';
import { remediations } from '../support/remediation-runs.js';
import { concluded, planAnswer, signalOf, stepOf } from '../support/scripted-activities.js';

const { remediation, until, start, stop } = remediations();
beforeAll(start, 120_000);
afterAll(stop);

const MINUTE = 60_000;
const scale = stepOf('scale_deployment', { parameters: { replicas: 4 }, summary: 'scale deployment shop/api 2 → 4' });
const scaleMore = stepOf('scale_deployment', {
  parameters: { replicas: 6 }, summary: 'scale deployment shop/api 2 → 6',
  changes: [{ op: 'scale', ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' }, uid: 'u-1', before: 2, after: 6 }],
});
const rollback = stepOf('rollback_deployment', { summary: 'roll deployment shop/api back' });
const asksFor = { check: 'autonomy', reason: 'approval_required', message: 'the policy asks for approval', severity: 'ask' } as const;
const other = { key: 'rollback_deployment:shop/api', action: 'rollback_deployment', target: 'deployment shop/api', parameters: {}, summary: 'roll deployment shop/api back', confidence: 0.7, source: 'rules', tier: 1 } as const;

/** A local activity that waits would hold the workflow task, and with it every query. */
const QUEUED = { isCoLocated: false };

type Plan = Extract<PlanAnswer, { kind: 'plan' }>;
const ask = (step: Step = scale, more: Partial<Plan> = {}, findings: SafetyFinding[] = [asksFor]): PlanAnswer =>
  planAnswer(step, { verdict: { decision: 'ask', findings }, alternatives: [other], ...more });
const refused = (reason: string, check?: string): PlanAnswer => ({
  kind: 'refused', reason, analysis: { source: 'rules', cause: 'bad_rollout.crash', confidence: 0.9, reasoning: 'it crashes' },
  ...(check ? { verdict: { decision: 'deny' as const, findings: [{ check, reason: 'namespace_protected', message: reason, severity: 'deny' as const }] } } : {}),
});
const approve = (input: object = { by: 'ann' }): ['approveRemediation', { args: [object] }] => ['approveRemediation', { args: [input] }];
const told = (calls: { name: string; input: any }[]) => calls.filter((c) => c.name === 'notify').map((c) => [c.input.channel, c.input.kind, c.input.occasion].filter(Boolean).join(' '));

/** Until people are asked for the nth time. */
async function untilRound(h: any, round: number): Promise<any> {
  for (;;) {
    const doc = await until(h, 'awaiting_approval');
    if (doc.approval.round === round && doc.approval.state === 'pending') return doc;
  }
}

describe('an approved plan', () => {
  it('is made again from a new reading, as of the same time, before it runs', async () => {
    const r = await remediation('revalidated', { plans: [ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.executeUpdate(...approve());
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.named('enrich')).toHaveLength(2);
    expect(r.named('makePlan')[1]!.input).toMatchObject({ pick: { key: 'scale_deployment:shop/api' }, pinnedAt: '2026-11-20T10:00:02.000Z', tried: [], rung: 0 });
    expect(r.phases).toEqual(['received', 'enriching', 'analyzing', 'planning', 'validating', 'awaiting_approval', 'validating', 'executing', 'verifying', 'closed']);
    expect(r.doc.approval).toMatchObject({ state: 'approved', by: 'ann', via: 'claim', plan: planHash([scale]), round: 1 });
    expect(told(r.calls)).toEqual(['log approval_requested', 'log approval_decided 1', 'log closed']);
  });

  it('that is another one by now goes back with what is different, and the new one is what runs', async () => {
    const r = await remediation('asked-again', { plans: [ask(), ask(scaleMore)] }, async (h) => {
      const first = await until(h, 'awaiting_approval');
      await h.executeUpdate(...approve());
      const doc = await untilRound(h, 2);
      expect(doc.approval).toMatchObject({ why: expect.stringContaining('replicas: 4 → 6'), diff: { from: planHash([scale]), to: planHash([scaleMore]) } });
      expect(doc.approval.diff.changes).toEqual(expect.arrayContaining([
        { what: 'parameter', where: 'replicas', from: '4', to: '6', text: 'replicas: 4 → 6' },
        { what: 'write', where: 'spec.replicas', from: '2 → 4', to: '2 → 6', text: 'spec.replicas: 2 → 4 → 2 → 6' },
      ]));
      await expect(h.executeUpdate(...approve({ by: 'ann', plan: first.plan.hash.slice(0, 10) }))).rejects.toMatchObject({ cause: { message: expect.stringContaining('is now') } });
      await h.executeUpdate(...approve({ by: 'ann', plan: doc.plan.hash }));
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.named('apply:').map((c: any) => c.input.step.parameters)).toEqual([{ replicas: 6 }]);
    expect(told(r.calls)).toEqual(expect.arrayContaining(['log approval_requested', 'log approval_requested 2']));
  });

  it.each<[string, Partial<Plan>, SafetyFinding[], string]>([
    ['for another reason', { analysis: { source: 'rules', cause: 'oom.limit_lowered', confidence: 0.9, reasoning: 'x' } }, [asksFor], 'oom.limit_lowered'],
    ['against which another check speaks', {}, [asksFor, { check: 'model_only', reason: 'model_only', message: 'a model alone', severity: 'ask' }], 'a model alone'],
  ])('that is the same %s goes back as well', async (_what, more, findings, said) => {
    const r = await remediation('asked-again-why', { plans: [ask(), ask(scale, more, findings)] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('approve');
      const doc = await untilRound(h, 2);
      expect(doc.approval.why).toContain(said);
      await h.signal('reject', { by: 'bob' });
    });
    expect(r.result).toMatchObject({ outcome: 'denied', reason: 'rejected by bob' });
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('that another alert joined, and of which a check fell silent, still holds', async () => {
    const quiet = ask(scale, {}, [asksFor]);
    const r = await remediation('still-holds', { plans: [ask(scale, {}, [asksFor, { check: 'x', reason: 'y', message: 'z', severity: 'ask' }]), quiet] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('signalReceived', signalOf({ fingerprint: 'f2', alert: 'KubePodNotReady' }));
      await h.signal('approve');
    });
    expect(r.result.outcome).toBe('fixed');
  });

  it('that policy forbids by now is denied with the rule, without a write', async () => {
    const r = await remediation('denied-later', { plans: [ask(), refused('namespace shop is protected since', 'protected')] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('approve');
    });
    expect(r.result).toMatchObject({ outcome: 'denied', reason: 'namespace shop is protected since' });
    expect(r.doc.verdict.findings[0]).toMatchObject({ check: 'protected', severity: 'deny' });
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('whose trouble is gone by now ends without a write', async () => {
    const r = await remediation('gone-later', { plans: [ask(), refused('no candidate any more'), concluded('no_action_needed')] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('approve');
    });
    expect(r.result.outcome).toBe('no_action_needed');
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('whose object is moving is looked at again, and still runs', async () => {
    const moving: PlanAnswer = { kind: 'wait', reason: 'still rolling out', analysis: { source: 'rules', cause: 'bad_rollout.crash', confidence: 0.9, reasoning: 'x' } };
    const r = await remediation('moving-later', { plans: [ask(), moving, ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('approve');
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.approval).toMatchObject({ state: 'approved', round: 1 });
  });

  it('that changes under every answer ends with a person, after three questions', async () => {
    const plans = [1, 2, 3, 4].map((replicas) => ask(stepOf('scale_deployment', { parameters: { replicas } })));
    const r = await remediation('keeps-changing', { plans }, async (h) => {
      for (const round of [1, 2, 3]) {
        await untilRound(h, round);
        await h.executeUpdate(...approve());
      }
    });
    expect(r.result).toMatchObject({ outcome: 'escalated', reason: expect.stringContaining('asked 3 times') });
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('that met a moved object at the write is shown anew with the difference', async () => {
    let moved = 0;
    const act = () => {
      if (moved++ === 0) throw ApplicationFailure.nonRetryable('spec.replicas is 3', 'PreconditionChanged');
      return { status: 'applied' as const, detail: 'ok' };
    };
    const r = await remediation('moved-at-write', { plans: [ask(), ask(), ask(scaleMore)], act }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('approve', { by: 'ann' });
      const doc = await untilRound(h, 2);
      expect(doc.approval).toMatchObject({ why: 'spec.replicas is 3', diff: { changes: expect.arrayContaining([expect.objectContaining({ text: 'replicas: 4 → 6' })]) } });
      await h.signal('approve', { by: 'ann' });
    });
    expect(r.result.outcome).toBe('fixed');
  });
});

describe('a pick', () => {
  it('of another candidate is planned, checked, recorded, and runs without a second question', async () => {
    const r = await remediation('picked', { plans: [ask(), ask(rollback, { key: other.key })] }, async (h) => {
      const doc = await until(h, 'awaiting_approval');
      const reply = await h.executeUpdate<any, any>(...approve({ by: 'ann', plan: doc.plan.hash, candidate: 2, reason: 'scaling hides it' }));
      expect(reply).toMatchObject({ accepted: true, picked: other.key, planHash: planHash([rollback]) });
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.named('makePlan')[1]!.input).toMatchObject({ pick: { key: other.key } });
    expect(r.named('apply:').map((c) => c.name)).toEqual(['apply:rollback_deployment']);
    expect(r.doc.approval).toMatchObject({ state: 'approved', by: 'ann', reason: 'scaling hides it', plan: planHash([rollback]), picked: { key: other.key, by: 'ann', from: planHash([scale]) } });
    expect(r.doc.timeline.map((t: any) => t.text)).toContainEqual(expect.stringContaining(`ann picked ${other.key}`));
    expect(told(r.calls).filter((t) => t.includes('approval_requested'))).toHaveLength(1);
  });

  it('by its key, by signal, with parameters', async () => {
    const r = await remediation('picked-parameters', { plans: [ask(), ask(scaleMore)] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.signal('approve', { by: 'ann', candidate: 'scale_deployment:shop/api', parameters: { replicas: 6 } });
    });
    expect(r.named('makePlan')[1]!.input).toMatchObject({ pick: { key: 'scale_deployment:shop/api', parameters: { replicas: 6 } } });
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.approval.picked).toMatchObject({ parameters: { replicas: 6 }, by: 'ann' });
    expect(r.named('apply:').map((c: any) => c.input.step.parameters)).toEqual([{ replicas: 6 }]);
  });

  it.each([['1', '1'], ['its own key', 'scale_deployment:shop/api']])('of the plan itself (%s) is a plain approval', async (_what, candidate) => {
    const r = await remediation('picked-itself', { plans: [ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await h.executeUpdate(...approve({ by: 'ann', candidate }));
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.approval.picked).toBeUndefined();
  });

  it('that cannot be done is told as the answer, and the old plan still waits', async () => {
    const r = await remediation('picked-denied', { plans: [ask(), refused('the policy forbids it', 'autonomy'), ask()] }, async (h) => {
      const doc = await until(h, 'awaiting_approval');
      await expect(h.executeUpdate(...approve({ by: 'ann', candidate: 2 }))).rejects.toMatchObject({ cause: { message: expect.stringContaining('the policy forbids it') } });
      const still = await until(h, 'awaiting_approval');
      expect([still.plan.hash, still.approval.expires_at, still.verdict.decision]).toEqual([doc.plan.hash, doc.approval.expires_at, 'ask']);
      await h.executeUpdate(...approve());
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.named('apply:').map((c) => c.name)).toEqual(['apply:scale_deployment']);
  });

  it('of what the list could not show is shown in full before it runs', async () => {
    const heavy = stepOf('rollback_deployment', { tier: 3, summary: 'roll deployment shop/api back' });
    const r = await remediation('picked-hard', { plans: [ask(), ask(heavy, { key: other.key })] }, async (h) => {
      await until(h, 'awaiting_approval');
      const reply = await h.executeUpdate<any, any>(...approve({ by: 'ann', candidate: 2 }));
      expect(reply).toMatchObject({ picked: other.key, waits: expect.stringContaining('tier 3') });
      const doc = await untilRound(h, 2);
      expect(doc.approval).toMatchObject({ state: 'pending', picked: { key: other.key, by: 'ann' }, why: expect.stringContaining('tier 3') });
      expect(doc.plan.hash).toBe(reply.planHash);
      await h.executeUpdate(...approve({ by: 'ann', plan: reply.planHash }));
    });
    expect(r.result.outcome).toBe('fixed');
    expect(r.named('apply:').map((c) => c.name)).toEqual(['apply:rollback_deployment']);
  });

  it.each<[string, object, string]>([
    ['a candidate that is not listed', { candidate: 9 }, 'choose 1 (the plan itself), 2 (rollback_deployment:shop/api)'],
    ['a candidate that is a thing', { candidate: { key: 'x' } }, 'number or the key'],
    ['parameters that are no object', { parameters: 'replicas=9' }, 'object of names and values'],
    ['parameters without end', { parameters: { x: 'y'.repeat(5000) } }, 'too long'],
  ])('of %s is refused at once, and nothing is read for it', async (_what, input, said) => {
    const r = await remediation('picked-nonsense', { plans: [ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await expect(h.executeUpdate(...approve({ by: 'ann', ...input }))).rejects.toMatchObject({ cause: { message: expect.stringContaining(said) } });
      await h.signal('approve', input);
      await h.signal('reject');
    });
    expect(r.result.outcome).toBe('denied');
    expect(r.named('makePlan')).toHaveLength(1);
  });

  it('that is overtaken by a rejection runs nothing, and who picked hears it', async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    let looks = 0;
    const enrich = () => (++looks === 2 ? gate : undefined);
    const r = await remediation('picked-rejected', { plans: [ask(), ask(rollback, { key: other.key })], enrich }, async (h) => {
      await until(h, 'awaiting_approval');
      const pick = h.executeUpdate(...approve({ by: 'ann', candidate: 2 })).catch((error: unknown) => error);
      const isPicking = async () => ((await h.query<any>('timeline')) as { text: string }[]).some((t) => t.text.startsWith('ann picks'));
      while (!(await isPicking()));
      await expect(h.executeUpdate(...approve({ by: 'cat' }))).rejects.toMatchObject({ cause: { message: expect.stringContaining('is being planned') } });
      await h.executeUpdate('rejectRemediation', { args: [{ by: 'bob' }] });
      go();
      expect(await pick).toMatchObject({ cause: { message: expect.stringContaining('rejected meanwhile by bob') } });
    }, QUEUED);
    expect(r.result).toMatchObject({ outcome: 'denied', reason: 'rejected by bob' });
    expect(r.named('apply:')).toHaveLength(0);
  });
});

describe('while a plan waits', () => {
  const asking = { remindAfterMs: [15 * MINUTE, 45 * MINUTE], escalateAfterMs: 30 * MINUTE, escalateTo: ['email'] };

  it('people are reminded, then others are told, then it expires: silence is never consent', async () => {
    const r = await remediation('reminded', { plans: [ask(scale, { asking })] });
    expect(r.result).toMatchObject({ outcome: 'expired', reason: 'nobody decided within 1h' });
    expect(told(r.calls)).toEqual(['log approval_requested', 'log approval_reminder 1.1', 'email approval_escalated 1', 'log approval_reminder 1.2', 'log closed']);
    expect(r.doc.approval).toMatchObject({ state: 'expired', reminders: 2, escalated_to: ['email'] });
    expect(r.named('apply:')).toHaveLength(0);
  });

  it('nothing is sent that is due after the end', async () => {
    const r = await remediation('reminded-late', { plans: [ask(scale, { asking, approvalTimeoutMs: 10 * MINUTE })] });
    expect(told(r.calls)).toEqual(['log approval_requested', 'log closed']);
  });

  it('a channel that is down holds no reminder and no decision', async () => {
    const notify = () => Promise.reject(ApplicationFailure.nonRetryable('gone', 'ChannelRejected'));
    const r = await remediation('reminded-down', { plans: [ask(scale, { asking })], notify });
    expect(r.result.outcome).toBe('expired');
    expect(r.doc.approval.reminders).toBe(2);
  });

  it('of two decisions at the same moment the first counts', async () => {
    const r = await remediation('raced', { plans: [ask()] }, async (h) => {
      await until(h, 'awaiting_approval');
      await Promise.allSettled([h.signal('reject', { by: 'bob' }), h.signal('approve', { by: 'ann' }), h.executeUpdate(...approve({ by: 'cat' }))]);
    });
    const who = r.doc.approval.by;
    expect(r.result.outcome).toBe(who === 'bob' ? 'denied' : 'fixed');
    expect(r.named('apply:')).toHaveLength(who === 'bob' ? 0 : 1);
    expect(r.doc.timeline.filter((t: any) => /^(approved|rejected) by/.test(t.text))).toHaveLength(1);
  });

  it('who may approve is shown, and the plan lists the other ways', async () => {
    const r = await remediation('listed', { plans: [ask(scale, { asking: { remindAfterMs: [], approvers: ['group:sre'] } })] }, async (h) => {
      const doc = await until(h, 'awaiting_approval');
      expect(doc.approval).toMatchObject({ approvers: ['group:sre'], alternatives: [other] });
      await h.signal('reject', { by: 'bob', reason: 'release' });
    });
    expect(r.doc.approval).toMatchObject({ state: 'rejected', by: 'bob', via: 'claim', reason: 'release' });
  });
});
