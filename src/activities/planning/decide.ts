import type { Evidence } from '../../domain/evidence.js';
import { worldOf, type World } from '../../domain/kube.js';
import type { PolicyReading } from '../../domain/policy-facts.js';
import { rank } from '../../domain/ranking.js';
import type { PlanAnswer } from '../contract.js';
import type { PlanStep } from '../plan-step.js';
import { analysisOf } from './analysis.js';
import { candidatesOf, type Locate } from './candidates.js';
import { allRefused, nothingToDo, pickRefused } from './conclude.js';
import { consider } from './consider.js';
import type { DecisionInput, Wants } from './input.js';
import { picked } from './pick.js';
import { propose } from './propose.js';
import type { Refusal } from './refusal.js';

export interface Rules {
  planStep: PlanStep;
  reading: PolicyReading;
  locate?: Locate;
}

/** Either the answer, or the facts it lacks: they are read, put into the input, and the decision is made again from the start. */
export type Decided = { answer: PlanAnswer } | { wants: Wants };

export type Decide = (input: DecisionInput) => Decided;

/**
 * Ranks what analyzers and model propose, makes the first candidate that is possible absolute, proves it by the safety chain
 * and by what the API server said of it. Pure: nothing is read but the input, so a recorded decision can be made again.
 *
 *     input ──► rank ──► arrange ──► first candidate that stands ──► answer
 *       ▲                                   │ lacks a fact
 *       └──────── read, recorded ◄── wants ─┘
 */
export function createDecide({ planStep, reading, locate = () => undefined }: Rules): Decide {
  const worlds = new WeakMap<Evidence, World>();
  const worldFor = (evidence: Evidence): World => {
    const known = worlds.get(evidence) ?? worldOf(evidence.objects);
    worlds.set(evidence, known);
    return known;
  };
  return (input) => {
    const { request } = input;
    const world = worldFor(input.evidence);
    const ranking = rank(request.findings, request.proposals, input.measured);
    const analysis = analysisOf(input, ranking);
    const candidates = candidatesOf(input, ranking, locate);
    const refusals: Refusal[] = [];
    const refused = new Set<string>();
    for (const candidate of picked(candidates, request)) {
      const considering = { input, world, candidate, planStep, reading };
      const considered = consider(considering);
      if ('trials' in considered) return { wants: considered };
      if ('steps' in considered) return { answer: propose(considering, considered, { analysis, refusals, candidates, refused }) };
      refusals.push(considered);
      refused.add(candidate.key);
    }
    if (request.pick) return { answer: pickRefused(request.pick.key, refusals, analysis) };
    return { answer: candidates.length === 0 ? nothingToDo(ranking, request, analysis) : allRefused(refusals, analysis) };
  };
}
