import type { Template } from '../contracts/template.js';
import { arrange, type Candidate, type CandidateStep } from '../domain/arrange.js';
import { durationMs } from '../domain/duration.js';
import { isKubernautError } from '../domain/errors.js';
import type { Evidence } from '../domain/evidence.js';
import { worldOf, type ObjectRef, type World } from '../domain/kube.js';
import { planHash, type Finding, type Plan, type Proposal, type SafetyFinding, type Step, type Verdict } from '../domain/plan.js';
import { policyFor, type Policy } from '../domain/policy.js';
import type { Clock, Cluster, Store } from '../domain/ports.js';
import { rank, type Ranking } from '../domain/ranking.js';
import type { Outcome } from '../domain/remediation.js';
import { evaluateSafety } from '../domain/safety/chain.js';
import type { Storm } from '../domain/storm.js';
import { actionIdOf, namespaceOf, workflowIdOf } from '../domain/target.js';
import { baselineOf } from './assess.js';
import type { Analysis, PlanAnswer, PlanRequest } from './contract.js';
import type { PlanStep } from './plan-step.js';

export interface PlanDeps {
  cluster(name: string): Cluster;
  store: Store;
  /** The policy in force now, kill switch included. */
  policy(): Promise<Policy>;
  /** The storm that holds on a cluster now; asked once per plan. */
  storm?(cluster: string): Promise<Storm | undefined>;
  clock: Clock;
  planStep: PlanStep;
  /** Throws `Forbidden` when RBAC lacks a verb that the step or its undo will need. */
  assertPermitted?(cluster: Cluster, step: Step): Promise<void>;
  /** The most any action may take here, seconds (`actions.cap`). */
  maxActionS: number;
  /** Arrangements of actions. Default: none, every proposal is a plan of its own. */
  templates?: readonly Template[];
  /** Locator parameters of an object for an action, or undefined when it does not act on that kind. */
  locate?(action: string, ref: ObjectRef): Record<string, string> | undefined;
}

const DAY_MS = 86_400_000;

/** A candidate that cannot run, and why: told to people, and the reason for the outcome when none is left. */
interface Refusal {
  proposal: Proposal;
  reason: string;
  findings: SafetyFinding[];
}

/**
 * Plan and validate: ranks what analyzers and model propose, makes the first one that is possible absolute, proves it
 * by the safety chain and a server-side dry run. Writes nothing.
 */
export function createMakePlan(deps: PlanDeps) {
  return async (request: PlanRequest): Promise<PlanAnswer> => {
    const evidence = (await deps.store.getArtifact(request.evidenceRef)) as Evidence;
    const world = worldOf(evidence.objects);
    const policy = await deps.policy();
    const storm = await deps.storm?.(request.target.cluster);
    const ranking = rank(request.findings, request.proposals);
    const analysis = analysisOf(ranking, request.findings);
    const candidates = arrange({
      candidates: ranking.candidates, cause: ranking.cause, templates: deps.templates ?? [], target: request.target, locate: deps.locate ?? nowhere,
      ...(request.template ? { chosen: request.template } : {}),
    }).filter((c) => !request.tried.includes(c.key));
    const refusals: Refusal[] = [];
    for (const candidate of candidates) {
      const considering = { request, evidence, world, policy, storm, candidate };
      const considered = await consider(deps, considering);
      if ('steps' in considered) return answer(deps, { ...considering, analysis, refusals }, considered);
      refusals.push(considered);
    }
    return candidates.length === 0 ? nothingToDo(ranking, request, analysis) : allRefused(refusals, analysis);
  };
}

const nowhere = () => undefined;

interface Considering {
  request: PlanRequest;
  evidence: Evidence;
  world: World;
  policy: Policy;
  storm: Storm | undefined;
  candidate: Candidate;
}

interface Possible {
  steps: Step[];
  verdict: Verdict;
}

