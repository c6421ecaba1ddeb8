import type { DisruptionBudget } from './disruption-budget.js';
import { matchesGlob } from './glob.js';
import type { OpaPolicy } from './opa.js';
import type { Tier } from './plan.js';
import type { PolicyRule } from './policy-rule.js';
import type { PolicyWindow } from './policy-window.js';
import type { Severity } from './signal.js';
import { DEFAULT_STORM_LIMITS, type StormLimits } from './storm.js';

/** `observe`: plan and record, write nothing. `suggest`: propose, a person runs it. `approve`: ask, then act. `auto`: act. Strictest first. */
export const AUTONOMY = ['observe', 'suggest', 'approve', 'auto'] as const;
export type Autonomy = (typeof AUTONOMY)[number];

export interface ScopePolicy {
  autonomy?: Autonomy;
  approvalTimeout?: string;
  /** Who may approve: a subject or name of the identity provider, `group:<role>`, `token-0`, `link:<channel>`. Absent: who may decide. */
  approvers?: string[];
}

/** Limits an action understands (`maxReplicas`, `minAge`, …) ride beside its autonomy. */
export interface ActionPolicy extends ScopePolicy {
  enabled?: boolean;
  [limit: string]: unknown;
}

/** Tier 0 reads: nothing has to be said about it. */
export type TierPolicies = Partial<Record<'1' | '2' | '3', ScopePolicy>>;

export interface PlacePolicy extends ScopePolicy {
  actions?: Record<string, ActionPolicy>;
  tiers?: TierPolicies;
}

export interface EnvironmentPolicy extends PlacePolicy {
  /** Globs. A namespace that one of them fits is of this environment, whatever its labels say. */
  namespaces?: string[];
}

/** Nothing is ever written to what fits all the members that are given. Globs; `labels` exactly. */
export interface ProtectedObject {
  kind?: string;
  namespace?: string;
  name?: string;
  labels?: Record<string, string>;
  reason?: string;
}

export interface Policy extends ScopePolicy {
  autonomy: Autonomy;
  approvalTimeout: string;
  namespaces: Record<string, PlacePolicy>;
  environments: Record<string, EnvironmentPolicy>;
  /** Labels of a namespace that name its environment, the first that is there. */
  environmentLabels: string[];
  severities: Partial<Record<Severity, ScopePolicy>>;
  tiers: TierPolicies;
  actions: Record<string, ActionPolicy>;
  protectedNamespaces: string[];
  protected: ProtectedObject[];
  /** Beside the shipped ones; a rule of the same name replaces one of those. */
  rules: PolicyRule[];
  shippedRules: { enabled: boolean; without: string[] };
  windows: PolicyWindow[];
  disruptionBudget: DisruptionBudget;
  opa?: OpaPolicy;
  /** The same action on the same target not again before this. */
  cooldown: string;
  maxActionsPerTargetPerHour: number;
  /** An ineffective action is not tried again on a target after this many failures within a day. */
  maxIneffective: number;
  /** From when on a cluster is in storm mode. */
  storm: StormLimits;
  dryRun: boolean;
  pauses: Pause[];
  /** How people are asked while a plan waits. */
  approvals?: ApprovalSteps;
}

export interface ApprovalSteps {
  /** Durations after the question. */
  remindAfter?: string[];
  escalateAfter?: string;
  /** Channels that are told then. */
  escalateTo?: string[];
}

/** The kill switch for one scope. Absent members mean "any". */
export interface Pause {
  cluster?: string;
  namespace?: string;
  action?: string;
  by: string;
  reason: string;
  until?: string;
}

export const DEFAULT_POLICY: Policy = {
  autonomy: 'approve',
  approvalTimeout: '1h',
  namespaces: {},
  environments: {},
  environmentLabels: ['environment', 'env', 'kubernaut.io/environment'],
  severities: {},
  tiers: {},
  actions: {},
  protectedNamespaces: [
    'kube-system', 'kube-public', 'kube-node-lease', 'kubernaut', 'kubernaut-system', 'temporal', 'istio-system', 'linkerd',
    'cert-manager', 'argocd', 'flux-system', 'monitoring', 'calico-system', 'cilium', 'tigera-operator',
  ],
  protected: [],
  rules: [],
  shippedRules: { enabled: true, without: [] },
  windows: [],
  disruptionBudget: { exceeded: 'escalate' },
  cooldown: '5m',
  maxActionsPerTargetPerHour: 3,
  maxIneffective: 2,
  storm: DEFAULT_STORM_LIMITS,
  dryRun: false,
  pauses: [],
  approvals: { remindAfter: ['15m', '45m'], escalateTo: [] },
};

/** Where and what an action is, for what the policy says of it. */
export interface PolicyPlace {
  namespace?: string;
  environment?: string;
  severity: Severity;
  action: string;
  /** Without one, what is said of tiers does not hold. */
  tier?: Tier;
}

