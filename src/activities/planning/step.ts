import type { CandidateStep } from '../../domain/arrange.js';
import { isKubernautError } from '../../domain/errors.js';
import type { Step } from '../../domain/plan.js';
import { actionIdOf, workflowIdOf } from '../../domain/target.js';
import type { PlanRequest } from '../contract.js';
import type { PlanStep } from '../plan-step.js';
import type { DecisionInput } from './input.js';
import type { Refusal } from './refusal.js';

/** Identity of a step's write, as the workflow will number it. */
export const writeIdOf = ({ remediationId, target, rung }: PlanRequest, ordinal: number): string =>
  actionIdOf(remediationId, workflowIdOf(target), rung * 100 + ordinal);

/** One part of a candidate made absolute: exactly what would be written where, or why that cannot be. */
export function stepOf(planStep: PlanStep, input: DecisionInput, { proposal, ordinal, needs, isOptional }: CandidateStep): Step | Refusal {
  const { evidence, policy, now, limits } = input;
  try {
    const planned = planStep({
      proposal, evidence, policy, ordinal, now: input.request.pinnedAt ?? now, actionId: writeIdOf(input.request, ordinal),
      ...(limits.defaultActionS === undefined ? {} : { defaultTimeoutS: limits.defaultActionS }),
    });
    return {
      ...planned,
      ...(needs.length > 0 ? { needs } : {}),
      ...(isOptional ? { isOptional } : {}),
      isWitnessed: proposal.source !== 'model',
      timeoutS: Math.min(planned.timeoutS, Math.max(limits.maxActionS, Number(planned.parameters.deadlineS ?? 0))),
    };
  } catch (error) {
    if (isKubernautError(error) && !error.isRetryable) return { proposal, reason: error.message, findings: [] };
    throw error;
  }
}
