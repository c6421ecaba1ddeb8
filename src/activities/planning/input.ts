import type { Template } from '../../contracts/template.js';
import type { Evidence, PastAction } from '../../domain/evidence.js';
import type { Measured } from '../../domain/measured.js';
import type { Step } from '../../domain/plan.js';
import type { Policy } from '../../domain/policy.js';
import type { PolicyAnswers } from '../../domain/policy-facts.js';
import type { PolicyView } from '../../domain/policy-rule.js';
import { hashOf } from '../../domain/sha256.js';
import type { Storm } from '../../domain/storm.js';
import type { Target } from '../../domain/target.js';
import type { PlanRequest } from '../contract.js';

/** What permission review and server dry run said about the writes of a step. */
export type Trial = { isAccepted: true } | { isAccepted: false; code: string; message: string };

/** Everything a decision about what to do may read. The same input always gives the same answer (planning/decide.ts). */
export interface DecisionInput {
  /** RFC 3339. */
  now: string;
  request: PlanRequest;
  evidence: Evidence;
  /** As it was in force, kill switch included. */
  policy: Policy;
  /** The storm that held on the cluster. */
  storm?: Storm;
  /** Arrangements of actions that could be chosen from. */
  templates: readonly Template[];
  /** What the proposed actions came to here against this kind of trouble. */
  measured: Measured[];
  limits: {
    /** The most any action may take, seconds (`actions.cap`). */
    maxActionS: number;
    /** What an action takes that says nothing of its own, seconds. */
    defaultActionS?: number;
  };
  facts: Facts;
}

/** Read from outside only when the decision comes to need it: a decision that ends earlier asks for none of it. */
export interface Facts {
  /** `pastKeyOf` → writing actions on that object within the last day, newest first. */
  past: Record<string, PastAction[]>;
  /** `trialKeyOf` → whether these very writes would be taken. */
  trials: Record<string, Trial>;
  /** `askedKeyOf` → what the store and a policy server say of a step, where the policy has a budget or names a server. */
  asked?: Record<string, PolicyAnswers>;
  /** Nothing was tried, and nothing is to be: what would be done is only thought through. */
  isUntried?: true;
}

/** Facts that a decision lacks. */
export interface Wants {
  past: Target[];
  trials: Step[];
  asked?: { step: Step; view: PolicyView }[];
}

export const pastKeyOf = ({ cluster, kind, namespace, name }: Target): string => `${cluster}/${namespace ?? '-'}/${kind}/${name}`;

/** The same writes with the same undo were tried, whatever the policy or the model that led to them. */
export const trialKeyOf = ({ action, target, changes, undo }: Step): string => hashOf({ action, target, changes, undo });

/** What is asked about: the step as the policy sees it, without the time. */
export const askedKeyOf = ({ step, view }: { step: Pick<Step, 'target'>; view: PolicyView }): string => hashOf({ target: step.target, view: { ...view, now: '' } });
