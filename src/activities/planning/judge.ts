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
}

/** The safety chain over one step. */
export const judge = ({ input, world, step, proposal, history }: Judging): Verdict =>
  evaluateSafety({
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
    ...(input.storm ? { storm: input.storm } : {}),
  });
