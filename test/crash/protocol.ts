import type { PlanAnswer } from '../../src/activities/contract.js';

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
