import type { Asking, Baseline, Hold } from '../activities/contract.js';
import type { Alternative, Remediation } from '../contracts/remediation.js';
import type { ApprovedPlan } from '../domain/approved-plan.js';
import type { Problem } from '../domain/evidence.js';
import type { Decision, RemediateInput } from '../domain/messages.js';
import type { Plan } from '../domain/plan.js';
import type { Asked, Comparison } from '../domain/plan-diff.js';
import type { Signal } from '../domain/signal.js';
import { workflowIdOf } from '../domain/target.js';
import type { Investigated } from './investigate.js';
import type { Picking } from './picking.js';

/** Where the run stands between waits. Each stage is a function in its own file that returns the next one. */
export type Stage = 'decide' | 'approve' | 'hold' | 'revalidate' | 'execute' | 'verify' | 'closed';

/** All a run knows: plain JSON, since continue-as-new carries it whole. */
export interface State {
  stage: Stage;
  doc: Remediation;
  problems: Problem[];
  /** Proposals that were tried or refused in this remediation, by key: a ladder never climbs the same rung twice. */
  tried: string[];
  rung: number;
  /** How often the world moved between plan and write. */
  replans: number;
  /** How often it was too early to judge. */
  looks: number;
  plan?: Plan;
  baseline?: Baseline;
  approvalTimeoutMs?: number;
  /** Key of the candidate that is the plan. */
  key?: string;
  /** What the model proposed at the last reading: enough to plan one of it again. */
  proposed?: Omit<Investigated, 'investigation'>;
  asking?: Asking;
  alternatives?: Alternative[];
  /** What people were asked about before, when they are asked again, and why they are. */
  before?: { asked: Asked; why: string };
  compared?: Comparison;
  /** How often people were asked. */
  rounds: number;
  picking?: Picking;
  /** Ordinals of the steps of the current plan that were applied, in order. */
  applied: number[];
  verifying?: { actedAt: string; next: number };
  /** What the write of the current plan has to wait for. */
  hold?: Hold;
  /** The plan that a person approved before such a wait. */
  approved?: ApprovedPlan;
  /** Windows that a person ended for this remediation, by name. */
  overridden?: string[];
  decision?: Decision & { kind: 'approve' | 'reject' };
  cancel?: Decision;
  undo?: Decision;
  /** Signals that fired since the cluster was last read; `isLate`: after the outcome was decided. */
  unread: { signal: Signal; isLate: boolean }[];
}

export function newState(input: RemediateInput, now: string, runId: string): State {
  const { target, first } = input;
  const others = input.others ?? [];
  const opening = input.follows ? `, after ${input.follows}` : '';
  return {
    stage: 'decide',
    problems: [first, ...others].map(problemOf),
    unread: [],
    tried: [],
    rung: 0,
    replans: 0,
    looks: 0,
    rounds: 0,
    applied: [],
    doc: {
      id: input.remediationId,
      workflow_id: workflowIdOf(target),
      run_id: runId,
      cluster: target.cluster,
      target,
      phase: 'received',
      severity: first.severity,
      problems: [],
      assessments: [],
      timeline: [{ at: now, phase: 'received', text: `${first.alert} from ${first.source}${opening}` }],
      usage: { tokens: 0, api_requests: 0 },
      started_at: now,
      links: linksOf(input, runId),
      revision: 0,
    },
  };
}

export const linksOf = ({ links, remediationId, target }: RemediateInput, runId: string): Remediation['links'] => ({
  ...(links.api ? { self: `${links.api}/api/v1/remediations/${remediationId}` } : {}),
  ...(links.temporalUi ? { temporal: `${links.temporalUi}/workflows/${encodeURIComponent(workflowIdOf(target))}/${runId}` } : {}),
});

const problemOf = (s: Signal): Problem => ({
  fingerprint: s.fingerprint,
  alert: s.alert,
  severity: s.severity,
  status: 'firing',
  startedAt: s.startsAt,
  refires: 0,
  labels: s.labels,
  annotations: s.annotations,
  ...(s.symptomOn ? { symptomOn: s.symptomOn } : {}),
});

/** A workload of a thousand pods has thousands of alerts: beyond these they are kept by name, or no payload would hold them. */
const MOST_DETAILED = 50;

/**
 * A signal that arrived at the running remediation. Repeats change nothing: at-least-once delivery is absorbed here.
 * Returns what happened in words, or undefined for a repeat.
 */
export function join(problems: Problem[], signal: Signal): string | undefined {
  const known = problems.find((p) => p.fingerprint === signal.fingerprint);
  if (signal.status === 'resolved') return known && resolve(known, signal.startsAt, signal.endsAt ?? signal.receivedAt);
  return known ? fireAgain(known, signal) : add(problems, signal);
}

function add(problems: Problem[], signal: Signal): string {
  const problem = problemOf(signal);
  problems.push(problems.length < MOST_DETAILED ? problem : { ...problem, labels: {}, annotations: {} });
  return `joined by ${signal.alert}${signal.symptomOn ? ` of ${signal.symptomOn}, a probable symptom` : ''}`;
}

/** Another occurrence. An older one than the one we know is late news, and the same one is a repeat. */
function fireAgain(known: Problem, { alert, startsAt }: Signal): string | undefined {
  if (startsAt <= known.startedAt) return undefined;
  const isRefire = known.status === 'resolved';
  Object.assign(known, { status: 'firing', startedAt: startsAt, resolvedAt: undefined, refires: known.refires + (isRefire ? 1 : 0) });
  return isRefire ? `${alert} fires again` : `${alert} fires since ${startsAt}`;
}

/** A resolve of an earlier occurrence than the one that fires now is late news and changes nothing. */
function resolve(problem: Problem, startsAt: string, at: string): string | undefined {
  if (problem.status === 'resolved' || startsAt < problem.startedAt) return undefined;
  problem.status = 'resolved';
  problem.resolvedAt = at;
  return `${problem.alert} resolved`;
}

/** What this remediation is about; symptoms elsewhere go their own way when it is over and they are not. */
export const ownProblems = ({ problems }: Pick<State, 'problems'>): Problem[] => problems.filter((p) => p.symptomOn === undefined);

export const isAllResolved = (state: State): boolean => ownProblems(state).every((p) => p.status === 'resolved');
