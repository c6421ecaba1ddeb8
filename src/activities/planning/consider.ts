import type { Candidate, CandidateStep } from '../../domain/arrange.js';
import type { World } from '../../domain/kube.js';
import type { SafetyFinding, Step, Verdict } from '../../domain/plan.js';
import type { PlanStep } from '../plan-step.js';
import { pastKeyOf, trialKeyOf, type DecisionInput, type Wants } from './input.js';
import { judge } from './judge.js';
import { modeOf } from './mode.js';
import type { Refusal } from './refusal.js';
import { stepOf } from './step.js';

export interface Considering {
  input: DecisionInput;
  world: World;
  candidate: Candidate;
  planStep: PlanStep;
}

export interface Possible {
  steps: Step[];
  verdict: Verdict;
}

interface Judged {
  step: Step;
  findings: SafetyFinding[];
}

/**
 * A candidate is possible when every step of it is; an optional one that is not is left out, and nothing waits for it.
 * Facts that are not there yet come back as wants.
 */
export function consider(c: Considering): Possible | Refusal | Wants {
  const possible: Judged[] = [];
  const wants: Wants = { past: [], trials: [] };
  for (const part of c.candidate.steps) {
    const considered = considerStep(c, part);
    if (isRefusal(considered)) {
      // what stands before it is heard first: the reason for people is the first one
      if (!part.isOptional) return isEmpty(wants) ? considered : wants;
    } else if ('step' in considered) possible.push(considered);
    else add(wants, considered);
  }
  return isEmpty(wants) ? together(possible) : wants;
}

const isEmpty = ({ past, trials }: Wants): boolean => past.length + trials.length === 0;

function add(wants: Wants, { past, trials }: Wants): void {
  wants.past.push(...past);
  wants.trials.push(...trials);
}

const isRefusal = (made: object): made is Refusal => 'proposal' in made;

function considerStep({ input, world, planStep, candidate }: Considering, part: CandidateStep): Judged | Refusal | Wants {
  const { proposal } = part;
  const step = stepOf(planStep, input, part);
  if (isRefusal(step)) return step;
  const history = input.facts.past[pastKeyOf(step.target)];
  if (!history) return { past: [step.target], trials: [] };
  const { findings } = judge({ input, world, step, proposal, history, chosen: candidate.steps.map((s) => s.proposal) });
  const blocking = findings.filter((f) => f.severity === 'deny' && f.reason !== 'autonomy_observe');
  if (blocking.length > 0) return { proposal, reason: blocking.map((f) => f.message).join('; '), findings: blocking };
  if (modeOf(input, step) !== 'act' || input.facts.isUntried) return { step, findings };
  const trial = input.facts.trials[trialKeyOf(step)];
  if (!trial) return { past: [], trials: [step] };
  return trial.isAccepted ? { step, findings } : { proposal, reason: trial.message, findings: [] };
}

function together(possible: readonly Judged[]): Possible {
  const kept = new Set(possible.map(({ step }) => step.ordinal));
  const findings = distinct(possible.flatMap((p) => p.findings));
  const decision = findings.some((f) => f.severity === 'deny') ? 'deny' : findings.some((f) => f.severity === 'ask') ? 'ask' : 'allow';
  return { steps: possible.map(({ step }) => ({ ...step, ...(step.needs ? { needs: step.needs.filter((n) => kept.has(n)) } : {}) })), verdict: { decision, findings } };
}

const distinct = (findings: readonly SafetyFinding[]): SafetyFinding[] =>
  findings.filter((f, i) => findings.findIndex((g) => g.check === f.check && g.reason === f.reason && g.message === f.message) === i);
