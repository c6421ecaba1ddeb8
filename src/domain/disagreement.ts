import type { Proposal } from './plan.js';
import { isSameProposal } from './ranking.js';

export interface ModelView {
  /** A model was asked and came to an end of its own: silence after an outage or a used-up budget says nothing. */
  isAnswered: boolean;
  /** What it proposes and was not tried yet. */
  proposals: readonly Proposal[];
  /** It proposed something at all, tried or not. */
  hasProposed: boolean;
}

/** Rules this sure act although a model sees nothing to do. */
const SURE = 0.9;
/** Telling somebody is not acting. */
const TELLING = ['notify_only', 'no_action'];

/**
 * Why a person must look: the model would do something else first, or nothing at all where the rules are only fairly sure
 * (safety.md 2: disagreement forces approval). `chosen`: all that the candidate would do. What a model alone proposes is
 * the business of `model_only`.
 */
export function disagreementAbout(chosen: readonly Proposal[], { isAnswered, proposals, hasProposed }: ModelView): string | undefined {
  const fromRules = chosen.filter((p) => p.source !== 'model');
  if (!isAnswered || fromRules.length === 0) return undefined;
  const [first] = [...proposals].sort((a, b) => b.confidence - a.confidence);
  if (first && TELLING.includes(first.action)) return unsure(fromRules, `${first.by} would only tell a person: ${first.reason}`);
  if (first) return chosen.some((p) => isSameProposal(p, first)) ? undefined : `${first.by} would rather do ${first.action} on ${first.target.kind} ${first.target.name}: ${first.reason}`;
  return hasProposed ? undefined : unsure(fromRules, 'the model sees nothing to do');
}

const unsure = (fromRules: readonly Proposal[], why: string): string | undefined => (fromRules.some((p) => p.confidence >= SURE) ? undefined : why);
