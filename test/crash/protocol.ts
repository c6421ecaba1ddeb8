import type { PlanAnswer } from '../../src/activities/contract.js';
import type { Evidence } from '../../src/domain/evidence.js';

/** What the parent writes for a worker process to read. */
export interface WorkerSettings {
  temporal: { address: string; namespace: string };
  /** Of who reads, and of who writes. */
  kubeconfig: string;
  executor: string;
  /** By workflow id. */
  plans: Record<string, PlanAnswer>;
  /** Workflow ids whose effect is found harmful, so that they are undone. */
  harmful: string[];
}

/** A worker process asks whether it may go on; the answer is the id. */
export interface Asked {
  id: number;
  at: 'starting' | 'converging' | 'reporting';
  workflowId: string;
  mode: 'apply' | 'undo';
}

/** The same for a worker that investigates. */
export interface InvestigatorSettings {
  temporal: { address: string; namespace: string };
  /** Base URL of a chat completions server. */
  model: string;
  /** Folder that outlives the process. */
  artifacts: string;
  /** By workflow id. */
  evidence: Record<string, Evidence>;
}

/** `looking`: for the count alone, nobody answers. */
export interface InvestigatorAsked {
  id: number;
  at: 'starting' | 'reporting' | 'looking';
  /** `turn 2`, or the tool. */
  call: string;
  workflowId: string;
}
