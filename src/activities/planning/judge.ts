import { keyOf } from '../../domain/arrange.js';
import { disagreementAbout, type ModelView } from '../../domain/disagreement.js';
import type { PastAction } from '../../domain/evidence.js';
import type { World } from '../../domain/kube.js';
import type { PolicyDecision, Proposal, SafetyFinding, Step } from '../../domain/plan.js';
import { policyFor } from '../../domain/policy.js';
import { basisOf, placeOf, policyFactsOf, type PolicyAnswers, type PolicyFacts, type PolicyReading } from '../../domain/policy-facts.js';
import { evaluateSafety } from '../../domain/safety/chain.js';
import type { SafetyFacts } from '../../domain/safety/facts.js';
import { approversOf, asksOf, policyDecisions } from '../../domain/safety/policy-decisions.js';
import { standingOf } from '../../domain/safety/standing.js';
import type { DecisionInput } from './input.js';
import { modeAt, type Mode } from './mode.js';

export interface Judging {
  input: DecisionInput;
  world: World;
  reading: PolicyReading;
  step: Step;
  proposal: Proposal;
  history: PastAction[];
  /** All that the candidate would do. */
  chosen: readonly Proposal[];
  /** As far as it is known by now. */
  answers?: PolicyAnswers;
}

export interface Judged {
  /** With what the policy was asked about it. */
  step: Step;
  findings: SafetyFinding[];
  mode: Mode;
  approvalTimeout: string;
  scopeApprovers: string[] | undefined;
  rules: PolicyDecision[];
  approvers: string[];
  policyFacts: PolicyFacts;
}

/** The safety chain over one step, and all that the policy says of it. */
export function judge({ input, world, reading, step, proposal, history, chosen, answers = {} }: Judging): Judged {
  const { request, policy, now } = input;
  const { source, confidence } = proposal;
  const disagreement = disagreementAbout(chosen, modelViewOf(input));
  const basis = basisOf(request.problems, { remediationId: request.remediationId, severity: request.severity, source, confidence }, request.overridden);
  const policyFacts = { ...policyFactsOf({ policy, reading, step, world, basis, now }), ...answers };
  const facts: SafetyFacts = {
    now, step, world, policy, policyFacts, history, source, confidence,
    target: request.target,
    problems: request.problems,
    scope: policyFor(policy, placeOf(policy, { step, world, severity: request.severity })),
    groundedUids: new Set(input.evidence.objects.map((o) => o.metadata.uid ?? '')),
    ...(disagreement === undefined ? {} : { disagreement }),
    ...(input.storm ? { storm: input.storm } : {}),
  };
  const { findings } = evaluateSafety(facts);
  return {
    step: { ...step, basis: { ...basis, asks: asksOf(findings) } },
    findings, policyFacts,
    mode: modeAt(standingOf(facts).autonomy, step),
    approvalTimeout: facts.scope.approvalTimeout,
    scopeApprovers: facts.scope.approvers,
    rules: policyDecisions(facts),
    approvers: approversOf(facts),
  };
}

const modelViewOf = ({ request: { isAnswered = false, proposals, tried } }: DecisionInput): ModelView => ({
  isAnswered, hasProposed: proposals.length > 0, proposals: proposals.filter((p) => !tried.includes(keyOf(p))),
});
