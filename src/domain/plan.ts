import type { Change } from './change.js';
import type { ObjectRef } from './kube.js';
import type { PolicyBasis } from './policy-facts.js';
import { hashOf } from './sha256.js';
import type { Target } from './target.js';

export type Tier = 0 | 1 | 2 | 3;
export type ProposalSource = 'rules' | 'model' | 'both';

/** What an analyzer or a model wants done: an item of the catalogue for an object that enrichment read. */
export interface Proposal {
  action: string;
  target: ObjectRef & { uid?: string };
  /** As the action's schema has them, locators (namespace, name) included. */
  parameters: Record<string, unknown>;
  /** 0..1. Recorded, not trusted. */
  confidence: number;
  reason: string;
  source: ProposalSource;
  /** Which analyzer or model said it. */
  by: string;
}

/** One deterministic diagnosis (analyzers) in the words a person reads. */
export interface Finding {
  analyzer: string;
  /** Short and stable: `bad_rollout.image`, `oom.limit_lowered`. */
  cause: string;
  summary: string;
  /** The object at fault; may differ from the remediation's target (root over symptom). */
  target: ObjectRef & { uid?: string };
  evidence: string[];
  confidence: number;
  proposals: Omit<Proposal, 'source' | 'by'>[];
  /** When set, nothing is to be done, and why is the summary. */
  conclusion?: 'no_action_needed' | 'already_resolved' | 'inconclusive' | 'needs_person';
  /** For a person, when no action of the catalogue can do it: a kubectl command or a diff. */
  edit?: string;
}

export type Undo =
  | { kind: 'exact' | 'partial'; changes: Change[]; note?: string }
  | { kind: 'none'; why: string };

/** All a workflow needs of an action travels here, so that it never loads the catalogue. */
export interface Step {
  ordinal: number;
  /** Ordinals of the steps that must have been applied first; steps that do not need each other run side by side. */
  needs?: number[];
  /** The plan goes on without it when it fails. */
  isOptional?: boolean;
  action: string;
  target: Target;
  parameters: Record<string, unknown>;
  tier: Tier;
  /** `scale deployment shop/api 2 → 4` */
  summary: string;
  reason: string;
  changes: Change[];
  undo: Undo;
  /** Whole activity incl. converging, seconds. */
  timeoutS: number;
  /** Undone by itself this long after it was applied, seconds. */
  expiresInS?: number;
  /** Its row names this very object, so that a protected namespace does not forbid it. Set by the action's plan alone. */
  actsInProtected?: true;
  /** Why a person must look at it, also where the policy says `auto`. */
  needsApproval?: string;
  /** True when the action writes to the cluster. */
  isWriting: boolean;
  /** Rules saw the trouble in the cluster's state: then they can see as well that it went by itself. */
  isWitnessed?: boolean;
  /** What the policy was asked about it, to ask the same again right before the write. */
  basis?: PolicyBasis;
}

export interface Plan {
  /** SHA-256 over the steps: approval binds to it. */
  hash: string;
  steps: Step[];
  /** `<id>@<version>` of the template that arranged them. */
  template?: string;
  source: ProposalSource;
  confidence: number;
  madeAt: string;
}

/** Approval must not survive a change of target, parameters or writes; wording and time are not part of it. */
export const planHash = (steps: readonly Step[]): string =>
  hashOf(steps.map(({ ordinal, needs, action, target, parameters, changes, undo, expiresInS }) => ({ ordinal, needs, action, target, parameters, changes, undo, expiresInS })));

/** Severity of a safety finding: `deny` ends the plan, `ask` needs a person, `info` is told. */
export interface SafetyFinding {
  check: string;
  reason: string;
  message: string;
  severity: 'info' | 'ask' | 'deny';
  /** Guards (cooldown, oscillation, rate) end in `escalated` rather than `denied`. */
  escalates?: boolean;
  /** The rule of the policy that made it: a key of the file, the name of a rule or a window, `opa`. */
  rule?: string;
}

/** What the policy said of a step and which of its rules said it, also when nothing stood in the way. */
export interface PolicyDecision {
  rule: string;
  /** `auto`, `ask`, `deny`, `wait`, … */
  effect: string;
  why: string;
}

export interface Verdict {
  decision: 'allow' | 'ask' | 'deny';
  findings: SafetyFinding[];
  rules?: PolicyDecision[];
  /** Who is to be asked, by name, where rules say so; any of them will do. */
  approvers?: string[];
}
