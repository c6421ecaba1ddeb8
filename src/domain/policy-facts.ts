import { countsDisruptions, isDisruptive, type DisruptionCount } from './disruption-budget.js';
import type { Problem } from './evidence.js';
import type { KubeObject, World } from './kube.js';
import type { OpaAnswer } from './opa.js';
import type { ProposalSource, Step } from './plan.js';
import { autonomyFor, environmentFor, type Policy, type PolicyPlace } from './policy.js';
import { judgeRules, type CompiledRule, type PolicyView, type RuleHit } from './policy-rule.js';
import { holdAt, type ClockedWindow, type WindowHold } from './policy-window.js';
import { SEVERITIES, type Severity } from './signal.js';
import { desiredReplicas } from './status.js';
import { namespaceOf } from './target.js';

/** What of a policy needs packages to be read: expressions and calendars. Same policy, same answer. */
export interface PolicyReading {
  /** The rules in force, shipped ones first. */
  rules(policy: Policy): readonly CompiledRule[];
  windows(policy: Policy): readonly ClockedWindow[];
}

/** What a step was planned on, so that the policy can be asked again at the write with the same question. Part of the step, not of its hash. */
export interface PolicyBasis {
  remediationId: string;
  severity: Severity;
  source: ProposalSource;
  confidence: number;
  alert: string;
  alerts: string[];
  alertLabels: Record<string, string>;
  /** Freezes that a person ended for this remediation. */
  overridden?: string[];
  /** What it was allowed with: `standingOf`. An approval is about these. */
  asks: string[];
}

/** All that the policy says of one step, gathered before judging; plain data, recorded with the verdict. */
export interface PolicyFacts {
  environment?: string;
  /** The key that says the level. */
  from: string;
  view: PolicyView;
  rules: RuleHit[];
  hold?: WindowHold;
  disruptions?: DisruptionCount;
  opa?: OpaAnswer;
}

/** What only others know: the store and a policy server. */
export type PolicyAnswers = Pick<PolicyFacts, 'disruptions' | 'opa'>;

/** Whether there is anybody to ask about a step. */
export const mustAsk = ({ opa, disruptionBudget }: Policy, step: Pick<Step, 'tier' | 'isWriting'>): boolean =>
  step.isWriting && (opa !== undefined || (isDisruptive(step) && countsDisruptions(disruptionBudget)));

export interface PolicyQuestion {
  policy: Policy;
  reading: PolicyReading;
  step: Pick<Step, 'action' | 'tier' | 'target' | 'parameters' | 'changes' | 'isWriting'>;
  world: World;
  basis: Omit<PolicyBasis, 'asks'>;
  /** RFC 3339 */
  now: string;
}

/** Where a step is, as the policy sees it. */
export function placeOf(policy: Policy, { step, world, severity }: { step: Pick<Step, 'action' | 'tier' | 'target'>; world: World; severity: Severity }): PolicyPlace {
  const namespace = namespaceOf(step.target);
  const environment = environmentFor(policy, namespace, labelsOf(world.get('Namespace', undefined, namespace ?? '')));
  return { severity, action: step.action, tier: step.tier, ...(namespace ? { namespace } : {}), ...(environment ? { environment } : {}) };
}

/** The part that needs nobody else: no store, no policy server. */
export function policyFactsOf({ policy, reading, step, world, basis, now }: PolicyQuestion): PolicyFacts {
  const place = placeOf(policy, { step, world, severity: basis.severity });
  const view = viewOf({ step, world, basis, now }, place.environment);
  const hold = step.isWriting ? holdAt(reading.windows(policy), { ...place, tier: step.tier, cluster: step.target.cluster }, Date.parse(now), basis.overridden) : undefined;
  return {
    ...(place.environment ? { environment: place.environment } : {}),
    from: autonomyFor(policy, place).from,
    view,
    rules: step.isWriting ? judgeRules(reading.rules(policy), view) : [],
    ...(hold ? { hold } : {}),
  };
}

function viewOf({ step, world, basis, now }: Pick<PolicyQuestion, 'step' | 'world' | 'basis' | 'now'>, environment = ''): PolicyView {
  const { target, action, tier, parameters } = step;
  const { severity, alert, alerts, alertLabels, source, confidence } = basis;
  const object = (target.uid ? world.byUid(target.uid) : undefined) ?? world.get(target.kind, target.namespace, target.name);
  const namespace = namespaceOf(target) ?? '';
  return {
    action, tier, parameters, now, environment, severity, alert, alerts, alertLabels, source, confidence,
    target: { kind: target.kind, namespace, name: target.name, labels: labelsOf(object) },
    namespaceLabels: labelsOf(world.get('Namespace', undefined, namespace)),
    cluster: target.cluster,
    ...countsOf(object && world.topOwnerOf(object)),
    pods: step.changes.filter((c) => c.op === 'evict' || (c.op === 'delete' && c.ref.kind === 'Pod')).length,
  };
}

function countsOf(workload: KubeObject | undefined): Pick<PolicyView, 'replicas' | 'readyReplicas'> {
  if (!isScaled(workload)) return { replicas: -1, readyReplicas: -1 };
  return { replicas: wantedOf(workload), readyReplicas: Number(workload.status?.readyReplicas ?? workload.status?.numberReady ?? 0) };
}

const SCALED = ['Deployment', 'StatefulSet', 'ReplicaSet', 'DaemonSet'];
const isScaled = (o: KubeObject | undefined): o is KubeObject => o !== undefined && SCALED.includes(o.kind);

const wantedOf = (o: KubeObject): number => (o.kind === 'DaemonSet' ? Number(o.status?.desiredNumberScheduled ?? 0) : desiredReplicas(o));

const labelsOf = (o: KubeObject | undefined): Readonly<Record<string, string>> => o?.metadata.labels ?? {};

/** What the trouble says of itself, for the policy. Of the most severe problem that fires; labels are untrusted, rules that read them know. */
export function basisOf(problems: readonly Problem[], given: Pick<PolicyBasis, 'remediationId' | 'severity' | 'source' | 'confidence'>, overridden: readonly string[] = []): Omit<PolicyBasis, 'asks'> {
  const firing = problems.filter((p) => p.status === 'firing');
  const [first] = [...(firing.length > 0 ? firing : problems)].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return {
    ...given,
    alert: first?.alert ?? '',
    alerts: [...new Set(problems.map((p) => p.alert))].slice(0, 50),
    alertLabels: first?.labels ?? {},
    ...(overridden.length > 0 ? { overridden: [...overridden] } : {}),
  };
}
