import type { Step } from '../domain/plan.js';
import type { Policy } from '../domain/policy.js';
import { policyFactsOf, type PolicyReading } from '../domain/policy-facts.js';
import type { Clock, Cluster } from '../domain/ports.js';
import type { Hold } from './contract.js';

export interface HoldOfDeps {
  cluster(name: string): Pick<Cluster, 'world'>;
  policy(): Promise<Policy>;
  reading: PolicyReading;
  clock: Clock;
}

/** What a plan has to wait for by the policy as it is now; of several steps the longest. None: it is decided anew, which says why. */
export function createHoldOf({ cluster, policy, reading, clock }: HoldOfDeps) {
  return async ({ steps }: { steps: Step[] }): Promise<{ hold?: Hold }> => {
    const current = await policy();
    const now = clock.now();
    const holds = steps.flatMap((step): Hold[] => {
      if (!step.basis) return [];
      const { hold } = policyFactsOf({ policy: current, reading, step, world: cluster(step.target.cluster).world(), basis: step.basis, now });
      return hold?.effect === 'wait' && hold.until !== undefined ? [{ until: hold.until, rule: hold.rule, message: hold.message, canOverride: hold.canOverride }] : [];
    });
    const [longest] = holds.sort((a, b) => (a.until < b.until ? 1 : -1));
    return longest ? { hold: longest } : {};
  };
}
