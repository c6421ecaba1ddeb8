import type { Template } from '../contracts/template.js';
import type { Evidence } from '../domain/evidence.js';
import type { Policy } from '../domain/policy.js';
import type { PolicyReading } from '../domain/policy-facts.js';
import type { Clock, Store } from '../domain/ports.js';
import type { Storm } from '../domain/storm.js';
import type { PlanAnswer, PlanRequest } from './contract.js';
import type { PlanStep } from './plan-step.js';
import type { Locate } from './planning/candidates.js';
import { createDecide, type Decide } from './planning/decide.js';
import { factsFor, measuredOf, type Outside } from './planning/gather.js';
import type { DecisionInput } from './planning/input.js';
import { createKeepDecision, redactedRequest } from './planning/record.js';

export interface PlanDeps extends Outside {
  store: Store;
  /** The policy in force now, kill switch included. */
  policy(): Promise<Policy>;
  /** The storm that holds on a cluster now; asked once per plan. */
  storm?(cluster: string): Promise<Storm | undefined>;
  clock: Clock;
  planStep: PlanStep;
  /** Expressions and calendars of the policy. */
  reading: PolicyReading;
  /** The most any action may take here, seconds (`actions.cap`). */
  maxActionS: number;
  /** What an action takes that says nothing of its own, seconds (`actions.timeout`). */
  defaultActionS?: number;
  /** Arrangements of actions. Default: none, every proposal is a plan of its own. */
  templates?: readonly Template[];
  /** Locator parameters of an object for an action, or undefined when it does not act on that kind. */
  locate?: Locate;
}

/** A decision that wants facts more often than this turns in circles. Each candidate wants at most twice, for each of its steps. */
const MOST_ROUNDS = 50;

/**
 * Plan and validate: gathers what a decision reads, decides (planning/decide.ts, pure), keeps both as an artifact. Writes
 * nothing to the cluster. Throws StoreUnavailable, or a retryable error of the cluster.
 */
export function createMakePlan(deps: PlanDeps) {
  const decide = createDecide(deps);
  const keep = createKeepDecision(deps.store);
  const templates = deps.templates ?? [];
  return async (request: PlanRequest): Promise<PlanAnswer> => {
    const { input, answer } = await decided(deps, decide, await gathered(deps, templates, request));
    return request.isThought ? answer : { ...answer, decisionRef: await keep(input, answer) };
  };
}

async function gathered(deps: PlanDeps, templates: readonly Template[], given: PlanRequest): Promise<DecisionInput> {
  const { maxActionS, defaultActionS } = deps;
  const request = redactedRequest(given);
  const now = deps.clock.now();
  const [evidence, policy, storm, measured] = await Promise.all([
    deps.store.getArtifact(request.evidenceRef) as Promise<Evidence>, deps.policy(), deps.storm?.(request.target.cluster), measuredOf(deps, request, now),
  ]);
  return {
    now, request, evidence, policy, ...(storm ? { storm } : {}), templates, measured,
    limits: { maxActionS, ...(defaultActionS === undefined ? {} : { defaultActionS }) },
    facts: { past: {}, trials: {}, ...(request.isThought ? { isUntried: true } : {}) },
  };
}

async function decided(deps: PlanDeps, decide: Decide, input: DecisionInput, round = 0): Promise<{ input: DecisionInput; answer: PlanAnswer }> {
  const result = decide(input);
  if ('answer' in result) return { input, answer: result.answer };
  if (round >= MOST_ROUNDS) throw new Error(`a decision about ${input.request.remediationId} wants facts without end`);
  const { past, trials, asked } = await factsFor(deps, input, result.wants);
  const facts = { ...input.facts, past: { ...input.facts.past, ...past }, trials: { ...input.facts.trials, ...trials }, ...(asked ? { asked: { ...input.facts.asked, ...asked } } : {}) };
  return decided(deps, decide, { ...input, facts }, round + 1);
}
