import type { Remediation } from '../contracts/remediation.js';
import type { AnalyzeAlertInput, Decision, DecisionReply, RemediateInput, ReplayInput } from '../domain/messages.js';
import type { Signal } from '../domain/signal.js';

/** One remediation: the workflow of its target may since have started another one. */
export interface RemediationRef {
  workflowId: string;
  remediationId: string;
}

export type LookRequest = { id: string; summary: string } & ({ type: 'analyzeAlert'; input: AnalyzeAlertInput } | { type: 'replayDecision'; input: ReplayInput });

/**
 * What the gateway needs of Temporal. Every method throws `TemporalUnavailable` when the server is out of reach;
 * the methods about one remediation throw `Conflict` when it is closed.
 */
export interface TemporalGateway {
  /**
   * Starts the remediation with its first signal, or hands the signal to the one that is running. Answers after Temporal has it.
   * `startDelayMs` holds back what it starts; whatever is not held back ends that. `isFree`: probably nothing runs there.
   */
  dispatch(input: RemediateInput, options?: { startDelayMs?: number; isFree?: boolean }): Promise<{ started: boolean; runId: string }>;
  /** Hands a signal to whatever runs under this workflow id and starts nothing; undefined when nothing is open. */
  join(workflowId: string, signal: Signal): Promise<{ remediationId?: string } | undefined>;
  /** Which remediation a workflow id is about now. */
  remediationOf(workflowId: string, runId?: string): Promise<{ remediationId?: string; isOpen: boolean } | undefined>;
  /** The live document; undefined when it is closed or no worker answers in time. */
  status(ref: RemediationRef): Promise<Remediation | undefined>;
  /** Throws `Conflict` with the workflow's own reason when it is not accepted. */
  decide(ref: RemediationRef, kind: 'approve' | 'reject', decision: Decision): Promise<DecisionReply>;
  tell(ref: RemediationRef, what: 'cancel' | 'undo', decision: Decision): Promise<void>;
  /**
   * Runs a workflow that only looks and waits for what it says. Throws `Overloaded` when that takes longer than `withinMs` (it is
   * ended then), and what the workflow itself failed with.
   */
  look(what: LookRequest, withinMs: number): Promise<unknown>;
  /** Resolves when the server answers, within a second or so. */
  ping(): Promise<void>;
}
