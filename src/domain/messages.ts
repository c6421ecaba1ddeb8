import type { Horizon } from './effectiveness.js';
import type { Problem } from './evidence.js';
import type { InvestigationLimits } from './investigation.js';
import type { Outcome } from './remediation.js';
import type { Signal } from './signal.js';
import type { Target } from './target.js';

/** Names people type with the stock `temporal` CLI: short, stable, permanent. */
export const MESSAGES = {
  signalReceived: 'signalReceived',
  approve: 'approve',
  reject: 'reject',
  resolved: 'resolved',
  cancel: 'cancel',
  undo: 'undo',
  approveRemediation: 'approveRemediation',
  rejectRemediation: 'rejectRemediation',
  status: 'status',
  plan: 'plan',
  timeline: 'timeline',
} as const;

/** What each message is for, as the Temporal Web UI, `temporal workflow metadata` and docs/reference/messages.md show it. */
export const MESSAGE_DESCRIPTIONS: Readonly<Record<keyof typeof MESSAGES, string>> = {
  signalReceived: 'An alert on this target: fired, fired again or resolved. Sent by the gateway.',
  approve: 'approve the pending plan: {"by"?, "reason"?, "plan"?: hash or its first digits, "candidate"?: number or key, "parameters"?}. Without "plan" it is about the plan that waits now; with "candidate" or "parameters" about another way of the list, planned and checked first.',
  reject: 'reject the pending plan: {"by"?, "reason"?, "plan"?: hash or its first digits}. Without "plan" it is about the plan that waits now.',
  resolved: 'The trouble is over: {"fingerprint"?}. Without input every problem of this remediation is resolved.',
  cancel: 'Stop and undo what was applied: {"by"?, "reason"?}.',
  undo: 'Undo the applied steps while they are being verified: {"by"?, "reason"?}.',
  approveRemediation: 'approve the pending plan and learn at once whether that was accepted: {"by"?, "reason"?, "plan"?, "candidate"?: number or key, "parameters"?}. A pick is planned and checked before it answers.',
  rejectRemediation: 'reject the pending plan and learn at once whether that was accepted: {"by"?, "reason"?, "plan"?}.',
  status: 'The whole remediation as the API gives it.',
  plan: 'The current plan with every pinned write and its undo.',
  timeline: 'What happened when.',
};

export const WORKFLOW_TYPE = 'remediate';

/** Workflows that only look: they end in an answer and change nothing. Their ids begin with `analysis/`. */
export const LOOKING = { analyzeAlert: 'analyzeAlert', replayDecision: 'replayDecision' } as const;
export type Looking = keyof typeof LOOKING;

/** What would be done about an alert that nobody sent. */
export interface AnalyzeAlertInput {
  /** Stands where the id of a remediation would. */
  id: string;
  target: Target;
  problem: Problem;
  isCoLocated: boolean;
  hasModel: boolean;
  /** The rules decide alone when a model takes longer. */
  modelWithinMs: number;
}

export interface ReplayInput {
  remediationId: string;
  /** The artifact that is decided again. */
  decisionRef: string;
  /** What the investigation of then looked at and wrote down, for a model that is asked anew. */
  transcript?: string[];
  /** Asked anew. Default: the answers of then. */
  model?: string;
  /** A whole policy. Default: that of then. */
  policy?: unknown;
}

/** A person's decision. All members are optional so that a bare `temporal workflow signal --name approve` works where that is safe. */
export interface Decision {
  by?: string;
  reason?: string;
  /** The plan hash (or a prefix of ≥ 6 digits) this decision is about; a decision on an outdated plan is refused. */
  plan?: string;
  /** Another way than the plan that waits: its number in the list (1 is the plan itself) or its key. */
  candidate?: string | number;
  /** Laid over the parameters of the plan, or of that candidate; its schema and the policy bound them. */
  parameters?: Record<string, unknown>;
  /** How the person was known to the gateway; what comes straight through Temporal only claims to be somebody. */
  via?: ApprovalVia;
}

/** `identity`: a token of the identity provider. `token`: one that several may share. `link`: a signed page. `claim`: said, not shown. */
export const APPROVAL_VIAS = ['identity', 'token', 'link', 'claim'] as const;
export type ApprovalVia = (typeof APPROVAL_VIAS)[number];

/** `resolved` without a fingerprint resolves every problem. */
export interface Resolved {
  fingerprint?: string;
  at?: string;
}

export interface DecisionReply {
  accepted: true;
  remediationId: string;
  planHash: string;
  /** Key of the candidate that was picked instead. */
  picked?: string;
  /** What was picked needs another look: it is the plan that waits now, and runs when that one is approved. */
  waits?: string;
}

export interface TimelineEntry {
  at: string;
  phase: string;
  text: string;
  /** How long it took, where it is a thing that takes time. */
  durationMs?: number;
}

export interface RemediateInput {
  remediationId: string;
  target: Target;
  first: Signal;
  horizons: Horizon[];
  /** Does the process that runs the workflows also host the quick activities? Then they run as local ones (docs/decisions/0004). */
  isCoLocated: boolean;
  /** A model, or HolmesGPT, is there to be asked. */
  hasModel: boolean;
  /** What it may spend; what is absent has its default. */
  investigation?: Partial<InvestigationLimits>;
  /** Names of the configured channels. */
  channels: string[];
  /** Our API and Temporal's Web UI, for cards and notifications. */
  links: { api?: string; temporalUi?: string };
  /** Set where a remediation follows another on the same target at once: the other signals that wait, and whom it follows. */
  others?: Signal[];
  follows?: string;
  /** Set by continue-as-new only: the run's whole state, plain JSON. */
  carried?: unknown;
}

export interface RemediateResult {
  remediationId: string;
  outcome: Outcome;
  reason?: string;
}
