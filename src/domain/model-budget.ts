import type { ModelUsage, ModelUse } from './ports.js';

export interface DailyBudget {
  tokensPerDay?: number;
  /** USD */
  costPerDay?: number;
  callsPerDay?: number;
}

export interface Price {
  /** USD per million tokens. */
  input: number;
  output: number;
}

/** USD; undefined: unknown, which is never 0. */
export function costOf({ inputTokens, outputTokens }: ModelUsage, price: Price | undefined): number | undefined {
  if (!price || inputTokens === undefined || outputTokens === undefined) return undefined;
  return (inputTokens * price.input + outputTokens * price.output) / 1_000_000;
}

/** Used part of each budget that is set: 1 and more is used up. */
export function budgetUse({ tokensPerDay, costPerDay, callsPerDay }: DailyBudget, use: ModelUse): { tokens?: number; cost?: number; calls?: number } {
  return {
    ...(tokensPerDay ? { tokens: use.tokens / tokensPerDay } : {}),
    ...(costPerDay ? { cost: use.cost / costPerDay } : {}),
    ...(callsPerDay ? { calls: use.calls / callsPerDay } : {}),
  };
}

/** Midnight UTC before and after a moment, RFC 3339: budgets of a day are the same for every process, wherever it runs. */
export function dayOf(at: string): { start: string; end: string } {
  const start = `${new Date(at).toISOString().slice(0, 10)}T00:00:00.000Z`;
  return { start, end: new Date(Date.parse(start) + 86_400_000).toISOString() };
}
