import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import type { PlanAnswer, StepReply, StepRequest } from '../../src/activities/contract.js';
import { planHash, type Step } from '../../src/domain/plan.js';
import { remediations, type Script } from '../support/remediation-runs.js';
import { concluded, planAnswer, seen, stepOf } from '../support/scripted-activities.js';
import { devServer } from '../support/workflow-env.js';

// A real server: siblings are cancelled while they end, and timers outlive their parent, which the time-skipping one does not play well.
const { remediation: run, until, env, start, stop } = remediations(devServer);
beforeAll(start, 120_000);
afterAll(stop, 30_000);

const SOON = [{ name: '1s', afterMs: 300 }, { name: '2s', afterMs: 3000 }];
const remediation = (name: string, script: Script, tell?: Parameters<typeof run>[2]) => run(name, script, tell, { horizons: SOON });

const refused = (type: string) => ApplicationFailure.nonRetryable(`${type} it says`, type);
const plan = (steps: Step[], more: Partial<Extract<PlanAnswer, { kind: 'plan' }>> = {}): PlanAnswer =>
  planAnswer(steps[0]!, { plan: { hash: planHash(steps), steps, source: 'rules', confidence: 0.9, madeAt: '2026-11-20T10:00:02.000Z' }, ...more });

/** 0 → 1 → 3, 0 → 2 → 3 */
const diamond = [
  stepOf('scale_deployment', { ordinal: 0 }),
  stepOf('restart_pod', { ordinal: 1, needs: [0] }),
  stepOf('rollback_deployment', { ordinal: 2, needs: [0] }),
  stepOf('scale_deployment', { ordinal: 3, needs: [1, 2] }),
];
const ordinals = (calls: { input: unknown }[]) => calls.map((c) => (c.input as StepRequest).step.ordinal);
const harmful = seen({ isConditionGone: false, readyNow: 0, readyBefore: 2, sideEffects: ['pod web-1 crashes'] });
const applied: StepReply = { status: 'applied', detail: 'done' };

describe('a plan of several steps', () => {
  it('starts a step when all that it needs is applied, and independent ones side by side', async () => {
    const both: (() => void)[] = [];
    const act = async ({ step }: StepRequest): Promise<StepReply> => {
      // each waits for the other: one after the other they would never end
      if (step.needs?.length === 1) await new Promise<void>((r) => (both.push(r), both.length === 2 ? both.forEach((go) => go()) : undefined));
      return applied;
    };
    const r = await remediation('graph', { plans: [plan(diamond)], act });
    expect(r.result.outcome).toBe('fixed');
    const order = ordinals(r.named('apply:'));
    expect(order[0]).toBe(0);
    expect([...order.slice(1, 3)].sort()).toEqual([1, 2]);
    expect(order[3]).toBe(3);
    expect(both).toHaveLength(2);
    expect(r.doc.plan.steps.map((s: any) => s.status)).toEqual(['applied', 'applied', 'applied', 'applied']);
  }, 20_000);

  it('undoes in reverse exactly what was applied when a step fails', async () => {
    const act = ({ step, mode }: StepRequest): StepReply => {
      if (mode === 'apply' && step.ordinal === 3) throw refused('Forbidden');
      return applied;
    };
    const r = await remediation('graph-fails', { plans: [plan(diamond)], act });
    expect(r.result.outcome).toBe('failed');
    const undone = ordinals(r.named('undo:'));
    expect([...undone].sort()).toEqual([0, 1, 2]);
    expect(undone.at(-1)).toBe(0);
    expect(r.doc.plan.steps.map((s: any) => s.status)).toEqual(['undone', 'undone', 'undone', 'failed']);
  }, 20_000);

  it('does not start what needs a failed step, and undoes one that was cut off half-way', async () => {
    const act = async ({ step, mode }: StepRequest): Promise<StepReply> => {
      if (mode === 'apply' && step.ordinal === 2) throw refused('ConvergeFailed');
      return applied;
    };
    const r = await remediation('graph-cut', { plans: [plan(diamond), concluded('notified')], act });
    expect(ordinals(r.named('apply:'))).not.toContain(3);
    expect(ordinals(r.named('undo:')).at(-1)).toBe(0);
    expect(ordinals(r.named('undo:'))).toContain(2);
    expect(r.doc.plan.steps.find((s: any) => s.ordinal === 3).status).toBe('skipped');
  }, 20_000);

  it('goes on without an optional step that fails', async () => {
    const steps = [stepOf('notify_only', { ordinal: 0, isOptional: true, isWriting: false, changes: [] }), stepOf('scale_deployment', { ordinal: 1, needs: [0] })];
    const act = ({ step }: StepRequest): StepReply => {
      if (step.ordinal === 0) throw refused('Unsupported');
      return applied;
    };
    const r = await remediation('graph-optional', { plans: [plan(steps)], act });
    expect(r.result.outcome).toBe('fixed');
    expect(r.doc.plan.steps.map((s: any) => s.status)).toEqual(['failed', 'applied']);
  }, 20_000);

  it('leaves the rest undone when the trouble goes away in the middle, and judges what was done', async () => {
    const steps = [stepOf('scale_deployment', { ordinal: 0 }), stepOf('rollback_deployment', { ordinal: 1, needs: [0] })];
    let release = (): void => undefined;
    const act = ({ step }: StepRequest): Promise<StepReply> => (step.ordinal === 0 ? new Promise((r) => (release = () => r(applied))) : Promise.resolve(applied));
    const r = await remediation('graph-resolved', { plans: [plan(steps)], act }, async (h) => {
      await until(h, 'executing');
      await h.signal('resolved');
      await h.query('status');
      release();
    });
    expect(ordinals(r.named('apply:'))).toEqual([0]);
    expect(r.doc.plan.steps.map((s: any) => s.status)).toEqual(['applied', 'skipped']);
    expect(r.result.outcome).toBe('fixed');
  }, 20_000);

  it('climbs to the next rung after the one before was taken back whole', async () => {
    const first = [stepOf('scale_deployment', { ordinal: 0 }), stepOf('restart_pod', { ordinal: 1, needs: [0] })];
    const r = await remediation('graph-ladder', {
      plans: [plan(first), plan([stepOf('rollback_deployment')])],
      observations: [harmful, seen()],
    });
    expect(r.named('undo:').map((c) => c.name)).toEqual(['undo:restart_pod', 'undo:scale_deployment']);
    expect(r.result.outcome).toBe('fixed');
  }, 20_000);
});

