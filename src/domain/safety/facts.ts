import type { PastAction, Problem } from '../evidence.js';
import type { World } from '../kube.js';
import type { SafetyFinding, Step } from '../plan.js';
import type { ActionPolicy, Autonomy, Policy } from '../policy.js';
import type { PolicyFacts } from '../policy-facts.js';
import type { Storm } from '../storm.js';
import type { Target } from '../target.js';

/** All a check may know. Gathered once by activities/plan.ts, recorded, then judged: checks are pure. */
export interface SafetyFacts {
  now: string;
  /** The target of the remediation; a step may act on another grounded object. */
  target: Target;
  step: Step;
  world: World;
  problems: Problem[];
  /** Writing actions on the step's target within the last day, newest first. */
  history: PastAction[];
  policy: Policy;
  /** The policy as it holds for this step. */
  scope: ActionPolicy & { autonomy: Autonomy; approvalTimeout: string };
  /** uids of the objects that enrichment read for this remediation. */
  groundedUids: ReadonlySet<string>;
  /** Who proposed it, and whether rules and model agree. */
  source: 'rules' | 'model' | 'both';
  confidence: number;
  /** What rules, windows, budgets and a policy server say of the step. */
  policyFacts?: PolicyFacts;
  /** Why the model that was asked would not do this (domain/disagreement.ts). */
  disagreement?: string;
  /** The storm that holds on the cluster of the step. */
  storm?: Storm;
}

export type Check = (facts: SafetyFacts) => SafetyFinding[];
