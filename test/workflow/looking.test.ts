import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { StageActivities } from '../../src/activities/contract.js';
import { lookAt } from '../../src/adapters/temporal/look.js';
import { KubernautError } from '../../src/domain/errors.js';
import type { AnalyzeAlertInput } from '../../src/domain/messages.js';
import type { LookRequest } from '../../src/gateway/temporal-port.js';
import { concluded, planAnswer, scriptedActivities, stepOf, target } from '../support/scripted-activities.js';
import { devServer, startWorkers, type Workers } from '../support/workflow-env.js';

let env: TestWorkflowEnvironment;
let workers: Workers;
beforeAll(async () => {
  env = await devServer();
  workers = await startWorkers(env);
}, 120_000);
afterAll(async () => {
  await workers?.stop();
  await env?.teardown();
});

const input: AnalyzeAlertInput = {
  id: 'analysis-f1', target, isCoLocated: true, hasModel: true, modelWithinMs: 60_000,
  problem: { fingerprint: 'f1', alert: 'KubePodCrashLooping', severity: 'critical', status: 'firing', startedAt: '2026-11-20T10:00:00.000Z', refires: 0, labels: {}, annotations: {} },
};
let serial = 0;

async function looked(script: Parameters<typeof scriptedActivities>[0], over: Partial<AnalyzeAlertInput> = {}, withinMs = 30_000): Promise<{ answer: any; calls: string[]; inputs: any[] }> {
  const id = `t-${(serial += 1)}`;
  const scripted = scriptedActivities(script);
  workers.serve(`analysis/${id}`, scripted.activities);
  const what: LookRequest = { type: 'analyzeAlert', id, summary: 'test', input: { ...input, ...over } };
  const within = <T>(_ms: number, _doing: string, run: () => Promise<T>) => run();
  const answer = await lookAt({ client: env.client, within }, what, withinMs).catch((error: unknown) => error);
  return { answer, calls: scripted.calls.map((c) => c.name), inputs: scripted.calls.map((c) => c.input) };
}

const proposal = { action: 'scale_deployment', target, parameters: {}, confidence: 0.8, reason: 'r', source: 'model' as const, by: 'm' };
const says = (proposals = [proposal]): StageActivities['analyze'] => () => Promise.resolve({ proposals, tokens: 9 });

describe('analyzing an alert', () => {
  it('reads, diagnoses, asks and thinks a plan through, and does nothing else', async () => {
    const { answer, calls, inputs } = await looked({ plans: [planAnswer(stepOf('scale_deployment'), { key: 'scale_deployment:Deployment/shop/api', passedOver: [{ action: 'restart_pod', reason: 'cooldown' }] })], analyze: says() });
    expect(calls).toEqual(['enrich', 'diagnose', 'analyze', 'makePlan']);
    expect(inputs.at(-1)).toMatchObject({ isThought: true, isAnswered: true, proposals: [proposal], tried: [], rung: 0 });
    expect(answer).toMatchObject({
      action: 'scale_deployment', confidence: 0.9, parameters: { namespace: 'shop', name: 'api' }, target: { name: 'api' }, mode: 'act', cause: 'bad_rollout.crash',
      steps: [{ action: 'scale_deployment', summary: 'scale_deployment deployment shop/api', tier: 1, undo: 'exact' }], alternatives: [{ action: 'restart_pod', reason: 'passed over: cooldown' }],
      reasoning: { summary: 'the new revision crashes', oscillation_risk: 'low' }, verdict: { decision: 'allow' },
    });
  });

  it.each([['no_action_needed', concluded('no_action_needed')], ['wait', { ...concluded('inconclusive'), kind: 'wait' as const }]])('is honest where nothing is to be done: %s', async (outcome, plan) => {
    const { answer } = await looked({ plans: [plan as never], analyze: says([]) });
    expect(answer).toMatchObject({ action: 'no_action', outcome, steps: [], parameters: {}, why: 'so it is' });
  });

  it('goes on without a model that fails or takes too long', async () => {
    const failed = await looked({ plans: [concluded('notified')], analyze: () => Promise.reject(new Error('down')) }, { modelWithinMs: 1000 });
    expect(failed.answer).toMatchObject({ action: 'no_action', outcome: 'notified' });
    expect(failed.inputs.at(-1)).toMatchObject({ proposals: [] });
    expect(failed.inputs.at(-1).isAnswered).toBeUndefined();
  });

  it('ends by itself when nobody would wait for the answer any more', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { answer } = await looked({ plans: [concluded('notified')], enrich: () => gate }, { hasModel: false }, 1500);
    release();
    expect(answer).toBeInstanceOf(KubernautError);
    expect(answer).toMatchObject({ code: 'Overloaded', details: { retryAfterMs: 5000 } });
  });
});
