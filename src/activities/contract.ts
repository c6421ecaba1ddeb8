import type { Replay } from '../contracts/replay.js';
import type { Alternative, Remediation } from '../contracts/remediation.js';
import type { ReplayInput } from '../domain/messages.js';
import type { Problem } from '../domain/evidence.js';
import type { Observation } from '../domain/effectiveness.js';
import type { Investigator, ToolCall } from '../domain/investigation.js';
import type { Asked, Comparison } from '../domain/plan-diff.js';
import type { Finding, Plan, Proposal, ProposalSource, Step, Verdict } from '../domain/plan.js';
import type { Outcome } from '../domain/remediation.js';
import type { Severity } from '../domain/signal.js';
import type { Target } from '../domain/target.js';

/** What the target looked like before we touched it: assessments compare with this. */
export interface Baseline {
  ready?: number;
  /** Pods wanted then; compared with now, it tells that somebody scaled meanwhile. */
  desired?: number;
  /** Trouble that was there already and must not be blamed on us: `shop/pod api-1 CrashLoopBackOff`. */
  trouble: string[];
  /** `namespace/service` → ready endpoints. */
  endpoints: Record<string, number>;
  /** The diagnosed cause, to see whether it is gone. */
  cause?: string;
  /** Can the cluster state show the triggering condition at all? */
  isVisible: boolean;
}

export interface Analysis {
  source: ProposalSource;
  cause: string;
  analyzer?: string;
  confidence: number;
  reasoning: string;
  edit?: string;
  evidence_ref?: string;
  summary?: string;
  primary_reason?: string;
  historical_context?: string;
  oscillation_risk?: { level: 'low' | 'medium' | 'high'; why: string };
}

export interface PlanRequest {
  remediationId: string;
  target: Target;
  problems: Problem[];
  severity: Severity;
  evidenceRef: string;
  findings: Finding[];
  /** From a model; empty without one. */
  proposals: Proposal[];
  /** A model was asked and came to an end of its own; false and absent: its silence says nothing. */
  isAnswered?: boolean;
  /** Only think it through: no permission is asked for, nothing is tried on the API server, nothing is kept. */
  isThought?: true;
  /** Keys of proposals that were tried in this remediation. */
  tried: string[];
  /** Id of the template that a model chose. */
  template?: string;
  /** Rung of the ladder, from 0: part of the identity of the writes. */
  rung: number;
  /** Windows that a person ended for this remediation, by name. */
  overridden?: string[];
  /** Plan exactly this candidate and no other; `parameters` are laid over its own. Answers `plan`, or `refused`. */
  pick?: { key: string; parameters?: Record<string, unknown> };
  /** RFC 3339: pin what is relative to the time as if it were this one. So a plan that still holds has the same hash. */
  pinnedAt?: string;
  /** What people were asked about before: the answer says what is different. */
  compareWith?: Asked;
}

/** `decisionRef`: the artifact with everything that the decision read (activities/planning/record.ts). */
export interface Hold {
  /** RFC 3339 */
  until: string;
  /** Name of the window. */
  rule: string;
  message: string;
  /** The policy lets a person end the wait, with a reason. */
  canOverride: boolean;
}

export type PlanAnswer = { decisionRef?: string } & PlanResult;

type PlanResult =
  /** Too early to judge: a rollout is moving and nothing has failed. Look again. */
  | { kind: 'wait'; reason: string; analysis: Analysis; verdict?: undefined }
  /** The candidate that was picked cannot be done: denied (the verdict says by which check), impossible, or no candidate any more. */
  | { kind: 'refused'; reason: string; analysis: Analysis; verdict?: Verdict }
  | { kind: 'conclude'; outcome: Outcome; reason: string; analysis: Analysis; verdict?: Verdict }
  | {
      kind: 'plan';
      plan: Plan;
      verdict: Verdict;
      analysis: Analysis;
      baseline: Baseline;
      approvalTimeoutMs: number;
      /** `observe` and `suggest` end here: recorded, told, not done. */
      mode: 'act' | 'observe' | 'suggest';
      /** Key of the chosen proposal. */
      key: string;
      /** Candidates that were passed over, with the reason. */
      passedOver: { action: string; reason: string }[];
      /** The write waits until then (RFC 3339), after the approval if there is to be one: a freeze is on, or no maintenance window is. */
      hold?: Hold;
      /** What else may be picked instead, best first. Nothing of it is proved by a dry run. */
      alternatives?: Alternative[];
      /** How people are asked. Absent: once, anybody who may decide. */
      asking?: Asking;
      /** With `compareWith`: what is different. */
      compared?: Comparison;
    };

