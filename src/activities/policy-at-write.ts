import { KubernautError } from '../domain/errors.js';
import type { World } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import { policyFor, type Policy } from '../domain/policy.js';
import { mustAsk, placeOf, policyFactsOf, type PolicyBasis, type PolicyFacts, type PolicyReading } from '../domain/policy-facts.js';
import { evaluateSafety } from '../domain/safety/chain.js';
import { CHECKS } from '../domain/safety/checks/index.js';
import type { SafetyFacts } from '../domain/safety/facts.js';
import { stricterSince } from '../domain/safety/policy-decisions.js';
import { answersFor, type Answering } from './policy-answers.js';

export interface PolicyAtWriteDeps extends Answering {
  reading: PolicyReading;
}

/** All that asks the policy. The kill switch has a voice of its own (assert-not-paused.ts). */
const ASKED = ['autonomy', 'enabled', 'protected', 'protected_objects', 'policy_rules', 'policy_server', 'windows', 'disruption_limit'];
const POLICY = Object.fromEntries(ASKED.map((name) => [name, CHECKS[name]!]));

export interface AtWrite {
  step: Step;
  world: World;
  policy: Policy;
  /** RFC 3339 */
  now: string;
}

/**
 * The policy, asked the same again with the world as it is now. What was asked for when the step was planned has been answered;
 * what has become forbidden since throws `PolicyDenied`, what asks or has to wait since throws `PreconditionChanged`: plan again.
 */
export function createPolicyAtWrite(deps: PolicyAtWriteDeps) {
  return async ({ step, world, policy, now }: AtWrite): Promise<void> => {
    const { basis } = step;
    if (!basis || !step.isWriting) return;
    const facts = await factsOf(deps, { step, world, policy, now }, basis);
    const { findings } = evaluateSafety(facts, POLICY);
    const since = stricterSince(basis.asks, findings);
    const denied = since.filter((f) => f.severity === 'deny');
    if (denied.length > 0) throw new KubernautError('PolicyDenied', denied.map((f) => f.message).join('; '));
    const { hold } = facts.policyFacts ?? {};
    if (hold?.effect === 'wait') throw new KubernautError('PreconditionChanged', `${hold.message} since it was planned; plan again`);
    if (since.length > 0) throw new KubernautError('PreconditionChanged', `the policy asks since it was planned: ${since.map((f) => f.message).join('; ')}; plan again`);
  };
}

async function factsOf(deps: PolicyAtWriteDeps, { step, world, policy, now }: AtWrite, basis: PolicyBasis): Promise<SafetyFacts> {
  const own = policyFactsOf({ policy, reading: deps.reading, step, world, basis, now });
  const answers = mustAsk(policy, step) ? await answersFor(deps, { policy, step, view: own.view, remediationId: basis.remediationId, now }) : {};
  const policyFacts: PolicyFacts = { ...own, ...answers };
  return {
    now, step, world, policy, policyFacts,
    target: step.target,
    problems: [],
    history: [],
    scope: policyFor(policy, placeOf(policy, { step, world, severity: basis.severity })),
    groundedUids: new Set<string>(),
    source: basis.source,
    confidence: basis.confidence,
  };
}
