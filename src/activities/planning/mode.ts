import type { Step } from '../../domain/plan.js';
import type { Autonomy } from '../../domain/policy.js';

export type Mode = 'act' | 'observe' | 'suggest';

/** Is a step done, only recorded, or only told? */
export function modeAt(autonomy: Autonomy, { isWriting }: Pick<Step, 'isWriting'>): Mode {
  return isWriting && (autonomy === 'observe' || autonomy === 'suggest') ? autonomy : 'act';
}

/** A plan is as careful as its most careful step. */
export const strictest = (modes: readonly Mode[]): Mode => (modes.includes('observe') ? 'observe' : modes.includes('suggest') ? 'suggest' : 'act');
