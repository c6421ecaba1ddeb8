import type { PlanAnswer } from '../contract.js';
import type { Decide } from './decide.js';
import { askedKeyOf, pastKeyOf, trialKeyOf, type DecisionInput, type Facts, type Wants } from './input.js';

const MOST_ROUNDS = 50;

export interface Redecided {
  answer: PlanAnswer;
  /** Facts that nobody recorded, and what they were taken to be. */
  unknown: string[];
}

/**
 * A recorded decision made again, perhaps with other findings, another model's proposals or another policy. Nothing is read:
 * what such a decision wants to know and was not recorded is taken to be harmless, and named.
 */
export function redecide(decide: Decide, input: DecisionInput, unknown: string[] = []): Redecided {
  const decided = decide(input);
  if ('answer' in decided) return { answer: decided.answer, unknown };
  if (unknown.length >= MOST_ROUNDS) throw new Error('a decision wants facts without end');
  return redecide(decide, { ...input, facts: assumed(input.facts, decided.wants) }, [...unknown, ...unknownOf(decided.wants)]);
}

const assumed = (facts: Facts, { past, trials, asked = [] }: Wants): Facts => ({
  ...facts,
  past: { ...facts.past, ...Object.fromEntries(past.map((t) => [pastKeyOf(t), []])) },
  trials: { ...facts.trials, ...Object.fromEntries(trials.map((s) => [trialKeyOf(s), { isAccepted: true as const }])) },
  ...(asked.length > 0 ? { asked: { ...facts.asked, ...Object.fromEntries(asked.map((a) => [askedKeyOf(a), {}])) } } : {}),
});

const unknownOf = ({ past, trials, asked = [] }: Wants): string[] => [
  ...past.map((t) => `what was done to ${t.kind} ${t.name} before: taken as nothing`),
  ...trials.map((s) => `whether the API server would take "${s.summary}": taken as yes`),
  ...asked.map(({ step }) => `what budgets and the policy server say of "${step.summary}": taken as nothing against it`),
];
