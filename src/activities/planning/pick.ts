import { keyOf, type Candidate } from '../../domain/arrange.js';
import type { Alternative } from '../../contracts/remediation.js';
import { describeTarget } from '../../domain/target.js';
import type { Step } from '../../domain/plan.js';
import type { PlanStep } from '../plan-step.js';
import type { PlanRequest } from '../contract.js';
import type { DecisionInput } from './input.js';
import { stepOf } from './step.js';

/** What a request may choose from: all candidates, or the picked one with the picker's parameters laid over its main step. */
export function picked(candidates: readonly Candidate[], { pick }: Pick<PlanRequest, 'pick'>): readonly Candidate[] {
  if (!pick) return candidates;
  const { key, parameters } = pick;
  return candidates.filter((c) => c.key === key).map((c) => (parameters ? withParameters(c, parameters) : c));
}

function withParameters(candidate: Candidate, parameters: Record<string, unknown>): Candidate {
  const main = candidate.steps.find((s) => keyOf(s.proposal) === candidate.key) ?? candidate.steps.find((s) => !s.isOptional);
  const steps = candidate.steps.map((s) => (s === main ? { ...s, proposal: { ...s.proposal, parameters: { ...s.proposal.parameters, ...parameters } } } : s));
  return { ...candidate, steps };
}

/** More would be a catalogue, not a choice. */
const MOST = 6;

/**
 * What else may be picked, in the order of the ranking: candidates that can be made absolute on this evidence. Policy and a
 * dry run are asked when one is picked; those that were refused already are not offered.
 */
export function alternativesTo(chosen: Candidate, candidates: readonly Candidate[], { input, planStep, refused }: { input: DecisionInput; planStep: PlanStep; refused: ReadonlySet<string> }): Alternative[] {
  return candidates
    .filter((c) => c.key !== chosen.key && !refused.has(c.key))
    .flatMap((c) => alternative(c, input, planStep) ?? [])
    .slice(0, MOST);
}

function alternative(candidate: Candidate, input: DecisionInput, planStep: PlanStep): Alternative | undefined {
  const steps: Step[] = [];
  for (const part of candidate.steps) {
    const step = stepOf(planStep, input, part);
    if (!('proposal' in step)) steps.push(step);
    else if (!part.isOptional) return undefined;
  }
  const main = steps.find((s) => keyOf(s) === candidate.key) ?? steps[0];
  if (!main) return undefined;
  const { key, confidence, source } = candidate;
  return {
    key, action: main.action, target: describeTarget(main.target), parameters: main.parameters, confidence, source,
    summary: steps.map((s) => s.summary).join(', then '), tier: Math.max(...steps.map((s) => s.tier)),
  };
}
