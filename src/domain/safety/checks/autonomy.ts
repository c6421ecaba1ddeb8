import type { Check, SafetyFacts } from '../facts.js';
import { standingOf } from '../standing.js';
import { byRule, findingsOf, targetText } from './finding.js';

const { deny, ask } = findingsOf('autonomy');

/**
 * | level   | tier 0 | tiers 1, 2 | tier 3                                                       |
 * | observe | told   | denied     | denied                                                       |
 * | suggest | runs   | asks       | asks                                                         |
 * | approve | runs   | asks       | asks                                                         |
 * | auto    | runs   | runs       | asks, unless the action itself is set to auto or signed for  |
 *
 * A step that says why a person must look at it (`needsApproval`) asks at `auto` as well.
 */
export const autonomy: Check = (f) => {
  if (!f.step.isWriting) return [];
  const standing = standingOf(f);
  const { from, invalid } = standing;
  const what = `${f.step.action} on ${targetText(f)}`;
  if (f.policy.dryRun) return byRule(from, deny('autonomy_observe', `${what}: dry run, nothing is written`));
  if (invalid) return byRule(from, ask('autonomy_annotation', `${what}: ${invalid}`));
  return standing.autonomy === 'auto' ? atAuto(f, what, standing.mayTier3) : byRule(from, below(standing.autonomy, what, from));
};

function below(level: 'observe' | 'suggest' | 'approve', what: string, from: string) {
  if (level === 'observe') return deny('autonomy_observe', `${what}: the policy says to observe (${from})`);
  if (level === 'suggest') return ask('suggest_only', `${what}: the policy says to suggest; a person runs it (${from})`);
  return ask('approval_required', `${what}: the policy asks for approval (${from})`);
}

function atAuto({ step }: SafetyFacts, what: string, mayTier3: boolean) {
  if (step.needsApproval !== undefined) return ask('approval_required', `${what} needs a person: ${step.needsApproval}`);
  return step.tier === 3 && !mayTier3 ? byRule('tier 3', ask('tier_needs_approval', `${what} is tier 3: it needs approval`)) : [];
}

/** A model alone never acts: agreement with the analyzers is what lets it through (safety.md 2). */
export const modelOnly: Check = (f) =>
  f.step.isWriting && f.source === 'model' ? findingsOf('model_only').ask('model_only', `${f.step.action} on ${targetText(f)} was proposed by a model alone`) : [];
