import type { Problem } from './evidence.js';
import type { Horizon } from './effectiveness.js';
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
  /** Whether the process that runs the workflows also hosts the reading activities: then they run as local activities (docs/decisions/0004). */
  isCoLocated: boolean;
  /** How long a converging action may take at the most, ms. */
  actionTimeoutMs: number;
  hasModel: boolean;
  /** Link back into our API, for cards and notifications. */
  selfUrl?: string;
  /** Set by continue-as-new only. */
  carried?: CarriedState;
}

export interface CarriedState {
  startedAt: string;
  problems: Problem[];
  timeline: TimelineEntry[];
  tried: string[];
  state: unknown;
}
