import { Value } from '@sinclair/typebox/value';
import type { Planned } from '../actions/define.js';
import type { Action } from '../actions/index.js';
import { invertAll } from '../domain/change.js';
import { KubernautError } from '../domain/errors.js';
import type { Evidence } from '../domain/evidence.js';
import { worldOf, type KubeObject, type ObjectRef, type World } from '../domain/kube.js';
import type { Proposal, Step, Undo } from '../domain/plan.js';
import { policyFor, type Policy } from '../domain/policy.js';
import { placeOf } from '../domain/policy-facts.js';
import type { Registry } from '../domain/registry.js';
import { mostSevere } from '../domain/signal.js';
import { describeTarget, isSameObject, shortHash } from '../domain/target.js';

export interface PlanStepInput {
  proposal: Proposal;
  evidence: Evidence;
  policy: Policy;
  /** Position in the plan, from 0. */
  ordinal: number;
  /** Of the write to come (`actionIdOf`): objects it creates are named after it. */
  actionId: string;
  now: string;
  /** Of an action that says nothing of its own, seconds; beats the process's. */
  defaultTimeoutS?: number;
}

export type PlanStep = (input: PlanStepInput) => Step;

const DEFAULT_TIMEOUT_S = 300;

/**
 * From a proposal to a pinned step, over recorded evidence alone: no cluster in reach, the same input gives the same step.
 * Throws InvalidParams, NotGrounded, TargetReplaced, PreconditionChanged, QuotaExceeded or PolicyDenied, each saying why and what next.
 */
export function createPlanStep(deps: { actions: Registry<Action>; defaultTimeoutS?: number }): PlanStep {
  const worlds = new WeakMap<Evidence, World>();
  const worldFor = (evidence: Evidence): World => {
    const known = worlds.get(evidence) ?? worldOf(evidence.objects);
    worlds.set(evidence, known);
    return known;
  };
  return ({ proposal, evidence, policy, ordinal, actionId, now, defaultTimeoutS }) => {
    const action = actionOf(deps.actions, proposal);
    checkParameters(action, proposal.parameters);
    const world = worldFor(evidence);
    const { ref, object } = ground(action, proposal, world);
    const step = { action: action.id, tier: action.tier, target: { cluster: evidence.target.cluster, ...ref } };
    const limits = policyFor(policy, placeOf(policy, { step, world, severity: mostSevere(evidence.problems.map((p) => p.severity)) }));
    const facts = { world, evidence, limits, now, action: { id: actionId, hash: shortHash(actionId) } };
    const planned = plan(action, object, proposal, facts);
    return {
      ordinal,
      action: action.id,
      target: { cluster: evidence.target.cluster, ...ref, ...(object?.metadata.uid ? { uid: object.metadata.uid } : {}) },
      parameters: planned.parameters ?? proposal.parameters,
      tier: planned.tier ?? action.tier,
      summary: planned.summary,
      reason: proposal.reason,
      changes: planned.changes,
      undo: undoOf(action, planned),
      timeoutS: planned.timeoutS ?? action.timeoutS ?? defaultTimeoutS ?? deps.defaultTimeoutS ?? DEFAULT_TIMEOUT_S,
      ...marksOf(planned),
      isWriting: action.run === undefined,
    };
  };
}

/** What a plan says of its own beyond its writes. Absent members stay absent: steps live in histories. */
const marksOf = ({ expiresInS, actsInProtected, needsApproval }: Planned): Pick<Step, 'expiresInS' | 'actsInProtected' | 'needsApproval'> => ({
  ...(expiresInS === undefined ? {} : { expiresInS }),
  ...(actsInProtected ? { actsInProtected } : {}),
  ...(needsApproval === undefined ? {} : { needsApproval }),
});

function actionOf(actions: Registry<Action>, { action }: Proposal): Action {
  if (!actions.has(action)) throw new KubernautError('InvalidParams', `there is no action ${JSON.stringify(action).slice(0, 80)}; choose one of ${actions.ids.join(', ')}`);
  return actions.get(action);
}

/** Nothing is coerced: a number as a string, an unknown key, a name with a capital letter all end here. */
function checkParameters(action: Action, parameters: Record<string, unknown>): void {
  if (Value.Check(action.params, parameters)) return;
  const first = Value.Errors(action.params, parameters).First();
  const where = first?.path ? `${first.path.slice(1)}: ` : '';
  throw new KubernautError('InvalidParams', `${action.id}: ${where}${first?.message ?? 'the parameters are not an object'}; see \`kubernaut actions ${action.id}\``);
}

/** The object must be one that enrichment read, the parameters must name it, and its uid must be the one that was proposed. */
function ground(action: Action, { target, parameters }: Proposal, world: World): { ref: ObjectRef; object: KubeObject | undefined } {
  if (action.targets.length === 0) return { ref: refFrom(target), object: world.get(target.kind, target.namespace, target.name) };
  const ref = action.targetOf(parameters as never, refFrom(target));
  const at = describeTarget(ref);
  if (!isSameObject(ref, target)) throw new KubernautError('NotGrounded', `${action.id}: the parameters name ${at}, the proposal ${describeTarget(target)}; make them agree`);
  if (!action.targets.includes(ref.kind)) throw new KubernautError('InvalidParams', `${action.id} does not act on ${at}; it acts on ${action.targets.join(', ')}`);
  const object = world.get(ref.kind, ref.namespace, ref.name);
  if (!object) throw new KubernautError('NotGrounded', `${action.id}: ${at} was not read for this remediation; choose a target from the evidence`);
  if (target.uid && object.metadata.uid !== target.uid) throw new KubernautError('TargetReplaced', `${at} was replaced since it was proposed; plan again`);
  return { ref, object };
}

const refFrom = ({ apiVersion, kind, namespace, name }: ObjectRef): ObjectRef => ({ apiVersion, kind, ...(namespace ? { namespace } : {}), name });

function plan(action: Action, object: KubeObject | undefined, proposal: Proposal, facts: Parameters<Action['plan']>[2]): Planned {
  const planned = action.plan(object as KubeObject, proposal.parameters as never, facts);
  // A state that is there already needs no reason to apply.
  if (planned.changes.length === 0 || object === undefined) return planned;
  const applies = action.applies(object, facts);
  if (applies !== true) throw new KubernautError('PreconditionChanged', `${action.id}: ${describeTarget(proposal.target)}: ${applies}`);
  return planned;
}

function undoOf(action: Action, { undo, changes }: Planned): Undo {
  if (undo) return undo;
  if (typeof action.undo === 'object') return { kind: 'none', why: action.undo.irreversible };
  const inverse = invertAll(changes);
  return inverse ? { kind: action.undo, changes: inverse } : { kind: 'none', why: 'a part of it has no inverse' };
}
