import { keyOf } from '../../domain/arrange.js';
import { disagreementAbout, type ModelView } from '../../domain/disagreement.js';
import type { PastAction } from '../../domain/evidence.js';
import type { World } from '../../domain/kube.js';
import type { Proposal, Step, Verdict } from '../../domain/plan.js';
import { evaluateSafety } from '../../domain/safety/chain.js';
import type { DecisionInput } from './input.js';
import { scopeOf } from './mode.js';

export interface Judging {
  input: DecisionInput;
  world: World;
  step: Step;
  proposal: Proposal;
  history: PastAction[];
  /** All that the candidate would do. */
  chosen: readonly Proposal[];
}

/** The safety chain over one step. */
export function judge({ input, world, step, proposal, history, chosen }: Judging): Verdict {
  const disagreement = disagreementAbout(chosen, modelViewOf(input));
  return evaluateSafety({
    now: input.now,
    target: input.request.target,
    step,
    world,
    problems: input.request.problems,
    history,
    policy: input.policy,
    scope: scopeOf(input, step),
    groundedUids: new Set(input.evidence.objects.map((o) => o.metadata.uid ?? '')),
    source: proposal.source,
    confidence: proposal.confidence,
    ...(disagreement === undefined ? {} : { disagreement }),
    ...(input.storm ? { storm: input.storm } : {}),
  });
}

const modelViewOf = ({ request: { isAnswered = false, proposals, tried } }: DecisionInput): ModelView => ({
  isAnswered, hasProposed: proposals.length > 0, proposals: proposals.filter((p) => !tried.includes(keyOf(p))),
});
