import type { Verdict } from '../../domain/plan.js';
import type { Ranking } from '../../domain/ranking.js';
import type { Outcome } from '../../domain/remediation.js';
import type { Analysis, PlanAnswer, PlanRequest } from '../contract.js';
import type { Refusal } from './refusal.js';

const OUTCOME_OF: Record<NonNullable<Ranking['conclusion']>, Outcome> = {
  no_action_needed: 'no_action_needed',
  already_resolved: 'already_resolved',
  inconclusive: 'inconclusive',
  needs_person: 'notified',
};

/** There is no candidate (any more). */
export function nothingToDo(ranking: Ranking, request: PlanRequest, analysis: Analysis): PlanAnswer {
  if (ranking.cause === 'in_progress') return { kind: 'wait', reason: ranking.reasoning, analysis };
  if (request.tried.length > 0) return { kind: 'conclude', outcome: 'notified', reason: 'no other candidate is left', analysis };
  const outcome = ranking.conclusion ? OUTCOME_OF[ranking.conclusion] : 'inconclusive';
  return { kind: 'conclude', outcome, reason: ranking.reasoning || 'no analyzer recognises this, and no model was asked', analysis };
}

/** Guards (cooldown, oscillation, rate) need a person; policy denies; what a row refuses is told. */
export function allRefused(refusals: readonly Refusal[], analysis: Analysis): PlanAnswer {
  const findings = refusals.flatMap((r) => r.findings);
  const verdict: Verdict = { decision: 'deny', findings };
  const reason = refusals.map((r) => `${r.proposal.action}: ${r.reason}`).join('; ').slice(0, 1000);
  if (findings.some((f) => f.escalates)) return { kind: 'conclude', outcome: 'escalated', reason, analysis, verdict };
  if (findings.length > 0) return { kind: 'conclude', outcome: 'denied', reason, analysis, verdict };
  return { kind: 'conclude', outcome: 'notified', reason, analysis, verdict: { decision: 'deny', findings: [] } };
}

/** The one that was picked cannot be done; what else could is not this question. */
export function pickRefused(key: string, refusals: readonly Refusal[], analysis: Analysis): PlanAnswer {
  const [refusal] = refusals;
  if (!refusal) return { kind: 'refused', reason: `${key} is no candidate any more`, analysis };
  const { reason, findings } = refusal;
  return { kind: 'refused', reason: reason.slice(0, 1000), analysis, ...(findings.length > 0 ? { verdict: { decision: 'deny' as const, findings } } : {}) };
}