describe('a temporary step', () => {
  const temporary = stepOf('scale_deployment', { expiresInS: 3 });

  it('is taken back when its time is over, after its remediation closed', async () => {
    const r = await remediation('expires', { plans: [plan([temporary])] });
    expect(r.result.outcome).toBe('fixed');
    const actionId = (r.named('apply:')[0]!.input as StepRequest).actionId;
    const expiry = env().client.workflow.getHandle(`${actionId}/expiry`);
    expect(await expiry.result()).toEqual({ status: 'undone', detail: '4/4 available' });
    expect(r.named('undo:')).toHaveLength(1);
    expect(r.named('undo:')[0]!.input).toMatchObject({ actionId, mode: 'undo' });
    expect(r.named('recordExpiry')[0]!.input).toMatchObject({ remediationId: r.input.remediationId, rung: 0, ordinal: 0, status: 'undone' });
  }, 20_000);

  it('has its timer before its write', async () => {
    const r = await remediation('expires', { plans: [plan([temporary])] });
    const { events } = await r.handle.fetchHistory();
    const at = (name: string) => events!.findIndex((e) => name in e && (e as any)[name] !== null && (e as any)[name] !== undefined);
    expect(at('childWorkflowExecutionStartedEventAttributes')).toBeGreaterThan(0);
    expect(at('childWorkflowExecutionStartedEventAttributes')).toBeLessThan(events!.findIndex((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === 'scale_deployment'));
  }, 20_000);

  it('is left alone by its timer once it was taken back before', async () => {
    const r = await remediation('expiry-dropped', { plans: [plan([temporary]), concluded('notified')], observations: [harmful] });
    const actionId = (r.named('apply:')[0]!.input as StepRequest).actionId;
    expect(await env().client.workflow.getHandle(`${actionId}/expiry`).result()).toMatchObject({ status: 'dropped' });
    expect(r.named('undo:')).toHaveLength(1);
  }, 20_000);

  it('stays when a person changed or adopted it, and that is recorded', async () => {
    const act = ({ mode }: StepRequest): StepReply => {
      if (mode === 'undo') throw refused('Drifted');
      return applied;
    };
    const r = await remediation('expiry-left', { plans: [plan([temporary])], act });
    const actionId = (r.named('apply:')[0]!.input as StepRequest).actionId;
    expect(await env().client.workflow.getHandle(`${actionId}/expiry`).result()).toMatchObject({ status: 'left', detail: expect.stringContaining('Drifted') });
    expect(r.named('recordExpiry')[0]!.input).toMatchObject({ status: 'left' });
  }, 20_000);

  it('is not judged once its time is over', async () => {
    const r = await remediation('expiry-short', { plans: [plan([stepOf('scale_deployment', { expiresInS: 2 })])] });
    const judged = r.named('assess').map((c) => (c.input as { steps: unknown[] }).steps.length);
    expect(judged).toEqual([1, 0]);
  }, 20_000);
});