/** A candidate is possible when every step of it is; an optional one that is not is left out, and nothing waits for it. */
async function consider(deps: PlanDeps, c: Considering): Promise<Possible | Refusal> {
  const possible: { step: Step; findings: SafetyFinding[] }[] = [];
  for (const part of c.candidate.steps) {
    const considered = await considerStep(deps, c, part);
    if ('step' in considered) possible.push(considered);
    else if (!part.isOptional) return considered;
  }
  const kept = new Set(possible.map(({ step }) => step.ordinal));
  const findings = distinct(possible.flatMap((p) => p.findings));
  const decision = findings.some((f) => f.severity === 'deny') ? 'deny' : findings.some((f) => f.severity === 'ask') ? 'ask' : 'allow';
  return { steps: possible.map(({ step }) => ({ ...step, ...(step.needs ? { needs: step.needs.filter((n) => kept.has(n)) } : {}) })), verdict: { decision, findings } };
}

const distinct = (findings: readonly SafetyFinding[]): SafetyFinding[] =>
  findings.filter((f, i) => findings.findIndex((g) => g.check === f.check && g.reason === f.reason && g.message === f.message) === i);

async function considerStep(deps: PlanDeps, c: Considering, { proposal, ordinal, needs, isOptional }: CandidateStep): Promise<{ step: Step; findings: SafetyFinding[] } | Refusal> {
  const refused = (reason: string, findings: SafetyFinding[] = []): Refusal => ({ proposal, reason, findings });
  try {
    const planned = deps.planStep({ proposal, evidence: c.evidence, policy: c.policy, ordinal, actionId: idOf(c.request, ordinal), now: deps.clock.now() });
    const step: Step = {
      ...planned,
      ...(needs.length > 0 ? { needs } : {}),
      ...(isOptional ? { isOptional } : {}),
      isWitnessed: proposal.source !== 'model',
      timeoutS: Math.min(planned.timeoutS, Math.max(deps.maxActionS, Number(planned.parameters.deadlineS ?? 0))),
    };
    const { findings } = await judge(deps, c, step, proposal);
    const blocking = findings.filter((f) => f.severity === 'deny' && f.reason !== 'autonomy_observe');
    if (blocking.length > 0) return refused(blocking.map((f) => f.message).join('; '), blocking);
    if (modeOf(c, step) === 'act') await dryRun(deps, c, step);
    return { step, findings };
  } catch (error) {
    if (isKubernautError(error) && !error.isRetryable) return refused(error.message);
    throw error;
  }
}

async function judge(deps: PlanDeps, c: Considering, step: Step, proposal: Proposal): Promise<Verdict> {
  const now = deps.clock.now();
  return evaluateSafety({
    now,
    target: c.request.target,
    step,
    world: c.world,
    problems: c.request.problems,
    history: await deps.store.pastActions(step.target, new Date(Date.parse(now) - DAY_MS).toISOString()),
    policy: c.policy,
    scope: policyFor(c.policy, { ...where(step), severity: c.request.severity }),
    groundedUids: new Set(c.evidence.objects.map((o) => o.metadata.uid ?? '')),
    source: proposal.source,
    confidence: proposal.confidence,
    ...(c.storm ? { storm: c.storm } : {}),
  });
}

/** As the workflow will number it. */
const idOf = ({ remediationId, target, rung }: PlanRequest, ordinal: number): string => actionIdOf(remediationId, workflowIdOf(target), rung * 100 + ordinal);

const where = (step: Step) => ({ namespace: namespaceOf(step.target), action: step.action });

function modeOf({ policy, request }: Pick<Considering, 'policy' | 'request'>, step: Step): 'act' | 'observe' | 'suggest' {
  const { autonomy } = policyFor(policy, { ...where(step), severity: request.severity });
  if (!step.isWriting) return 'act';
  if (policy.dryRun || autonomy === 'observe') return 'observe';
  return autonomy === 'suggest' ? 'suggest' : 'act';
}

