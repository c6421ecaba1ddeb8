import type { ObjectRef } from './kube.js';
import type { Proposal } from './plan.js';
import { canonicalJson } from './sha256.js';

/** Why an investigation ended. Every one of them leaves what was found and proposed so far. */
export const ENDINGS = ['answered', 'turns', 'tools', 'tokens', 'cost', 'time', 'resolved', 'failed'] as const;
export type Ending = (typeof ENDINGS)[number];

/** Who looks for the cause. HolmesGPT has tools of its own and is asked once; a model is led through ours. */
export type Investigator = 'holmes' | 'model';

/** What one remediation may spend on looking for the cause. Enforced by the workflow. */
export interface InvestigationLimits {
  /** Answers. */
  turns: number;
  /** Looks at the cluster, repeats included. */
  tools: number;
  /** In and out, all turns. */
  tokens: number;
  /** USD; where the price is not known it limits nothing. Absent: no limit. */
  cost?: number;
  /** Wall clock of all, and of one answer including its retries. */
  timeMs: number;
  turnMs: number;
  /** Of one prompt. */
  promptTokens: number;
  /** Asked in this order until one answers. */
  investigators: Investigator[];
  /** One answer of HolmesGPT. */
  holmesMs: number;
}

/** Of `kubernaut.yaml`, and of histories that were begun before there was an investigation. */
export const INVESTIGATION_LIMITS: InvestigationLimits = {
  turns: 6, tools: 12, tokens: 100_000, timeMs: 600_000, turnMs: 300_000, promptTokens: 16_000, investigators: ['model'], holmesMs: 300_000,
};

/** More than these side by side tell a model nothing that it could not ask for in its next turn. */
export const MOST_CALLS_PER_TURN = 4;

/** One look at the cluster that a model asked for; the object is one that enrichment read. */
export interface ToolCall {
  tool: string;
  targetId: string;
  target: ObjectRef & { uid?: string };
  args: Record<string, unknown>;
  /** `describe deployment shop/api`: what the Web UI, the card and the timeline show. */
  summary: string;
}

/** Equal for calls that would look at the same thing in the same way. */
export const keyOfCall = ({ tool, target, args }: ToolCall): string =>
  canonicalJson([tool, target.uid ?? `${target.kind}/${target.namespace ?? ''}/${target.name}`, args]);

/** One answer of the model, as it is kept: the next turn reads it from the store. */
export interface TurnEntry {
  kind: 'turn';
  turn: number;
  model: string;
  promptRef: string;
  answerRef: string;
  /** Redacted. */
  reasoning: string;
  asks: ToolCall[];
  proposals: Proposal[];
  template?: string;
}

/** What one look found, as it is kept. Everything in it is untrusted and redacted. */
export interface ToolEntry {
  kind: 'tool';
  call: ToolCall;
  at: string;
  /** One line for people. */
  found: string;
  result?: unknown;
  /** What was left out of the result, in words. */
  truncated?: string;
  /** An error is an answer too: the model may try something else. */
  error?: { code: string; message: string };
}

export type TranscriptEntry = TurnEntry | ToolEntry;
