import { describe, expect, it } from '@jest/globals';
import { budgetUse, costOf, dayOf } from './model-budget.js';

describe('what an answer cost', () => {
  const price = { input: 2.5, output: 10 };
  it.each<[string, Parameters<typeof costOf>, number | undefined]>([
    ['by the price per million', [{ inputTokens: 1_000_000, outputTokens: 100_000 }, price], 3.5],
    ['nothing, where the price is nothing', [{ inputTokens: 5, outputTokens: 5 }, { input: 0, output: 0 }], 0],
    ['unknown without a price', [{ inputTokens: 5, outputTokens: 5 }, undefined], undefined],
    ['unknown without tokens', [{ inputTokens: 5 }, price], undefined],
  ])('%s', (_name, [usage, by], cost) => expect(costOf(usage, by)).toBe(cost));
});

describe('the budget of a day', () => {
  const use = { calls: 3, tokens: 500, cost: 0.5 };
  it.each([
    ['none', {}, {}],
    ['each that is set', { tokensPerDay: 1000, costPerDay: 1, callsPerDay: 2 }, { tokens: 0.5, cost: 0.5, calls: 1.5 }],
  ])('%s', (_name, budget, used) => expect(budgetUse(budget, use)).toEqual(used));

  it.each([
    ['2026-03-29T01:30:00+02:00', '2026-03-28T00:00:00.000Z', '2026-03-29T00:00:00.000Z'],
    ['2026-12-31T23:59:59.999Z', '2026-12-31T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'],
  ])('%s is in the day from %s to %s', (at, start, end) => expect(dayOf(at)).toEqual({ start, end }));
});