/** The exact write, refused or accepted by the API server's own admission, without being done. */
async function dryRun(deps: PlanDeps, { request }: Considering, step: Step): Promise<void> {
  const cluster = deps.cluster(request.target.cluster);
  const actionId = idOf(request, step.ordinal);
  await deps.assertPermitted?.(cluster, step);
  for (const change of step.changes) {
    await cluster.apply(change, { actionId, isDryRun: true }).catch((error: unknown) => {
      // A budget that is used up now is waited for when the eviction is due.
      if (!isKubernautError(error, 'PdbBlocked')) throw error;
    });
  }
}

function answer(deps: PlanDeps, c: Considering & { analysis: Analysis; refusals: Refusal[] }, { steps, verdict }: Possible): PlanAnswer {
  const { template, source, confidence, key } = c.candidate;
  const plan: Plan = { hash: planHash(steps), steps, ...(template ? { template } : {}), source, confidence, madeAt: deps.clock.now() };
  // Only what an analyzer saw in the state can be seen to be gone from it.
  const isVisible = c.request.findings.some((f) => f.conclusion === undefined || f.conclusion === 'needs_person');
  const waits = steps.map((step) => durationMs(policyFor(c.policy, { ...where(step), severity: c.request.severity }).approvalTimeout));
  return {
    kind: 'plan',
    plan,
    verdict,
    analysis: { ...c.analysis, confidence, source },
    baseline: baselineOf(c.world, c.evidence, isVisible, c.analysis.cause),
    approvalTimeoutMs: Math.min(...waits),
    mode: strictest(steps.map((step) => modeOf(c, step))),
    key,
    passedOver: c.refusals.map((r) => ({ action: r.proposal.action, reason: r.reason })),
  };
}

const strictest = (modes: readonly ('act' | 'observe' | 'suggest')[]): 'act' | 'observe' | 'suggest' =>
  modes.includes('observe') ? 'observe' : modes.includes('suggest') ? 'suggest' : 'act';

function analysisOf(ranking: Ranking, findings: readonly Finding[]): Analysis {
  const edit = findings.find((f) => f.edit !== undefined)?.edit;
  const best = ranking.candidates[0];
  return {
    source: best?.source ?? 'rules',
    cause: ranking.cause,
    confidence: best?.confidence ?? findings[0]?.confidence ?? 0,
    reasoning: ranking.reasoning,
    ...(edit ? { edit } : {}),
  };
}

const OUTCOME_OF: Record<NonNullable<Ranking['conclusion']>, Outcome> = {
  no_action_needed: 'no_action_needed',
  already_resolved: 'already_resolved',
  inconclusive: 'inconclusive',
  needs_person: 'notified',
};

function nothingToDo(ranking: Ranking, request: PlanRequest, analysis: Analysis): PlanAnswer {
  if (ranking.cause === 'in_progress') return { kind: 'wait', reason: ranking.reasoning, analysis };
  if (request.tried.length > 0) return { kind: 'conclude', outcome: 'notified', reason: 'no other candidate is left', analysis };
  const outcome = ranking.conclusion ? OUTCOME_OF[ranking.conclusion] : 'inconclusive';
  return { kind: 'conclude', outcome, reason: ranking.reasoning || 'no analyzer recognises this, and no model was asked', analysis };
}

/** Guards (cooldown, oscillation, rate) need a person; policy denies; what a row refuses is told. */
function allRefused(refusals: Refusal[], analysis: Analysis): PlanAnswer {
  const findings = refusals.flatMap((r) => r.findings);
  const verdict: Verdict = { decision: 'deny', findings };
  const reason = refusals.map((r) => `${r.proposal.action}: ${r.reason}`).join('; ').slice(0, 1000);
  if (findings.some((f) => f.escalates)) return { kind: 'conclude', outcome: 'escalated', reason, analysis, verdict };
  if (findings.length > 0) return { kind: 'conclude', outcome: 'denied', reason, analysis, verdict };
  return { kind: 'conclude', outcome: 'notified', reason, analysis, verdict: { decision: 'deny', findings: [] } };
}
