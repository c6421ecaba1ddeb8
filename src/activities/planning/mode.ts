import type { Step } from '../../domain/plan.js';
import { policyFor } from '../../domain/policy.js';
import { namespaceOf } from '../../domain/target.js';
import type { DecisionInput } from './input.js';

export type Mode = 'act' | 'observe' | 'suggest';

/** The policy as it holds for one step. */
export const scopeOf = ({ policy, request }: Pick<DecisionInput, 'policy' | 'request'>, step: Step) =>
  policyFor(policy, { namespace: namespaceOf(step.target), action: step.action, severity: request.severity });

/** Is a step done, only recorded, or only told? */
export function modeOf(input: Pick<DecisionInput, 'policy' | 'request'>, step: Step): Mode {
  const { autonomy } = scopeOf(input, step);
  if (!step.isWriting) return 'act';
  if (input.policy.dryRun || autonomy === 'observe') return 'observe';
  return autonomy === 'suggest' ? 'suggest' : 'act';
}

export const strictest = (modes: readonly Mode[]): Mode => (modes.includes('observe') ? 'observe' : modes.includes('suggest') ? 'suggest' : 'act');
