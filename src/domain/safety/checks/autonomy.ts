import { namespaceOf } from '../../target.js';
import type { Check, SafetyFacts } from '../facts.js';
import { findingsOf, targetText } from './finding.js';

const { deny, ask } = findingsOf('autonomy');

/**
 * | level   | tier 0 | tiers 1, 2 | tier 3                                       |
 * | observe | told   | denied     | denied                                       |
 * | suggest | runs   | asks       | asks                                         |
 * | approve | runs   | asks       | asks                                         |
 * | auto    | runs   | runs       | asks, unless the action itself is set to auto |
 *
 * A step that says why a person must look at it (`needsApproval`) asks at `auto` as well.
 */
export const autonomy: Check = (f) => {
  if (!f.step.isWriting) return [];
  const what = `${f.step.action} on ${targetText(f)}`;
  if (f.policy.dryRun) return deny('autonomy_observe', `${what}: dry run, nothing is written`);
  switch (f.scope.autonomy) {
    case 'observe':
      return deny('autonomy_observe', `${what}: the policy says to observe`);
    case 'suggest':
      return ask('suggest_only', `${what}: the policy says to suggest; a person runs it`);
    case 'approve':
      return ask('approval_required', `${what}: the policy asks for approval`);
    case 'auto':
      if (f.step.needsApproval !== undefined) return ask('approval_required', `${what} needs a person: ${f.step.needsApproval}`);
      return f.step.tier === 3 && !isExplicitlyAuto(f) ? ask('tier_needs_approval', `${what} is tier 3: it needs approval`) : [];
  }
};

/** Tier 3 runs by itself only where somebody wrote `auto` beside that very action. */
const isExplicitlyAuto = ({ policy, step }: SafetyFacts): boolean => {
  const own = policy.namespaces[namespaceOf(step.target) ?? '']?.actions?.[step.action]?.autonomy;
  return (own ?? policy.actions[step.action]?.autonomy) === 'auto';
};

/** A model alone never acts: agreement with the analyzers is what lets it through (safety.md 2). */
export const modelOnly: Check = (f) =>
  f.step.isWriting && f.source === 'model' ? findingsOf('model_only').ask('model_only', `${f.step.action} on ${targetText(f)} was proposed by a model alone`) : [];
