import { isDisruptive, overBudget } from '../../disruption-budget.js';
import { isSelected } from '../../glob.js';
import { refOfChange } from '../../change.js';
import type { KubeObject } from '../../kube.js';
import type { ProtectedObject } from '../../policy.js';
import { describeTarget, namespaceOf } from '../../target.js';
import type { Check, SafetyFacts } from '../facts.js';
import { byRule, findingsOf, targetText } from './finding.js';
import { lineOf, subjectOf } from './subject.js';

const rules = findingsOf('policy_rules');
const windows = findingsOf('windows');
const budget = findingsOf('disruption_limit');
const server = findingsOf('policy_server');

/** Rules that deny or ask, and those that could not be evaluated: these ask, whatever they would have said. */
export const policyRules: Check = (f) =>
  (f.step.isWriting ? (f.policyFacts?.rules ?? []) : []).flatMap((r) => {
    const what = `${f.step.action} on ${targetText(f)}`;
    if (r.failed !== undefined) return byRule(r.name, rules.ask('policy_rule_failed', `${what}: policy rule ${r.name} cannot be evaluated: ${r.failed}`));
    if (r.effect !== 'deny' && r.effect !== 'ask') return [];
    return byRule(r.name, rules[r.effect]('policy_rule', `${what}: ${r.message} (policy rule ${r.name})`));
  });

/** What has to wait is told; the workflow waits after the approval, if there is to be one. */
export const policyWindows: Check = (f) => {
  const hold = f.step.isWriting ? f.policyFacts?.hold : undefined;
  if (!hold) return [];
  const severity = hold.effect === 'wait' ? (hold.until === undefined ? 'ask' : 'info') : hold.effect;
  return byRule(hold.rule, windows[severity](hold.kind === 'freeze' ? 'freeze' : 'outside_maintenance', `${f.step.action} on ${targetText(f)}: ${hold.message}`));
};

/** Figures over all remediations and processes, and pods at once within this step. */
export const disruptionLimit: Check = (f) => {
  if (!isDisruptive(f.step)) return [];
  const { disruptionBudget } = f.policy;
  const where = { cluster: f.step.target.cluster, workload: targetText(f), namespace: namespaceOf(f.step.target) };
  const counted = f.policyFacts?.disruptions ? overBudget(disruptionBudget, f.policyFacts.disruptions, where) : [];
  const over = [...counted, ...tooManyAtOnce(f)];
  if (over.length === 0) return [];
  const how = disruptionBudget.exceeded === 'ask' ? budget.ask : budget.escalate;
  return byRule('disruptionBudget', how('disruption_limit', `${f.step.action} on ${targetText(f)}: ${over.join('; ')}`));
};

/** Those go pod by pod under the budgets of the cluster (actions.md 2.8, 2.9). */
const AT_ONCE: Readonly<Record<string, number>> = { drain_node: 5, migrate_workload: 1 };

function tooManyAtOnce({ step, policy, policyFacts }: SafetyFacts): string[] {
  const most = policy.disruptionBudget.maxPodsAtOnce;
  const pods = Math.min(policyFacts?.view.pods ?? 0, AT_ONCE[step.action] ?? Infinity);
  return most !== undefined && pods > most ? [`${pods} pods at once, at most ${most}`] : [];
}

/** `policy.protected`: the target, what owns it, and every object that the step writes. */
export const protectedObjects: Check = (f) => {
  if (!f.step.isWriting || f.policy.protected.length === 0) return [];
  const subject = subjectOf(f);
  const written = f.step.changes.map((c) => refOfChange(c));
  const objects: Candidate[] = [
    f.step.target,
    ...(subject ? lineOf(f.world, subject).map(candidateOf) : []),
    ...written.flatMap((ref): Candidate[] => [ref, ...list(f.world.get(ref.kind, ref.namespace, ref.name)).flatMap((o) => lineOf(f.world, o)).map(candidateOf)]),
  ];
  for (const [i, rule] of f.policy.protected.entries()) {
    const hit = objects.find((o) => isProtected(rule, o));
    if (hit) return byRule(`protected.${i}`, findingsOf('protected_objects').deny('protected_object', `${describeTarget(hit)} is protected by policy.protected[${i}]${rule.reason ? `: ${rule.reason}` : ''}`));
  }
  return [];
};

interface Candidate {
  kind: string;
  namespace?: string;
  name: string;
  labels?: Record<string, string>;
}

const list = <T>(one: T | undefined): T[] => (one === undefined ? [] : [one]);
const candidateOf = ({ kind, metadata }: KubeObject): Candidate => ({ kind, name: metadata.name, ...(metadata.namespace ? { namespace: metadata.namespace } : {}), ...(metadata.labels ? { labels: metadata.labels } : {}) });

const isProtected = ({ kind, namespace, name, labels = {} }: ProtectedObject, o: Candidate): boolean =>
  isSelected(list(kind), o.kind) && isSelected(list(namespace), namespaceOf(o)) && isSelected(list(name), o.name) &&
  Object.entries(labels).every(([key, value]) => o.labels?.[key] === value);

/** A policy server only tightens: its `allow` changes nothing. */
export const policyServer: Check = (f) => {
  const answer = f.step.isWriting ? f.policyFacts?.opa : undefined;
  if (!answer) return [];
  const what = `${f.step.action} on ${targetText(f)}`;
  if ('failed' in answer) {
    const meaning = f.policy.opa?.failure ?? 'ask';
    return byRule('opa', server[meaning === 'allow' ? 'info' : meaning]('external_policy_failed', `${what}: the policy server gave no usable answer: ${answer.failed}`));
  }
  return answer.decision === 'allow' ? [] : byRule('opa', server[answer.decision]('external_policy', `${what}: ${answer.reason ?? 'the policy server gave no reason'} (policy server)`));
};
