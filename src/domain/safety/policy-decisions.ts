import type { DisruptionCount } from '../disruption-budget.js';
import type { OpaAnswer } from '../opa.js';
import type { PolicyDecision, SafetyFinding } from '../plan.js';
import type { Policy } from '../policy.js';
import type { PolicyFacts } from '../policy-facts.js';
import { hashOf } from '../sha256.js';
import { targetText } from './checks/finding.js';
import type { SafetyFacts } from './facts.js';
import { standingOf } from './standing.js';

/** Everything that the policy said of one step, one line each, in the order it was asked: the level first. */
export function policyDecisions(f: SafetyFacts): PolicyDecision[] {
  const what = `${f.step.action} on ${targetText(f)}`;
  if (!f.step.isWriting) return [{ rule: 'tier 0', effect: 'auto', why: `${what}: it reads or tells only` }];
  const { autonomy, from } = standingOf(f);
  const others = f.policyFacts ? decisionsOf(f.policyFacts, f.policy) : [];
  return [{ rule: from, effect: autonomy, why: `${what}: ${WORDS[autonomy]} by ${from}` }, ...others.map((d) => ({ ...d, why: `${what}: ${d.why}` }))];
}

function decisionsOf({ rules, hold, disruptions, opa }: PolicyFacts, policy: Policy): PolicyDecision[] {
  return [
    ...rules.map((r) => (r.failed === undefined ? { rule: r.name, effect: r.effect, why: r.message } : { rule: r.name, effect: 'ask', why: `the rule cannot be evaluated: ${r.failed}` })),
    ...(hold ? [{ rule: hold.rule, effect: hold.effect, why: hold.message }] : []),
    ...(disruptions ? [{ rule: 'disruptionBudget', effect: 'count', why: countsText(disruptions) }] : []),
    ...(opa ? [opaDecision(opa, policy.opa?.failure)] : []),
  ];
}

const countsText = ({ namespaceHour, clusterDay, workloadDay }: DisruptionCount): string =>
  `before it ${namespaceHour} disruptive actions in the namespace within an hour, ${clusterDay} on the cluster and ${workloadDay} on the object within a day`;

const opaDecision = (opa: OpaAnswer, failure = 'ask'): PolicyDecision =>
  'failed' in opa ? { rule: 'opa', effect: failure, why: `the policy server gave no usable answer: ${opa.failed}` } : { rule: 'opa', effect: opa.decision, why: opa.reason ?? 'the policy server gave no reason' };

const WORDS = { observe: 'observed', suggest: 'suggested', approve: 'a person is asked', auto: 'allowed' } as const;

/** By name, of every rule that asks; absent where none says. */
export function approversOf(f: SafetyFacts): string[] {
  return [...new Set((f.policyFacts?.rules ?? []).filter((r) => r.effect === 'ask' || r.failed !== undefined).flatMap((r) => r.approvers ?? []))];
}

/** The checks that ask the policy rather than the cluster. What they say can change without the object. */
export const POLICY_CHECKS: ReadonlySet<string> = new Set(['autonomy', 'policy_rules', 'windows', 'disruption_limit', 'protected_objects', 'policy_server', 'enabled', 'pause', 'protected']);

/**
 * What a step was let through with: everything that asked, by check and rule, not by its words. A person who approved a plan
 * approved these; what asks since then asks anew. Sorted, so that two of them compare as texts.
 */
export const asksOf = (findings: readonly SafetyFinding[]): string[] =>
  [...new Set(findings.filter((f) => f.severity === 'ask' && POLICY_CHECKS.has(f.check)).map(keyOf))].sort();

/** Which key of the file says the level is no matter: a person was asked for the same reason. */
const keyOf = ({ check, reason, rule = '' }: SafetyFinding): string => (check === 'autonomy' ? `${check}:${reason}` : `${check}:${reason}:${rule}`);

/** What stands in the way now that did not when the step was planned; empty: nothing moved. */
export function stricterSince(before: readonly string[], now: readonly SafetyFinding[]): SafetyFinding[] {
  return now.filter((f) => POLICY_CHECKS.has(f.check) && (f.severity === 'deny' || (f.severity === 'ask' && !before.includes(keyOf(f)))));
}

/** One short text for all that the policy said of a step: equal digests, nothing moved. */
export const policyDigestFor = (findings: readonly SafetyFinding[]): string =>
  hashOf({ asks: asksOf(findings), denies: [...new Set(findings.filter((f) => f.severity === 'deny' && POLICY_CHECKS.has(f.check)).map(keyOf))].sort() }).slice(0, 16);
