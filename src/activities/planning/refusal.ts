import type { Proposal, SafetyFinding } from '../../domain/plan.js';

/** A candidate that cannot run, and why: told to people, and the reason for the outcome when none is left. */
export interface Refusal {
  proposal: Proposal;
  reason: string;
  findings: SafetyFinding[];
}
