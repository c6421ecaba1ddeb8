import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../adapters/telemetry/metrics.js';
import { KubernautError } from '../domain/errors.js';
import type { DailyBudget } from '../domain/model-budget.js';
import type { ModelAnswer, ModelCall, ModelRequest } from '../domain/ports.js';
import { budgetedModel } from './budgeted-model.js';

const REQUEST: ModelRequest = { system: 'hello', prompt: 'hello world', schema: {}, schemaName: 'x', timeoutMs: 1000 };
const ANSWER: ModelAnswer = { text: '{}', model: 'm', usage: { inputTokens: 40, outputTokens: 10, cost: 0.5 }, by: 'ollama/llama' };

function budgeted(budget: DailyBudget, { answer = async () => ANSWER, isStoreDown = () => false }: { answer?: () => Promise<ModelAnswer>; isStoreDown?: () => boolean } = {}) {
  const calls = new Map<string, ModelCall>();
  const metrics = createMetrics({ withProcess: false });
  const warnings: unknown[] = [];
  let now = '2026-03-01T22:00:00.000Z';
  const down = (): void => {
    if (isStoreDown()) throw new KubernautError('StoreUnavailable', 'the database is away');
  };
  const store = {
    recordModelCall: async (call: ModelCall) => (down(), void calls.set(call.id, call)),
    modelUseSince: async (at: string) => {
      down();
      const today = [...calls.values()].filter((c) => c.at >= at);
      return { calls: today.length, tokens: today.reduce((s, c) => s + (c.inputTokens ?? 0) + (c.outputTokens ?? 0), 0), cost: today.reduce((s, c) => s + (c.cost ?? 0), 0) };
    },
  };
  const model = budgetedModel({ id: 'openai/m', answer }, { budget, store, clock: { now: () => now }, metrics, logger: { warn: (...w: unknown[]) => void warnings.push(w) } });
  const ask = () => model.answer(REQUEST).then(() => 'answered', (e: unknown) => e);
  return { ask, calls, warnings, at: (time: string) => void (now = time), text: () => metrics.registry.metrics() };
}

describe('the budget of the day', () => {
  it('counts an answer that does not say what it took by what was sent and said', async () => {
    const { ask, calls } = budgeted({}, { answer: async () => ({ text: '{"a":1}', model: 'holmes', usage: {} }) });
    await ask();
    expect([...calls.values()]).toEqual([expect.objectContaining({ inputTokens: 3, outputTokens: expect.any(Number) })]);
  });

  it.each<[string, DailyBudget]>([
    ['calls', { callsPerDay: 2 }],
    ['tokens', { tokensPerDay: 100 }],
    ['cost', { costPerDay: 1 }],
  ])('%s: used up, no model is asked until midnight UTC', async (name, budget) => {
    const { ask, at, text } = budgeted(budget);
    expect([await ask(), await ask()]).toEqual(['answered', 'answered']);
    const refused = await ask();
    expect(refused).toMatchObject({ code: 'ModelRejected', message: expect.stringMatching(new RegExp(`${name}.*2026-03-02T00:00:00`)) });
    expect(await text()).toContain(`kubernaut_model_budget_used_ratio{budget="${name}"} 1`);
    expect(await text()).toContain('kubernaut_ai_service_requests_total{status="over_budget",provider="openai"} 1');
    at('2026-03-02T00:00:00.000Z');
    expect(await ask()).toBe('answered');
  });

  it('every call is kept once, with who answered', async () => {
    const { ask, calls } = budgeted({ callsPerDay: 9 });
    await ask();
    expect([...calls.values()]).toEqual([{ id: expect.any(String), at: '2026-03-01T22:00:00.000Z', model: 'ollama/llama', inputTokens: 40, outputTokens: 10, cost: 0.5 }]);
  });

  it('an unknown cost stays unknown', async () => {
    const { ask, calls } = budgeted({}, { answer: async () => ({ ...ANSWER, usage: { inputTokens: 1, outputTokens: 1 } }) });
    await ask();
    expect([...calls.values()][0]).not.toHaveProperty('cost');
  });

  it('a call that failed counts as a call, and an answer that was cut off for what it read', async () => {
    const errors = [new KubernautError('ModelUnavailable', 'x'), new KubernautError('ModelAnswerInvalid', 'cut off')];
    const { ask, calls } = budgeted({ callsPerDay: 2 }, { answer: () => Promise.reject(errors.shift()) });
    expect([await ask(), await ask(), await ask()]).toEqual([expect.objectContaining({ code: 'ModelUnavailable' }), expect.objectContaining({ code: 'ModelAnswerInvalid' }), expect.objectContaining({ code: 'ModelRejected' })]);
    expect([...calls.values()].map((c) => c.inputTokens)).toEqual([undefined, 3]);
  });

  it('that cannot be read: no model is asked, and the call can be tried again', async () => {
    expect(await budgeted({ callsPerDay: 2 }, { isStoreDown: () => true }).ask()).toMatchObject({ code: 'StoreUnavailable' });
  });

  it('without one a database that is away costs no answer', async () => {
    const { ask, warnings } = budgeted({}, { isStoreDown: () => true });
    expect([await ask(), warnings.length]).toEqual(['answered', 1]);
  });
});