export interface Asking {
  /** Milliseconds after the question, ascending. */
  remindAfterMs: number[];
  escalateAfterMs?: number;
  /** Names of channels. */
  escalateTo?: string[];
  /** Who may approve (policy.approvers). Absent: who may decide. */
  approvers?: string[];
}

export interface AssessRequest {
  remediationId: string;
  target: Target;
  problems: Problem[];
  steps: Step[];
  baseline: Baseline;
  actedAt: string;
}

export interface StepRequest {
  step: Step;
  actionId: string;
  mode: 'apply' | 'undo';
  /** Occurrences whose resolve arrived at the store means: do not write any more (C12). */
  problems: Pick<Problem, 'fingerprint' | 'startedAt'>[];
}

export interface StepReply {
  status: 'applied' | 'already_applied';
  detail: string;
}

/** One turn. Everything that decides is behind references: the same record makes the same prompt. */
export interface TurnRequest {
  evidenceRef: string;
  findings: Finding[];
  /** Absent: nothing was paid for before. */
  remediationId?: string;
  by?: Investigator;
  /** From 1. */
  turn?: number;
  /** References of `TranscriptEntry`, in order. */
  transcript?: string[];
  /** How many looks it may ask for; 0: this is its last answer. */
  mostAsks?: number;
  /** Of the prompt. */
  maxTokens?: number;
}

export interface TurnReply {
  proposals: Proposal[];
  template?: string;
  tokens: number;
  cost?: number;
  isEstimated?: true;
  asks?: ToolCall[];
  model?: string;
  promptRef?: string;
  answerRef?: string;
  turnRef?: string;
}

export interface InspectRequest {
  remediationId: string;
  evidenceRef: string;
  call: ToolCall;
}

export interface InspectReply {
  /** Of the `ToolEntry`. */
  ref: string;
  found: string;
  isError: boolean;
  isTruncated: boolean;
}

export type ToldKind = 'approval_requested' | 'approval_reminder' | 'approval_escalated' | 'approval_decided' | 'closed';

/** The activities that workflows call, apart from one per action (named by its id, `StepRequest` → `StepReply`). */
export interface StageActivities {
  enrich(input: { target: Target; problems: Problem[] }): Promise<{ evidenceRef: string; hasObject: boolean }>;
  diagnose(input: { evidenceRef: string }): Promise<{ findings: Finding[] }>;
  /** One turn of an investigation. Histories of older versions lack all that is optional here. */
  analyze(input: TurnRequest): Promise<TurnReply>;
  /** One look at the cluster that a model asked for. */
  inspect(input: InspectRequest): Promise<InspectReply>;
  makePlan(input: PlanRequest): Promise<PlanAnswer>;
  /** Whether a plan that waits for the end of a freeze still has to. */
  holdOf(input: { steps: Step[] }): Promise<{ hold?: Hold }>;
  assess(input: AssessRequest): Promise<Observation>;
  record(input: { remediation: Remediation; learn?: boolean }): Promise<void>;
  /** A temporary step came to its end: kept in the audit, and in the remediation when that is closed. */
  recordExpiry(input: { remediationId: string; rung: number; ordinal: number; status: 'undone' | 'dropped' | 'left'; detail: string }): Promise<void>;
  notify(input: { remediation: Remediation; kind: ToldKind; channel: string; occasion?: string }): Promise<void>;
}

/** Looks back, at what was recorded. */
export interface ReplayActivities {
  replay(input: ReplayInput): Promise<Replay>;
}
