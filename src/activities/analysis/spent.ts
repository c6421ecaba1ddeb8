import type { ModelAnswer } from '../../domain/ports.js';

export interface Spent {
  /** In and out. */
  tokens: number;
  /** USD; absent: unknown. */
  cost?: number;
  /** The provider said nothing of some of it: counted here. */
  isEstimated?: true;
}

/** What these answers cost together. A price that is not known of one is not known of all. */
export function spentOn(answers: readonly ModelAnswer[]): Spent {
  const costs = answers.map((a) => a.usage.cost);
  return {
    tokens: answers.reduce((sum, { usage }) => sum + (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0), 0),
    ...(costs.every((c) => c !== undefined) ? { cost: costs.reduce((sum, c) => sum + c, 0) } : {}),
    ...(answers.some((a) => a.usage.isEstimated) ? { isEstimated: true as const } : {}),
  };
}
