import { durationMs } from '../../domain/duration.js';
import { planHash, type Plan } from '../../domain/plan.js';
import { baselineOf } from '../assess.js';
import type { Analysis, PlanAnswer } from '../contract.js';
import type { Considering, Possible } from './consider.js';
import { strictest } from './mode.js';
import type { Refusal } from './refusal.js';

/** The answer when a candidate stands. */
export function propose({ input, world, candidate }: Considering, { steps, verdict, modes, approvalTimeouts, hold }: Possible, said: { analysis: Analysis; refusals: readonly Refusal[] }): PlanAnswer {
  const { template, source, confidence, key } = candidate;
  const plan: Plan = { hash: planHash(steps), steps, ...(template ? { template } : {}), source, confidence, madeAt: input.now };
  // Only what an analyzer saw in the state can be seen to be gone from it.
  const isVisible = input.request.findings.some((f) => f.conclusion === undefined || f.conclusion === 'needs_person');
  return {
    kind: 'plan',
    plan,
    verdict,
    analysis: { ...said.analysis, confidence, source },
    baseline: baselineOf(world, input.evidence, isVisible, said.analysis.cause),
    approvalTimeoutMs: Math.min(...approvalTimeouts.map(durationMs)),
    mode: strictest(modes),
    key,
    passedOver: said.refusals.map((r) => ({ action: r.proposal.action, reason: r.reason })),
    ...(hold ? { hold: { until: hold.until, rule: hold.rule, message: hold.message, canOverride: hold.canOverride } } : {}),
  };
}
