import type { Candidate } from '../../domain/arrange.js';
import { durationMs } from '../../domain/duration.js';
import { planHash, type Plan } from '../../domain/plan.js';
import { compare } from '../../domain/plan-diff.js';
import { baselineOf } from '../assess.js';
import type { Analysis, PlanAnswer } from '../contract.js';
import { askingOf } from './asking.js';
import type { Considering, Possible } from './consider.js';
import { strictest } from './mode.js';
import { alternativesTo } from './pick.js';
import type { DecisionInput } from './input.js';
import type { Refusal } from './refusal.js';

interface Said {
  analysis: Analysis;
  refusals: readonly Refusal[];
  /** All that were ranked, and the keys of those that cannot be. */
  candidates: readonly Candidate[];
  refused: ReadonlySet<string>;
}

/** The answer when a candidate stands. */
export function propose({ input, world, candidate, planStep }: Considering, { steps, verdict, modes, approvalTimeouts, scopeApprovers, hold }: Possible, said: Said): PlanAnswer {
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
    ...(input.request.compareWith ? { compared: compare(input.request.compareWith, { hash: plan.hash, steps, cause: said.analysis.cause, alerts: alertsOf(input.request), findings: verdict.findings }) } : {}),
    // only who is asked wants to know what else there is
    ...(verdict.decision === 'ask' ? { alternatives: alternativesTo(candidate, said.candidates, { input, planStep, refused: said.refused }), asking: askingOf(input, verdict, scopeApprovers) } : {}),
  };
}

const alertsOf = ({ problems }: DecisionInput['request']): string[] => problems.filter((p) => p.status === 'firing').map((p) => p.alert);
