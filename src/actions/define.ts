import type { Static, TObject } from '@sinclair/typebox';
import type { Change } from '../domain/change.js';
import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, ObjectRef, World } from '../domain/kube.js';
import type { Tier, Undo } from '../domain/plan.js';
import type { Cluster } from '../domain/ports.js';
import type { ActionPolicy } from '../domain/policy.js';

/** One Kubernetes verb the action needs beyond reading (actions.md 3.3). RBAC is generated from these. */
export interface Permission {
  group: string;
  resource: string;
  subresource?: string;
  verbs: readonly string[];
  scope: 'namespace' | 'cluster';
  /** RBAC `resourceNames`: the only objects of the resource it is for. */
  names?: readonly string[];
  /** Not needed for the main path (`pods` delete as restart_pod's fallback). */
  isOptional?: boolean;
}

/** What an action may know when it plans or says whether it applies. All recorded, nothing live. */
export interface ActionFacts {
  world: World;
  evidence: Evidence;
  /** Limits from the policy for this action in this namespace (`maxReplicas`, `minAge`, …). */
  limits: ActionPolicy;
  now: string;
  /** Whose write it will be: created objects are named after `hash` (`kb-<hash>-…`), markers carry `id` (actions.md 1.2). */
  action: { id: string; hash: string };
}

export interface Planned {
  /** Absolute, pinned writes. Empty = nothing to do. */
  changes: Change[];
  /** `scale deployment shop/api 2 → 4` */
  summary: string;
  /** Default: the action's tier. Scale-downs are 3, for instance. */
  tier?: Tier;
  /** Default: the inverse of `changes` when the action's undo is exact. */
  undo?: Undo;
  /** Parameters with every symbol made absolute (the pinned revision hash, pod uids): these go into the plan. */
  parameters?: Record<string, unknown>;
  /** Default: the action's. Where the parameters or the object say how long it may take (drain's deadline, progressDeadlineSeconds). */
  timeoutS?: number;
  /** The step is undone by itself this long after it was applied (a debug mode, a temporary policy), seconds. */
  expiresInS?: number;
  /**
   * The row itself names this object (CoreDNS, a mesh's controller): that its namespace is protected does not stand in the way.
   * Only after the plan has found the object on the action's own list.
   */
  actsInProtected?: true;
  /** Why a person must look at it, whatever the policy lets run by itself. */
  needsApproval?: string;
}

export type Progress = { state: 'reached' | 'waiting' | 'failed'; detail: string };

/** For the few actions that must wait between writes (drain). The engine's default: apply each change, then converge. */
export interface ExecuteContext {
  cluster: Cluster;
  actionId: string;
  /** Cancelled when the workflow cancels or the deadline passes. */
  signal: AbortSignal;
  heartbeat(details: unknown): void;
  /** Details of the last heartbeat of an earlier attempt. */
  lastHeartbeat: unknown;
  isDryRun: boolean;
}

export interface ActionDefinition<Id extends string = string, P extends TObject = TObject> {
  id: Id;
  /** One sentence for people, docs and the model. */
  summary: string;
  tier: Tier;
  /** Kinds it acts on. Empty: it acts on no object (notify_only), and the remediation's own target stands in the step. */
  targets: readonly string[];
  /** Closed schema (`additionalProperties: false`) with bounds; includes the locators. */
  params: P;
  /**
   * From checked parameters to the object it acts on. `asked` is what the proposal is about: where parameters name a class
   * of objects (`component: cni`) it says which of them, and only one of that class is taken.
   */
  targetOf(params: Static<P>, asked?: ObjectRef): ObjectRef;
  /** The inverse of `targetOf`: the locator parameters of this object. A model picks a target from a list and never writes these. */
  locate(target: ObjectRef): Record<string, string>;
  /** Parameters that configuration and people may set, a model never (a channel). */
  hiddenFromModel?: readonly string[];
  permissions: readonly Permission[];
  undo: 'exact' | 'partial' | { irreversible: string };
  /** It contains the trouble (cordon, quarantine) rather than ending it: the condition may stay. */
  isContainment?: boolean;
  /** Whole activity including converging. Default 300 s. */
  timeoutS?: number;
  /** A complete, valid set of parameters for the docs and the contract suite. */
  example: Static<P>;
  /** Does it make sense for this object and evidence? The reason is shown to people and models. */
  applies(object: KubeObject, facts: ActionFacts): true | string;
  /** Pure. Throws KubernautError (InvalidParams, PreconditionChanged, …) naming object and next move when its row refuses. */
  plan(object: KubeObject, params: Static<P>, facts: ActionFacts): Planned;
  /** Objects outside the watch cache (an owner's hook in a ConfigMap) that planning needs: read live, one GET each, when the target is enriched. */
  reads?(target: KubeObject, limits: ActionPolicy): ObjectRef[];
  /** Replaces the engine's default. Must be safe to repeat from the start. `params` are the planned (pinned) ones. */
  execute?(changes: readonly Change[], context: ExecuteContext, params: Static<P>): Promise<void>;
  /** Success condition over the cached world, after the write. `params` are the planned (pinned) ones. */
  verify(world: World, params: Static<P>, target: ObjectRef & { uid?: string }, planned: { changes: readonly Change[] }): Progress;
  /** Undoing waits until this holds (the old primary streams again). Not in time: InverseUnavailable, and a person decides. */
  readyToUndo?(world: World, params: Static<P>, target: ObjectRef & { uid?: string }): Progress;
  /** Once it has converged: what the cached world does not show (the checksum of a file, lines in a log). Told in the reply; a throw fails the step. */
  observe?(changes: readonly Change[], context: ExecuteContext, params: Static<P>): Promise<string>;
  /** Non-writing actions (tier 0) do their work here instead and return what to record. */
  run?(params: Static<P>, facts: ActionFacts, context: ExecuteContext): Promise<{ detail: string; artifact?: unknown }>;
}

/** Identity with inference: parameters and id keep their literal types. */
export const defineAction = <const Id extends string, P extends TObject>(definition: ActionDefinition<Id, P>): ActionDefinition<Id, P> => definition;
