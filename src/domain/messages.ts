import type { Horizon } from './effectiveness.js';
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

export const WORKFLOW_TYPE = 'remediate';

/** A person's decision. All members are optional so that a bare `temporal workflow signal --name approve` works where that is safe. */
export interface Decision {
  by?: string;
  reason?: string;
  /** The plan hash (or a prefix of ≥ 6 digits) this decision is about; a decision on an outdated plan is refused. */
  plan?: string;
}

/** `resolved` without a fingerprint resolves every problem. */
export interface Resolved {
  fingerprint?: string;
  at?: string;
}

export interface DecisionReply {
  accepted: true;
  remediationId: string;
  planHash: string;
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
  hasModel: boolean;
  /** Names of the configured channels. */
  channels: string[];
  /** Our API and Temporal's Web UI, for cards and notifications. */
  links: { api?: string; temporalUi?: string };
  /** Set by continue-as-new only: the run's whole state, plain JSON. */
  carried?: unknown;
}

export interface RemediateResult {
  remediationId: string;
  outcome: Outcome;
  reason?: string;
}
