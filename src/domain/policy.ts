import type { Severity } from './signal.js';
import { DEFAULT_STORM_LIMITS, type StormLimits } from './storm.js';

/** `observe`: plan and record, write nothing. `suggest`: propose, a person runs it. `approve`: ask, then act. `auto`: act. */
export const AUTONOMY = ['observe', 'suggest', 'approve', 'auto'] as const;
export type Autonomy = (typeof AUTONOMY)[number];

export interface ScopePolicy {
  autonomy?: Autonomy;
  approvalTimeout?: string;
}

/** Limits an action understands (`maxReplicas`, `minAge`, …) ride beside its autonomy. */
export interface ActionPolicy extends ScopePolicy {
  enabled?: boolean;
  [limit: string]: unknown;
}

export interface Policy extends ScopePolicy {
  autonomy: Autonomy;
  approvalTimeout: string;
  namespaces: Record<string, ScopePolicy & { actions?: Record<string, ActionPolicy> }>;
  severities: Partial<Record<Severity, ScopePolicy>>;
  actions: Record<string, ActionPolicy>;
  protectedNamespaces: string[];
  /** The same action on the same target not again before this. */
  cooldown: string;
  maxActionsPerTargetPerHour: number;
  /** An ineffective action is not tried again on a target after this many failures within a day. */
  maxIneffective: number;
  /** From when on a cluster is in storm mode. */
  storm: StormLimits;
  dryRun: boolean;
  pauses: Pause[];
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
  severities: {},
  actions: {},
  protectedNamespaces: [
    'kube-system', 'kube-public', 'kube-node-lease', 'kubernaut', 'kubernaut-system', 'temporal', 'istio-system', 'linkerd',
    'cert-manager', 'argocd', 'flux-system', 'monitoring', 'calico-system', 'cilium', 'tigera-operator',
  ],
  cooldown: '5m',
  maxActionsPerTargetPerHour: 3,
  maxIneffective: 2,
  storm: DEFAULT_STORM_LIMITS,
  dryRun: false,
  pauses: [],
};

/** What holds for one action in one place: action in the namespace beats action, beats namespace, beats severity, beats the default. */
export function policyFor(policy: Policy, where: { namespace?: string; severity: Severity; action: string }): ActionPolicy & { autonomy: Autonomy; approvalTimeout: string } {
  const namespace = where.namespace === undefined ? undefined : policy.namespaces[where.namespace];
  const { actions: own, ...scope } = namespace ?? {};
  return {
    autonomy: policy.autonomy,
    approvalTimeout: policy.approvalTimeout,
    ...defined(policy.severities[where.severity]),
    ...defined(scope),
    ...defined(policy.actions[where.action]),
    ...defined(own?.[where.action]),
  };
}

const defined = <T extends object>(o: T | undefined): Partial<T> =>
  Object.fromEntries(Object.entries(o ?? {}).filter(([, v]) => v !== undefined)) as Partial<T>;

export const isPausedFor = (pause: Pause, where: { cluster: string; namespace?: string; action: string; now: string }): boolean =>
  (pause.cluster === undefined || pause.cluster === where.cluster) &&
  (pause.namespace === undefined || pause.namespace === where.namespace) &&
  (pause.action === undefined || pause.action === where.action) &&
  (pause.until === undefined || pause.until > where.now);
