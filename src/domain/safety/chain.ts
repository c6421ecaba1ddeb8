import type { SafetyFinding, Verdict } from '../plan.js';
import { CHECKS } from './checks/index.js';
import type { Check, SafetyFacts } from './facts.js';

/** Runs every check, never stopping at the first: a person must see all that stands in the way. */
export function evaluateSafety(facts: SafetyFacts, checks: Readonly<Record<string, Check>> = CHECKS): Verdict {
  const findings = Object.values(checks).flatMap((check) => check(facts));
  return { decision: decide(findings), findings };
}

/** The verdict over several steps is the strictest of theirs. */
export const mergeVerdicts = (verdicts: readonly Verdict[]): Verdict => {
  const findings = verdicts.flatMap((v) => v.findings);
  return { decision: decide(findings), findings };
};

const decide = (findings: readonly SafetyFinding[]): Verdict['decision'] =>
  findings.some((f) => f.severity === 'deny') ? 'deny' : findings.some((f) => f.severity === 'ask') ? 'ask' : 'allow';
