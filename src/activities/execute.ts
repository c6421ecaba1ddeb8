import { Context } from '@temporalio/activity';
import type { Action, ActionId } from '../actions/index.js';
import type { ExecuteContext } from '../actions/define.js';
import type { Change } from '../domain/change.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { Step } from '../domain/plan.js';
import type { ActionPolicy } from '../domain/policy.js';
import type { ChangeOutcome, Clock, Cluster } from '../domain/ports.js';
import { redactObject } from '../domain/redact-object.js';
import type { Registry } from '../domain/registry.js';
import { shortHash } from '../domain/target.js';
import type { StepReply, StepRequest } from './contract.js';
import { converge, settle, untilReadyToUndo } from './converge.js';
import { deadlineIn } from './deadline.js';
import { keepAlive, type Pulse } from './pulse.js';
import type { HeldSlot } from './slots.js';

export interface ExecuteDeps {
  cluster(name: string): Cluster;
  actions: Registry<Action>;
  clock: Clock;
  /** The brakes (`createTakeSlot`): taken before the first write of an `apply`, held until it is over. Throws `Busy`. An undo never waits. */
  takeSlot?(step: Step, actionId: string, isOngoing: boolean): Promise<HeldSlot>;
  /** Did an earlier attempt of this action come as far as its slot? One that only waited (`Busy`) wrote nothing. Default: yes. */
  hadSlot?(actionId: string): Promise<boolean>;
  /** The kill switch, asked right before every write of an `apply`: throws `Paused`. An undo is never stopped by it. */
  assertNotPaused?(step: Step): Promise<void> | void;
  /** C12, asked at the same moment: throws `AlreadyRemediated` when the occurrences were resolved meanwhile. */
  assertStillFiring?(problems: StepRequest['problems']): Promise<void> | void;
  /** Asked after the others: throws when somebody marked the object since (`PolicyDenied`) or it is well by itself (`AlreadyRemediated`). */
  assertStillNeeded?(step: Step): Promise<void> | void;
  /** Keeps what a reading action collected (redacted here) under the action's key, so that a repeat replaces it; the reference goes into the reply. */
  keepArtifact?(artifact: unknown, key: string): Promise<string>;
  /** How long an undo waits for health before it reports without it. Default 10 s. */
  settleMs?: number;
}

export type ExecuteInput = Omit<StepRequest, 'problems'> & Partial<Pick<StepRequest, 'problems'>>;
export type ActionActivities = Record<ActionId, (input: ExecuteInput) => Promise<StepReply>>;

/** A deadline of ours must come before the server's timeout: that one would be retried, and nobody would know why it failed. */
const MARGIN_MS = 5000;
/** What an undo restores may have been broken all along: health is worth a look, not a long wait. */
const SETTLE_MS = 10_000;

/**
 * One activity per action, named by its id. Safe to repeat at any point: each write is re-read and compared by the cluster first.
 * Throws KubernautError: retryable ones (PdbBlocked, K8sThrottled, ConflictTransient, …) for Temporal to try again,
 * `ConvergeFailed` when the write took hold but the object did not get there.
 */
export function createExecute(deps: ExecuteDeps): ActionActivities {
  const entries = deps.actions.members.map((action) => [action.id, (input: ExecuteInput) => execute(deps, action, input)]);
  return Object.fromEntries(entries) as ActionActivities;
}

async function execute(deps: ExecuteDeps, action: Action, input: ExecuteInput): Promise<StepReply> {
  const { step } = input;
  const late = new KubernautError('ConvergeFailed', `${step.summary}: not done within ${step.timeoutS} s`);
  const deadline = deadlineIn(Math.max(1000, step.timeoutS * 1000 - MARGIN_MS), late);
  const signal = AbortSignal.any([Context.current().cancellationSignal, deadline.signal]);
  const pulse = keepAlive();
  try {
    const context: ExecuteContext = {
      cluster: deps.cluster(step.target.cluster),
      actionId: input.actionId,
      signal,
      heartbeat: (details) => pulse.keep(details),
      lastHeartbeat: pulse.previous?.own,
      isDryRun: false,
    };
    if (action.run) return await read(deps, action, step, context);
    return input.mode === 'undo' ? await undo(action, step, context, deps.settleMs ?? SETTLE_MS) : await apply(deps, action, input, context, pulse);
  } catch (error) {
    throw withPace(error);
  } finally {
    pulse.stop();
    deadline.clear();
  }
}

async function apply(deps: ExecuteDeps, action: Action, input: ExecuteInput, context: ExecuteContext, pulse: Pulse): Promise<StepReply> {
  const slot = slotFor(deps, input);
  try {
    if (pulse.previous?.hasWritten) await slot.take(true);
    const reply = await applyWithin(deps, action, input, { context, pulse, takeSlot: () => slot.take(false) });
    await slot.free();
    return reply;
  } catch (error) {
    // What is tried again keeps its place: another action in between would be one too many.
    if (isKubernautError(error) && error.isRetryable) slot.leave();
    else await slot.free();
    throw error;
  }
}

