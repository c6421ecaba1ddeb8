import { actions } from '../actions/index.js';
import { loadConfig } from '../config/load.js';
import type { Remediation } from '../contracts/remediation.js';
import { autonomyLayers, environmentFor, type Policy, type PolicyPlace } from '../domain/policy.js';
import type { Tier } from '../domain/plan.js';
import { judgeRules, type PolicyView } from '../domain/policy-rule.js';
import { holdAt } from '../domain/policy-window.js';
import { severityOf } from '../domain/signal.js';
import { policyReading } from '../policy/compile.js';

/** What a file says of one step, without a cluster: what needs one (annotations, protection by label, budgets) is not in it. */
export interface TestedStep {
  step: string;
  /** Weakest first: the last one holds. */
  levels: { from: string; autonomy: string }[];
  rules: { name: string; effect: string; message: string }[];
  window?: { rule: string; effect: string; until?: string; message: string };
}

/** Throws ConfigInvalid. */
export const policyOf = (file: string): Policy => loadConfig({ file, env: {}, actionIds: actions.ids }).policy;

export const ruleList = (policy: Policy): { name: string; origin: string; effect: string; when: string }[] =>
  policyReading().rules(policy).map(({ rule, origin }) => ({ name: rule.name, origin, effect: rule.effect, when: rule.when }));

const NOTHING_SAID: Omit<PolicyView, 'now'> = {
  action: 'restart_pod', tier: 2, target: { kind: 'Deployment', namespace: '', name: '', labels: {} }, parameters: {}, namespaceLabels: {}, environment: '', severity: 'warning',
  alert: '', alerts: [], alertLabels: {}, source: 'rules', confidence: 1, cluster: 'default', replicas: -1, readyReplicas: -1, pods: 0,
};

/** A sample names what it is about; the rest is as if nothing were known. */
export const viewFrom = (sample: Partial<PolicyView>, now: string): PolicyView => ({ ...NOTHING_SAID, now, ...sample, target: { ...NOTHING_SAID.target, ...sample.target } });

/** The steps of a recorded remediation, as far as its document says. */
export const viewsOf = (r: Remediation, now: string): PolicyView[] =>
  (r.plan?.steps ?? []).map((s) => viewFrom({
    action: s.action, tier: s.tier, parameters: s.parameters, severity: r.severity, cluster: r.cluster, source: r.analysis?.source ?? 'rules', confidence: r.analysis?.confidence ?? 1,
    target: { kind: s.target.kind, namespace: s.target.namespace ?? '', name: s.target.name, labels: {} },
    alert: r.problems[0]?.alert ?? '', alerts: r.problems.map((p) => p.alert),
  }, now));

export function testStep(policy: Policy, given: PolicyView): TestedStep {
  const namespace = given.target.namespace || undefined;
  const environment = given.environment || environmentFor(policy, namespace, given.namespaceLabels);
  const view: PolicyView = { ...given, environment: environment ?? '' };
  const place: PolicyPlace = { severity: severityOf(view.severity), action: view.action, tier: view.tier as Tier, ...(namespace ? { namespace } : {}), ...(environment ? { environment } : {}) };
  const reading = policyReading();
  const hold = holdAt(reading.windows(policy), { ...place, tier: view.tier, cluster: view.cluster }, Date.parse(view.now));
  return {
    step: `${view.action} on ${view.target.kind.toLowerCase()} ${namespace ? `${namespace}/` : ''}${view.target.name}${environment ? ` (${environment})` : ''}`,
    levels: autonomyLayers(policy, place),
    rules: judgeRules(reading.rules(policy), view).map((h) => ({ name: h.name, effect: h.failed === undefined ? h.effect : 'ask', message: h.failed === undefined ? h.message : `cannot be evaluated: ${h.failed}` })),
    ...(hold ? { window: { rule: hold.rule, effect: hold.effect, message: hold.message, ...(hold.until ? { until: hold.until } : {}) } } : {}),
  };
}
