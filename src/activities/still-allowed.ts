import type { Action } from '../actions/index.js';
import { KubernautError } from '../domain/errors.js';
import type { Evidence } from '../domain/evidence.js';
import type { World } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import { policyFor, type Policy } from '../domain/policy.js';
import { placeOf } from '../domain/policy-facts.js';
import type { Clock, Cluster } from '../domain/ports.js';
import type { Registry } from '../domain/registry.js';
import { evaluateSafety } from '../domain/safety/chain.js';
import { beingDeleted } from '../domain/safety/checks/being-deleted.js';
import { optOut } from '../domain/safety/checks/opt-out.js';
import { ownership } from '../domain/safety/checks/ownership.js';
import { protectedTargets } from '../domain/safety/checks/protected.js';
import { storm } from '../domain/safety/checks/switches.js';
import type { AtWrite } from './policy-at-write.js';
import type { Storm } from '../domain/storm.js';
import { describeTarget } from '../domain/target.js';

export interface StillAllowedDeps {
  cluster(name: string): Cluster;
  policy(): Promise<Policy>;
  actions: Registry<Action>;
  clock: Clock;
  /** The storm that holds on a cluster now. */
  storm?(cluster: string): Promise<Storm | undefined>;
  policyAtWrite(asked: AtWrite): Promise<void>;
}

/** What may have come since the plan was checked: marks that somebody set, and a storm. The policy is asked beside them. */
const MARKS = { opt_out: optOut, being_deleted: beingDeleted, ownership, protected: protectedTargets, storm };

/**
 * Asked right before the first write: an approval is for the plan, not against an opt-out, an owner, a pause or a storm that came
 * after it. Throws `PolicyDenied` (marked since, or a storm) or `PreconditionChanged` (the action no longer applies: plan again).
 */
export function createStillAllowed({ cluster, policy, actions, clock, storm: stormOn, policyAtWrite }: StillAllowedDeps) {
  return async (step: Step): Promise<void> => {
    const live = cluster(step.target.cluster);
    const current = await policy();
    const facts = { ...factsOf(step, live.world(), current), storm: await stormOn?.(step.target.cluster) };
    const { findings } = evaluateSafety({ ...facts, now: clock.now() }, MARKS);
    const denied = findings.filter((f) => f.severity === 'deny');
    if (denied.length > 0) throw new KubernautError('PolicyDenied', denied.map((f) => f.message).join('; '));
    await policyAtWrite({ step, world: live.world(), policy: current, now: clock.now() });
    assertApplies(actions.get(step.action), step, live, current, clock.now());
  };
}

const factsOf = (step: Step, world: World, policy: Policy) => ({
  target: step.target,
  step,
  world,
  problems: [],
  history: [],
  policy,
  scope: policyFor(policy, placeOf(policy, { step, world, severity: severityOf(step) })),
  groundedUids: new Set<string>(),
  source: 'rules' as const,
  confidence: 1,
});

/** Steps of earlier versions do not say it; it plays no part in the marks. */
const severityOf = (step: Step) => step.basis?.severity ?? ('warning' as const);

function assertApplies(action: Action, step: Step, live: Pick<Cluster, 'world' | 'apis'>, policy: Policy, now: string): void {
  const world = live.world();
  const object = world.get(step.target.kind, step.target.namespace, step.target.name);
  if (!object || step.changes.length === 0) return;
  const evidence: Evidence = { takenAt: now, target: step.target, object, objects: [], events: [], logs: [], problems: [], history: [], similar: [], missing: [], apis: live.apis?.() ?? [] };
  const whose = { id: '', hash: '' }; // nothing is planned here
  const applies = action.applies(object, { world, evidence, limits: policyFor(policy, placeOf(policy, { step, world, severity: severityOf(step) })), now, action: whose });
  if (applies !== true) throw new KubernautError('PreconditionChanged', `${step.action}: ${describeTarget(step.target)}: ${applies}`);
}
