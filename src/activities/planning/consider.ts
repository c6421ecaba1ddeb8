import type { Candidate, CandidateStep } from '../../domain/arrange.js';
import { isDisruptive } from '../../domain/disruption-budget.js';
import type { World } from '../../domain/kube.js';
import type { SafetyFinding, Step, Verdict } from '../../domain/plan.js';
import { mustAsk, type PolicyAnswers, type PolicyReading } from '../../domain/policy-facts.js';
import type { WindowHold } from '../../domain/policy-window.js';
import { isSameObject } from '../../domain/target.js';
import type { PlanStep } from '../plan-step.js';
import { askedKeyOf, pastKeyOf, trialKeyOf, type DecisionInput, type Wants } from './input.js';
import { judge, type Judged } from './judge.js';
import type { Mode } from './mode.js';
import type { Refusal } from './refusal.js';
import { stepOf } from './step.js';

export interface Considering {
  input: DecisionInput;
  world: World;
  candidate: Candidate;
  planStep: PlanStep;
  reading: PolicyReading;
}

export interface Possible {
  steps: Step[];
  verdict: Verdict;
  modes: Mode[];
  approvalTimeouts: string[];
  /** Who may approve each step, where the policy says so. */
  scopeApprovers: (string[] | undefined)[];
  /** What the write has to wait for: of several steps the longest. */
  hold?: WindowHold & { until: string };
}

/**
 * A candidate is possible when every step of it is; an optional one that is not is left out, and nothing waits for it.
 * Facts that are not there yet come back as wants.
 */
export function consider(c: Considering): Possible | Refusal | Wants {
  const possible: Judged[] = [];
  const wants: Wants = { past: [], trials: [] };
  for (const part of c.candidate.steps) {
    const considered = considerStep(c, part, possible);
    if (isRefusal(considered)) {
      // what stands before it is heard first: the reason for people is the first one
      if (!part.isOptional) return isEmpty(wants) ? considered : wants;
    } else if ('step' in considered) possible.push(considered);
    else add(wants, considered);
  }
  return isEmpty(wants) ? together(possible) : wants;
}

const isEmpty = ({ past, trials, asked = [] }: Wants): boolean => past.length + trials.length + asked.length === 0;

function add(wants: Wants, { past, trials, asked }: Wants): void {
  wants.past.push(...past);
  wants.trials.push(...trials);
  if (asked) wants.asked = [...(wants.asked ?? []), ...asked];
}

const isRefusal = (made: object): made is Refusal => 'proposal' in made;

function considerStep({ input, world, planStep, reading, candidate }: Considering, part: CandidateStep, before: readonly Judged[]): Judged | Refusal | Wants {
  const { proposal } = part;
  const step = stepOf(planStep, input, part);
  if (isRefusal(step)) return step;
  const history = input.facts.past[pastKeyOf(step.target)];
  if (!history) return { past: [step.target], trials: [] };
  const judging = { input, world, reading, step, proposal, history, chosen: candidate.steps.map((s) => s.proposal) };
  const alone = judge(judging);
  const refusal = refusalOf(alone);
  if (refusal) return { proposal, ...refusal };
  const answers = answersTo(input, alone);
  if (answers === 'wanted') return { past: [], trials: [], asked: [{ step, view: alone.policyFacts.view }] };
  const judged = answers ? judge({ ...judging, answers: withEarlier(answers, step, before) }) : alone;
  return tried(input, judged, proposal);
}

function tried(input: DecisionInput, judged: Judged, proposal: Refusal['proposal']): Judged | Refusal | Wants {
  const refusal = refusalOf(judged);
  if (refusal) return { proposal, ...refusal };
  if (judged.mode !== 'act' || input.facts.isUntried) return judged;
  const trial = input.facts.trials[trialKeyOf(judged.step)];
  if (!trial) return { past: [], trials: [judged.step] };
  return trial.isAccepted ? judged : { proposal, reason: trial.message, findings: [] };
}

function refusalOf({ findings }: Judged): Omit<Refusal, 'proposal'> | undefined {
  const blocking = findings.filter((f) => f.severity === 'deny' && f.reason !== 'autonomy_observe');
  return blocking.length > 0 ? { reason: blocking.map((f) => f.message).join('; '), findings: blocking } : undefined;
}

/** Nobody is asked about what is only recorded or told anyway. */
function answersTo(input: DecisionInput, { step, mode, policyFacts }: Judged): PolicyAnswers | 'wanted' | undefined {
  if (mode !== 'act' || !mustAsk(input.policy, step)) return undefined;
  return input.facts.asked?.[askedKeyOf({ step, view: policyFacts.view })] ?? (input.facts.isUntried ? undefined : 'wanted');
}

/** The steps of a plan use up one budget together. */
function withEarlier(answers: PolicyAnswers, step: Step, before: readonly Judged[]): PolicyAnswers {
  if (!answers.disruptions) return answers;
  const earlier = before.map((b) => b.step).filter(isDisruptive);
  const { namespaceHour, clusterDay, workloadDay } = answers.disruptions;
  return {
    ...answers,
    disruptions: {
      namespaceHour: namespaceHour + earlier.filter((s) => s.target.namespace === step.target.namespace).length,
      clusterDay: clusterDay + earlier.length,
      workloadDay: workloadDay + earlier.filter((s) => isSameObject(s.target, step.target)).length,
    },
  };
}

function together(possible: readonly Judged[]): Possible {
  const kept = new Set(possible.map(({ step }) => step.ordinal));
  const findings = distinct(possible.flatMap((p) => p.findings));
  const decision = findings.some((f) => f.severity === 'deny') ? 'deny' : findings.some((f) => f.severity === 'ask') ? 'ask' : 'allow';
  const approvers = [...new Set(possible.flatMap((p) => p.approvers))];
  const hold = longest(possible.flatMap((p) => (p.policyFacts.hold ? [p.policyFacts.hold] : [])));
  return {
    steps: possible.map(({ step }) => ({ ...step, ...(step.needs ? { needs: step.needs.filter((n) => kept.has(n)) } : {}) })),
    verdict: { decision, findings, rules: possible.flatMap((p) => p.rules), ...(approvers.length > 0 ? { approvers } : {}) },
    modes: possible.map((p) => p.mode),
    approvalTimeouts: possible.map((p) => p.approvalTimeout),
    scopeApprovers: possible.map((p) => p.scopeApprovers),
    ...(hold ? { hold } : {}),
  };
}

function longest(holds: readonly WindowHold[]): (WindowHold & { until: string }) | undefined {
  const waits = holds.filter((h): h is WindowHold & { until: string } => h.effect === 'wait' && h.until !== undefined);
  return waits.reduce<(WindowHold & { until: string }) | undefined>((a, b) => (a === undefined || b.until > a.until ? b : a), undefined);
}

const distinct = (findings: readonly SafetyFinding[]): SafetyFinding[] =>
  findings.filter((f, i) => findings.findIndex((g) => g.check === f.check && g.reason === f.reason && g.message === f.message) === i);