interface Layer {
  /** Its place in the file: `namespaces.shop.actions.restart_pod`. */
  path: string;
  says: ActionPolicy | undefined;
}

/**
 * Everything that is said of one action in one place, from the weakest to the strongest. Two things named beat one; what is done
 * beats the class of it, and that beats where; a namespace beats its environment.
 */
function layersOf(policy: Policy, { namespace, environment, severity, action, tier }: PolicyPlace): Layer[] {
  const places: [string, PlacePolicy | undefined][] = [
    [`environments.${environment}`, environment === undefined ? undefined : own(policy.environments, environment)],
    [`namespaces.${namespace}`, namespace === undefined ? undefined : own(policy.namespaces, namespace)],
  ];
  const tierKey = (tier === undefined || tier === 0 ? undefined : String(tier)) as keyof TierPolicies | undefined;
  const ofTier = (tiers: TierPolicies | undefined): ScopePolicy | undefined => (tierKey === undefined ? undefined : tiers?.[tierKey]);
  return [
    { path: 'autonomy', says: defined({ autonomy: policy.autonomy, approvalTimeout: policy.approvalTimeout, approvers: policy.approvers }) },
    { path: `severities.${severity}`, says: scopeOf(policy.severities[severity]) },
    { path: `tiers.${tier}`, says: scopeOf(ofTier(policy.tiers)) },
    ...places.map(([path, place]) => ({ path, says: scopeOf(place) })),
    { path: `actions.${action}`, says: own(policy.actions, action) },
    ...places.map(([path, place]) => ({ path: `${path}.tiers.${tier}`, says: scopeOf(ofTier(place?.tiers)) })),
    ...places.map(([path, place]) => ({ path: `${path}.actions.${action}`, says: own(place?.actions, action) })),
  ].filter(({ says }) => says !== undefined);
}

/** A namespace called `constructor` is a name like any other. */
const own = <T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined => (map && Object.hasOwn(map, key) ? map[key] : undefined);

/** What a place says of itself, without what it says of actions and tiers in it. */
const scopeOf = (scope: ScopePolicy | undefined): ActionPolicy | undefined => scope && defined({ autonomy: scope.autonomy, approvalTimeout: scope.approvalTimeout, approvers: scope.approvers });

/** What holds for one action in one place (docs/guides/policy.md: "The most specific wins"). */
export function policyFor(policy: Policy, where: PolicyPlace): ActionPolicy & { autonomy: Autonomy; approvalTimeout: string } {
  return Object.assign({}, ...layersOf(policy, where).map(({ says }) => defined(says))) as ActionPolicy & { autonomy: Autonomy; approvalTimeout: string };
}

/** The level before rules, annotations and tiers, and the key that said it. */
export function autonomyFor(policy: Policy, where: PolicyPlace): { autonomy: Autonomy; from: string } {
  const layer = layersOf(policy, where).findLast(({ says }) => says?.autonomy !== undefined)!;
  return { autonomy: layer.says!.autonomy!, from: layer.path };
}

/** Everything that is said of the level, weakest first, for `kubernaut policy explain`. */
export const autonomyLayers = (policy: Policy, where: PolicyPlace): { from: string; autonomy: Autonomy }[] =>
  layersOf(policy, where).flatMap(({ path, says }) => (says?.autonomy === undefined ? [] : [{ from: path, autonomy: says.autonomy }]));

/** The environment of a namespace. What the policy says of its name beats its labels: those belong to whoever owns the namespace. */
export function environmentFor(policy: Pick<Policy, 'environments' | 'environmentLabels'>, namespace: string | undefined, labels: Readonly<Record<string, string>> = {}): string | undefined {
  if (namespace === undefined) return undefined;
  const named = Object.entries(policy.environments).find(([, { namespaces = [] }]) => namespaces.some((g) => matchesGlob(g, namespace)));
  if (named) return named[0];
  return policy.environmentLabels.map((key) => own(labels, key)).find((value) => value !== undefined && value !== '');
}

export const stricterOf = (a: Autonomy, b: Autonomy): Autonomy => (AUTONOMY.indexOf(a) <= AUTONOMY.indexOf(b) ? a : b);

const defined = <T extends object>(o: T | undefined): Partial<T> =>
  Object.fromEntries(Object.entries(o ?? {}).filter(([, v]) => v !== undefined)) as Partial<T>;

export const isPausedFor = (pause: Pause, where: { cluster: string; namespace?: string; action: string; now: string }): boolean =>
  (pause.cluster === undefined || pause.cluster === where.cluster) &&
  (pause.namespace === undefined || pause.namespace === where.namespace) &&
  (pause.action === undefined || pause.action === where.action) &&
  (pause.until === undefined || pause.until > where.now);
