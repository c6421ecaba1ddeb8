import type { SafetyFinding } from '../../plan.js';
import { describeTarget } from '../../target.js';
import type { SafetyFacts } from '../facts.js';
import type { Reason } from '../reasons.js';

type Severity = SafetyFinding['severity'];

/** Findings of one check; `check` is its name in the registry. */
export const findingsOf = (check: string) => ({
  deny: (reason: Reason, message: string): SafetyFinding[] => [make(check, reason, message, 'deny')],
  ask: (reason: Reason, message: string): SafetyFinding[] => [make(check, reason, message, 'ask')],
  info: (reason: Reason, message: string): SafetyFinding[] => [make(check, reason, message, 'info')],
  /** A guard: it denies, and a person takes over. */
  escalate: (reason: Reason, message: string): SafetyFinding[] => [{ ...make(check, reason, message, 'deny'), escalates: true }],
});

/** The same, with the rule of the policy that made them. */
export const byRule = (rule: string, findings: SafetyFinding[]): SafetyFinding[] => findings.map((f) => ({ ...f, rule }));

const make = (check: string, reason: Reason, message: string, severity: Severity): SafetyFinding => ({ check, reason, message, severity });

export const targetText = (f: SafetyFacts): string => describeTarget(f.step.target);

/** Milliseconds from `at` until now; NaN-free. */
export const ageMs = (f: SafetyFacts, at: string): number => {
  const age = Date.parse(f.now) - Date.parse(at);
  return Number.isFinite(age) ? age : 0;
};
