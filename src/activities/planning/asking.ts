import { durationMs } from '../../domain/duration.js';
import type { Verdict } from '../../domain/plan.js';
import type { Asking } from '../contract.js';
import type { DecisionInput } from './input.js';

/** How people are asked, as the policy has it: when they are reminded, who hears of it next, who may say yes. `scopes`: of each step. */
export function askingOf({ policy }: Pick<DecisionInput, 'policy'>, { approvers }: Verdict, scopes: readonly (readonly string[] | undefined)[]): Asking {
  const { remindAfter = [], escalateAfter, escalateTo = [] } = policy.approvals ?? {};
  // a rule speaks of this very plan
  const lists = approvers?.length ? [approvers] : scopes.filter((list) => list !== undefined);
  const [first, ...others] = lists;
  return {
    remindAfterMs: remindAfter.map(durationMs).sort((a, b) => a - b),
    ...(escalateAfter && escalateTo.length > 0 ? { escalateAfterMs: durationMs(escalateAfter), escalateTo } : {}),
    // a plan of several steps needs somebody who may approve each of them
    ...(first ? { approvers: first.filter((who) => others.every((list) => list.includes(who))) } : {}),
  };
}
