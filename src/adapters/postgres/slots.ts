import type { Clock, Store } from '../../domain/ports.js';
import type { Query } from './query.js';

const TAKE = 'select take_action_slot($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as held';
const HAS = 'select 1 from action_slots where id = $1';
const RENEW = 'update action_slots set expires_at = $2 where id = $1';
const FREE = 'update action_slots set is_over = true, expires_at = $2 where id = $1';

/** Longer than any retry of the attempt that freed it. */
const REMEMBERED_MS = 3_600_000;

export const slotMethods = (query: Query, clock: Clock): Pick<Store, 'takeSlot' | 'hasSlot' | 'renewSlot' | 'freeSlot'> => {
  const untilOf = (leaseMs: number): string => new Date(Date.parse(clock.now()) + leaseMs).toISOString();
  return {
    async takeSlot(slot, brakes, { leaseMs, isOngoing }) {
      const [row] = await query<{ held: string | null }>('taking an action slot', TAKE, [
        slot.id, slot.cluster, slot.namespace ?? null, slot.target, slot.nodePool ?? null, clock.now(), untilOf(leaseMs), isOngoing,
        brakes.perCluster, brakes.perNamespace, brakes.perTarget, brakes.perNodePool,
      ]);
      return (row?.held ?? undefined) as Awaited<ReturnType<Store['takeSlot']>>;
    },
    async hasSlot(id) {
      return (await query('looking for an action slot', HAS, [id])).length > 0;
    },
    async renewSlot(id, leaseMs) {
      await query('renewing an action slot', RENEW, [id, untilOf(leaseMs)]);
    },
    async freeSlot(id) {
      await query('freeing an action slot', FREE, [id, untilOf(REMEMBERED_MS)]);
    },
  };
};