function slotFor(deps: ExecuteDeps, { step, actionId }: ExecuteInput) {
  let taking: Promise<HeldSlot> | undefined;
  let held: HeldSlot | undefined;
  return {
    /** Several first writes may come at once (a drain): one slot is taken for all of them. */
    async take(isOngoing: boolean): Promise<void> {
      taking ??= deps.takeSlot?.(step, actionId, isOngoing);
      held = await taking;
    },
    free: async () => held?.free(),
    leave: () => held?.leave(),
  };
}

interface Within {
  context: ExecuteContext;
  pulse: Pulse;
  takeSlot(): Promise<void>;
}

async function applyWithin(deps: ExecuteDeps, action: Action, { step, problems }: ExecuteInput, { context, pulse, takeSlot }: Within): Promise<StepReply> {
  // What was begun must be finished or undone: after the first write only the kill switch is asked, which leads to the undo.
  const written = { ever: pulse.previous?.hasWritten === true };
  const isRetry = Context.current().info.attempt > 1 && ((await deps.hadSlot?.(context.actionId)) ?? true);
  const watching = watched(context, {
    isRepeat: isRetry,
    async beforeWrite() {
      if (written.ever) return deps.assertNotPaused?.(step);
      await takeSlot();
      await deps.assertNotPaused?.(step);
      if (problems?.length) await deps.assertStillFiring?.(problems);
      await deps.assertStillNeeded?.(step);
    },
    after(status) {
      if (status === 'applied') pulse.noteWrite();
      // Found done by a second attempt: the first one wrote it and died before it could say so.
      written.ever ||= status === 'applied' || isRetry;
    },
  });
  if (action.execute) await action.execute(step.changes, watching, step.parameters as never);
  else await write(step.changes, watching, false);
  const reached = await converge(action, step, context);
  const observed = await action.observe?.(step.changes, context, step.parameters as never);
  return { status: written.ever ? 'applied' : 'already_applied', detail: observed ? `${reached}; ${observed}` : reached };
}

/** The same context, asking right before a write and told after it. */
const watched = (context: ExecuteContext, on: { isRepeat: boolean; beforeWrite(): Promise<void>; after(status: ChangeOutcome['status']): void }): ExecuteContext => ({
  ...context,
  cluster: {
    ...context.cluster,
    apply: async (change, options) => {
      const outcome = await context.cluster.apply(change, { ...options, ...(on.isRepeat ? { isRepeat: true } : {}), beforeWrite: on.beforeWrite });
      on.after(outcome.status);
      return outcome;
    },
  },
});

async function write(changes: readonly Change[], { cluster, actionId, signal }: ExecuteContext, isUndo: boolean): Promise<boolean> {
  let hasWritten = false;
  for (const change of changes) {
    signal.throwIfAborted();
    const outcome = await cluster.apply(change, { actionId, isUndo });
    hasWritten ||= outcome.status === 'applied';
  }
  return hasWritten;
}

async function undo(action: Action, step: Step, context: ExecuteContext, settleMs: number): Promise<StepReply> {
  if (step.undo.kind === 'none') throw new KubernautError('InverseUnavailable', `${step.summary} cannot be undone: ${step.undo.why}`);
  if (action.readyToUndo) await untilReadyToUndo(action, step, context);
  // As above: what a second attempt finds done, the first one did.
  const hasWritten = (await write(step.undo.changes, context, true)) || Context.current().info.attempt > 1;
  return { status: hasWritten ? 'applied' : 'already_applied', detail: await settle(step.undo.changes, context, settleMs) };
}

/** Actions that only read do their work over the world as it is now. */
async function read(deps: ExecuteDeps, action: Action, step: Step, context: ExecuteContext): Promise<StepReply> {
  const now = deps.clock.now();
  const world = context.cluster.world();
  const evidence = { takenAt: now, target: step.target, objects: [], events: [], logs: [], problems: [], history: [], similar: [], missing: [], apis: context.cluster.apis?.() ?? [] };
  const limits: ActionPolicy = {};
  const whose = { id: context.actionId, hash: shortHash(context.actionId) };
  const { detail, artifact } = await action.run!(step.parameters, { world, evidence, limits, now, action: whose }, context);
  const ref = artifact === undefined ? undefined : await deps.keepArtifact?.(redactObject(artifact), `action:${whose.hash}`);
  return { status: 'applied', detail: ref ? `${detail} (${ref})` : detail };
}

/** A budget frees up in its own time: ask every five seconds instead of backing off to minutes (actions.md 1.6). */
const PDB_STEP_MS = 5000;

function withPace(error: unknown): unknown {
  if (!isKubernautError(error, 'PdbBlocked') || error.details.retryAfterMs !== undefined) return error;
  return new KubernautError('PdbBlocked', { ...error.details, retryAfterMs: PDB_STEP_MS }, error);
}
