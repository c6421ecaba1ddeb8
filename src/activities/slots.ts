import { Context } from '@temporalio/activity';
import { brakeText, type Brakes, type Slot } from '../domain/brakes.js';
import { KubernautError } from '../domain/errors.js';
import type { Step } from '../domain/plan.js';
import type { Store } from '../domain/ports.js';
import { namespaceOf } from '../domain/target.js';

/** Longer than any delay between two attempts, short enough that a dead worker does not hold others up for long. */
const LEASE_MS = 60_000;
const RENEW_MS = 15_000;
const LONGEST_WAIT_MS = 15_000;

/** A slot that is held: renewed until it is freed (the action is over) or left (it is tried again within the lease). */
export interface HeldSlot {
  free(): Promise<void>;
  leave(): void;
}

export interface SlotDeps {
  store: Pick<Store, 'takeSlot' | 'renewSlot' | 'freeSlot'>;
  brakes: Brakes;
  /** The pool of the node a step acts on; undefined for everything else. */
  nodePoolOf(step: Step): string | undefined;
  /** The longest pause before it asks again. Default 15 s. */
  longestWaitMs?: number;
}

/**
 * The brakes of actions.md 1.5: at most so many actions under way at once. Waiting is Temporal's: `Busy` is retried, a
 * little later each time. One that wrote already (`isOngoing`) always gets its slot back: it must finish or be undone.
 */
export const createTakeSlot = ({ store, brakes, nodePoolOf, longestWaitMs = LONGEST_WAIT_MS }: SlotDeps) =>
  async (step: Step, actionId: string, isOngoing: boolean): Promise<HeldSlot> => {
    const slot = slotOf(step, actionId, nodePoolOf(step));
    const brake = await store.takeSlot(slot, brakes, { leaseMs: LEASE_MS, isOngoing });
    if (brake) {
      const retryAfterMs = Math.min(longestWaitMs, 1000 * 1.5 ** (Context.current().info.attempt - 1));
      throw new KubernautError('Busy', { message: `${step.summary} waits: ${brakeText[brake](brakes[brake], slot)}`, retryAfterMs: Math.round(retryAfterMs) });
    }
    // A renewal that fails is tried again by the next one, well within the lease.
    const timer = setInterval(() => void store.renewSlot(actionId, LEASE_MS).catch(() => undefined), RENEW_MS);
    return {
      leave: () => clearInterval(timer),
      async free() {
        clearInterval(timer);
        await store.freeSlot(actionId).catch(() => undefined); // the lease ends it
      },
    };
  };

const slotOf = (step: Step, id: string, nodePool: string | undefined): Slot => {
  const namespace = namespaceOf(step.target);
  return {
    id,
    cluster: step.target.cluster,
    ...(namespace ? { namespace } : {}),
    target: `${step.target.kind}/${namespace ?? '-'}/${step.target.name}`,
    ...(nodePool === undefined ? {} : { nodePool }),
  };
};
