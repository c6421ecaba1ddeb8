import { KubernautError } from './errors.js';

export const PHASES = [
  'received', 'enriching', 'analyzing', 'planning', 'validating', 'awaiting_approval', 'executing', 'verifying', 'rolling_back', 'closed',
] as const;
export type Phase = (typeof PHASES)[number];

export const OUTCOMES = [
  'fixed', 'improved', 'no_effect', 'rolled_back', 'inconclusive', 'no_action_needed', 'already_resolved', 'observed',
  'notified', 'denied', 'expired', 'escalated', 'cancelled', 'failed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * received → enriching → analyzing → planning → validating → (awaiting_approval) → executing → verifying → closed
 * awaiting_approval goes back to validating: the world may have moved while a person thought about it.
 * planning goes back to enriching while a rollout is still moving: too early to judge.
 * awaiting_approval goes back to validating when what was approved has to wait for the end of a freeze.
 * rolling_back is reached from executing and verifying; the next rung of a ladder starts again at enriching.
 */
const NEXT: Record<Phase, readonly Phase[]> = {
  received: ['enriching', 'closed'],
  enriching: ['analyzing', 'closed'],
  analyzing: ['planning', 'closed'],
  planning: ['validating', 'enriching', 'closed'],
  validating: ['awaiting_approval', 'executing', 'enriching', 'closed'],
  awaiting_approval: ['validating', 'executing', 'enriching', 'closed'],
  executing: ['verifying', 'rolling_back', 'enriching', 'closed'],
  verifying: ['rolling_back', 'enriching', 'closed'],
  rolling_back: ['enriching', 'closed'],
  closed: [],
};

export const canMove = (from: Phase, to: Phase): boolean => NEXT[from].includes(to);

/** The only way a remediation's phase changes. Throws on a move that the table does not know. */
export function transition(from: Phase, to: Phase): Phase {
  if (!canMove(from, to)) throw new KubernautError('Internal', `a remediation cannot go from ${from} to ${to}`);
  return to;
}

/** Outcomes after which the cluster differs from before because of us. */
export const isChanging = (outcome: Outcome): boolean => ['fixed', 'improved', 'no_effect', 'inconclusive'].includes(outcome);
